import { compareStrings } from '../../bson/compare.js';
import { toNumber } from '../../bson/numbers.js';
import { isNumeric, typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { binary, isNullish, named, unary, variadic } from '../arguments.js';
import { type OperatorCompiler, type OperatorTable } from '../expression-types.js';
import { searchRange } from './array.js';
import { toText } from './convert.js';

/** String operators; "CP" counts code points, "Bytes" UTF-8 bytes. Regular expressions are in string-regex.ts. */
export const stringOperators: OperatorTable = {
  $concat: variadic((values) => {
    let joined = '';
    for (const value of values) {
      if (isNullish(value)) return null;
      if (typeof value !== 'string')
        throw new MongoError(16702, `$concat only supports strings, not ${typeName(value)}`);
      joined += value;
    }
    return joined;
  }),
  $toLower: unary((value) => asciiCase(coerceText(value), /[A-Z]+/g, (text) => text.toLowerCase())),
  $toUpper: unary((value) => asciiCase(coerceText(value), /[a-z]+/g, (text) => text.toUpperCase())),
  $strcasecmp: binary((a, b) => Math.sign(compareStrings(coerceText(a).toUpperCase(), coerceText(b).toUpperCase()))),
  $strLenCP: unary((value) => [...stringArgument(value, '$strLenCP', 34471)].length),
  $strLenBytes: unary((value) => Buffer.byteLength(stringArgument(value, '$strLenBytes', 34473), 'utf8')),
  $substr: variadic(([text, start, length]) => substringBytes(text, start, length), 3, 3),
  $substrBytes: variadic(([text, start, length]) => substringBytes(text, start, length), 3, 3),
  $substrCP: variadic(
    ([text, start, length]) => {
      const from = indexArgument(start, 34450, '$substrCP: starting index');
      const count = indexArgument(length, 34452, '$substrCP: length');
      return [...coerceText(text)].slice(from, from + count).join('');
    },
    3,
    3,
  ),
  $indexOfCP: indexOf((text) => [...text], 40093),
  $indexOfBytes: indexOf((text) => [...Buffer.from(text, 'utf8').toString('latin1')], 40091),
  $split: binary((text, separator) => {
    if (isNullish(text) || isNullish(separator)) return null;
    const source = stringArgument(text, '$split', 40085);
    const by = stringArgument(separator, '$split', 40086);
    if (by === '') throw new MongoError(40087, '$split requires a non-empty separator');
    return source.split(by);
  }),
  $trim: trim((text, isTrimmed) => trimEnd(trimStart(text, isTrimmed), isTrimmed)),
  $ltrim: trim(trimStart),
  $rtrim: trim(trimEnd),
  $replaceOne: replacement((input, find, replace) => {
    const at = input.indexOf(find);
    return at < 0 ? input : input.slice(0, at) + replace + input.slice(at + find.length);
  }),
  $replaceAll: replacement((input, find, replace) => (find === '' ? input : input.split(find).join(replace))),
};

// MongoDB changes only ASCII letters.
const asciiCase = (text: string, letters: RegExp, change: (text: string) => string): string =>
  text.replace(letters, change);

/** Null and missing are "", numbers and dates their text, as the older string operators have it. */
function coerceText(value: unknown): string {
  if (isNullish(value)) return '';
  if (typeof value === 'string') return value;
  if (isNumeric(value) || value instanceof Date) return toText(value);
  throw new MongoError(16007, `can't convert from BSON type ${typeName(value)} to String`);
}

function stringArgument(value: unknown, name: string, code: number): string {
  if (typeof value !== 'string')
    throw new MongoError(code, `${name} requires a string argument, found: ${typeName(value)}`);
  return value;
}

function indexArgument(value: unknown, code: number, what: string): number {
  const index = isNumeric(value) ? Math.trunc(toNumber(value)) : NaN;
  if (Number.isNaN(index))
    throw new MongoError(code, `${what} must be a numeric type (is BSON type ${typeName(value)})`);
  if (index < 0) throw new MongoError(code + 1, `${what} must be nonnegative, got: ${index}`);
  return index;
}

function substringBytes(text: unknown, start: unknown, length: unknown): string {
  const bytes = Buffer.from(coerceText(text), 'utf8');
  const from = isNumeric(start) ? Math.trunc(toNumber(start)) : NaN;
  const count = isNumeric(length) ? Math.trunc(toNumber(length)) : NaN;
  if (Number.isNaN(from))
    throw new MongoError(
      16034,
      `$substrBytes: starting index must be a numeric type (is BSON type ${typeName(start)})`,
    );
  if (Number.isNaN(count))
    throw new MongoError(16035, `$substrBytes: length must be a numeric type (is BSON type ${typeName(length)})`);
  if (from < 0) throw new MongoError(50752, `$substrBytes: starting index must be non-negative (got: ${from})`);
  const end = count < 0 ? bytes.length : Math.min(from + count, bytes.length);
  const isInsideCharacter = (at: number): boolean => at < bytes.length && ((bytes[at] as number) & 0xc0) === 0x80;
  if (isInsideCharacter(from))
    throw new MongoError(28656, '$substrBytes:  Invalid range, starting index is a UTF-8 continuation byte.');
  if (isInsideCharacter(end))
    throw new MongoError(28657, '$substrBytes:  Invalid range, ending index is in the middle of a UTF-8 character.');
  return bytes.toString('utf8', Math.min(from, bytes.length), end);
}

function indexOf(unitsOf: (text: string) => string[], code: number): OperatorCompiler {
  return variadic(
    ([text, search, start, end], name) => {
      if (isNullish(text)) return null;
      const units = unitsOf(stringArgument(text, name, code));
      const wanted = unitsOf(stringArgument(search, name, code + 1));
      const [from, to] = searchRange(start, end, units.length, name);
      for (let at = from; at + wanted.length <= to; at++) {
        if (wanted.every((unit, i) => units[at + i] === unit)) return at;
      }
      return -1;
    },
    2,
    4,
  );
}

const WHITESPACE = new Set(
  '\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a',
);

function trim(compute: (text: string, isTrimmed: (character: string) => boolean) => string): OperatorCompiler {
  return named(['input'], ['chars'], (values, name) => {
    const { input, chars } = values;
    if (isNullish(input) || ('chars' in values && isNullish(chars))) return null;
    const trimmed = chars === undefined ? WHITESPACE : new Set(stringArgument(chars, name, 50700));
    return compute(stringArgument(input, name, 50699), (character) => trimmed.has(character));
  });
}

function trimStart(text: string, isTrimmed: (character: string) => boolean): string {
  const characters = [...text];
  const at = characters.findIndex((character) => !isTrimmed(character));
  return at < 0 ? '' : characters.slice(at).join('');
}

function trimEnd(text: string, isTrimmed: (character: string) => boolean): string {
  const characters = [...text];
  const at = characters.findLastIndex((character) => !isTrimmed(character));
  return characters.slice(0, at + 1).join('');
}

function replacement(compute: (input: string, find: string, replace: string) => string): OperatorCompiler {
  return named(['input', 'find', 'replacement'], [], ({ input, find, replacement: by }, name) => {
    if (isNullish(input) || isNullish(find) || isNullish(by)) return null;
    return compute(
      stringArgument(input, name, 51746),
      stringArgument(find, name, 51745),
      stringArgument(by, name, 51744),
    );
  });
}
