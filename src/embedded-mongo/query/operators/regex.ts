import { type BSONSymbol } from 'bson';

import { BSON_TYPE, regexParts, typeNumber } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { type Predicate } from '../predicate.js';
import { findCatastrophe } from './regex-guard.js';

/** PCRE's own limit in MongoDB. */
const MAX_PATTERN_LENGTH = 32_764;

const invalid = (reason: string): MongoError => new MongoError(51091, `Regular expression is invalid: ${reason}`);

const compiled = new Map<string, RegExp>();

/**
 * Compiles a MongoDB (PCRE) pattern to a JS RegExp. Options: i, m, s, x and u (ignored: text is Unicode anyway).
 * Throws 51091 for patterns that are invalid, too long or able to backtrack exponentially, 51108 for unknown flags,
 * 51109 for a null byte.
 */
export function compileRegex(pattern: string, options: string): RegExp {
  const key = `${options}/${pattern}`;
  const known = compiled.get(key);
  if (known) return known;
  const regex = buildRegex(pattern, options);
  if (compiled.size >= 500) compiled.clear();
  compiled.set(key, regex);
  return regex;
}

function buildRegex(pattern: string, options: string): RegExp {
  if (pattern.includes('\0') || options.includes('\0')) {
    throw new MongoError(51109, 'Regular expression cannot contain an embedded null byte');
  }
  if (pattern.length > MAX_PATTERN_LENGTH) throw invalid('regular expression is too large');
  const flags = new Set<string>();
  for (const option of options) {
    if (!'imsxu'.includes(option)) throw new MongoError(51108, `invalid flag in regex options: ${option}`);
    flags.add(option);
  }
  const source = toJsSource(pattern, flags);
  const reason = findCatastrophe(source);
  if (reason) throw invalid(reason);
  const jsFlags = [...flags].filter((flag) => 'ims'.includes(flag)).join('');
  try {
    return new RegExp(source, jsFlags + (needsUnicodeMode(source) ? 'u' : ''));
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid(error.message);
    throw error;
  }
}

// Unicode mode refuses escapes PCRE allows (`\_`), so it is only used where it changes the meaning.
const needsUnicodeMode = (source: string): boolean => /\\[pP]\{|\\u\{|[\ud800-\udfff]/.test(source);

/** Rewrites the PCRE constructs clients really use; moves leading inline flags such as `(?i)` into `flags`. */
function toJsSource(pattern: string, flags: Set<string>): string {
  let source = pattern.replace(/^\(\?([imsx]+)\)/, (_match, inline: string) => {
    for (const flag of inline) flags.add(flag);
    return '';
  });
  source = source.replace(/\\Q([\s\S]*?)(?:\\E|$)/g, (_match, literal: string) => escapeRegex(literal));
  if (flags.has('x')) source = withoutComments(source);
  return source
    .replace(/((?:^|[^\\])(?:\\\\)*)\\A/g, '$1(?<![\\s\\S])')
    .replace(/((?:^|[^\\])(?:\\\\)*)\\z/g, '$1(?![\\s\\S])')
    .replace(/((?:^|[^\\])(?:\\\\)*)\\Z/g, '$1(?=\\n?(?![\\s\\S]))')
    .replace(/\(\?P</g, '(?<')
    .replace(/\\x\{([0-9a-fA-F]+)\}/g, (_match, hex: string) =>
      hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`,
    );
}

const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** Option x: whitespace and #comments outside classes do not count. */
function withoutComments(source: string): string {
  return source.replace(
    /(\\[\s\S])|(\[(?:\\[\s\S]|[^\]\\])*\])|\s+|#[^\n]*/g,
    (_match, escape?: string, set?: string) => escape ?? set ?? '',
  );
}

/** `$regex`, and a regular expression given as a value. */
export const regexOperator = (operand: unknown): Predicate => ({ leafs: 'elements', test: regexTest(operand) });

/** Test of one value: strings by the pattern, regular expressions by equality with it. */
export function regexTest(operand: unknown): (value: unknown) => boolean {
  const { pattern, options } = regexParts(operand);
  const regex = compileRegex(pattern, options);
  return (value) => {
    if (typeof value === 'string') return regex.test(value);
    if (typeof value !== 'object' || value === null) return false;
    const type = typeNumber(value);
    if (type === BSON_TYPE.symbol) return regex.test((value as BSONSymbol).value);
    if (type !== BSON_TYPE.regex) return false;
    const other = regexParts(value);
    return other.pattern === pattern && other.options === options;
  };
}
