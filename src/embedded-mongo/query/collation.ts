import { type StringOrder } from '../bson/compare.js';
import { toNumber } from '../bson/numbers.js';
import { type Document, isDocument, isNumeric, typeName } from '../bson/values.js';
import { badValue, failedToParse, MongoError, typeMismatch } from '../errors.js';

/** A collation as MongoDB reports it (listIndexes, listCollections): all options filled in. */
export interface CollationSpec {
  locale: string;
  caseLevel: boolean;
  caseFirst: 'off' | 'upper' | 'lower';
  strength: 1 | 2 | 3 | 4 | 5;
  numericOrdering: boolean;
  alternate: 'non-ignorable' | 'shifted';
  maxVariable: 'punct' | 'space';
  normalization: boolean;
  backwards: boolean;
}

/** Compiled collation: an order of strings, and the full spec it came from. */
export interface Collation extends StringOrder {
  readonly spec: CollationSpec;
}

const DEFAULTS: Omit<CollationSpec, 'locale'> = {
  caseLevel: false,
  caseFirst: 'off',
  strength: 3,
  numericOrdering: false,
  alternate: 'non-ignorable',
  maxVariable: 'punct',
  normalization: false,
  backwards: false,
};

const BOOLEANS = ['caseLevel', 'numericOrdering', 'normalization', 'backwards'] as const;
const CHOICES = {
  caseFirst: ['off', 'upper', 'lower'],
  alternate: ['non-ignorable', 'shifted'],
  maxVariable: ['punct', 'space'],
} as const;

const compiled = new Map<string, Collation>();

/**
 * Compiles a collation document (https://www.mongodb.com/docs/manual/reference/collation/). Answers null for the simple
 * binary collation (`{ locale: 'simple' }`, `{}` or nothing). Throws 2 BadValue for unknown locales and values,
 * 9 FailedToParse for unknown options, 14 TypeMismatch for wrong types.
 */
export function compileCollation(spec: unknown): Collation | null {
  if (spec === undefined || spec === null) return null;
  if (!isDocument(spec))
    throw typeMismatch(`BSON field 'collation' is the wrong type '${typeName(spec)}', expected type 'object'`);
  if (Object.keys(spec).length === 0) return null;
  const full = parseSpec(spec);
  if (full.locale === 'simple') return null;
  const key = JSON.stringify(full);
  let collation = compiled.get(key);
  if (!collation) {
    if (compiled.size > 100) compiled.clear();
    collation = { spec: full, compare: makeComparator(full) };
    compiled.set(key, collation);
  }
  return collation;
}

function parseSpec(spec: Document): CollationSpec {
  const { locale } = spec;
  if (locale === undefined)
    throw new MongoError(40414, "BSON field 'collation.locale' is missing but a required field");
  if (typeof locale !== 'string') {
    throw typeMismatch(`BSON field 'collation.locale' is the wrong type '${typeName(locale)}', expected type 'string'`);
  }
  const full: CollationSpec = { locale, ...DEFAULTS };
  for (const name of Object.keys(spec)) readOption(full, name, spec[name]);
  if (locale === 'simple') {
    if (Object.keys(spec).length > 1) throw badValue('Collation: cannot specify options with the simple locale');
  } else if (!isKnownLocale(locale)) {
    throw badValue(`Field 'locale' is invalid in: { locale: "${locale}" }`);
  }
  return full;
}

function readOption(full: CollationSpec, name: string, value: unknown): void {
  if (name === 'locale' || name === 'version') return;
  if (name === 'strength') {
    full.strength = readStrength(value);
  } else if (isOneOf(name, BOOLEANS)) {
    if (typeof value !== 'boolean') {
      throw typeMismatch(`BSON field 'collation.${name}' is the wrong type '${typeName(value)}', expected type 'bool'`);
    }
    full[name] = value;
  } else if (isOneOf(name, Object.keys(CHOICES) as (keyof typeof CHOICES)[])) {
    const choices: readonly unknown[] = CHOICES[name];
    if (!choices.includes(value))
      throw badValue(`Enumeration value '${String(value)}' for field 'collation.${name}' is not a valid value.`);
    Object.assign(full, { [name]: value });
  } else {
    throw failedToParse(`BSON field 'collation.${name}' is an unknown field.`);
  }
}

const isOneOf = <T extends string>(name: string, names: readonly T[]): name is T =>
  (names as readonly string[]).includes(name);

function readStrength(value: unknown): CollationSpec['strength'] {
  const strength = isNumeric(value) ? toNumber(value) : NaN;
  if (!Number.isInteger(strength) || strength < 1 || strength > 5) {
    throw badValue(`Field 'collation.strength' must be an integer between 1 and 5, got ${String(value)}`);
  }
  return strength as CollationSpec['strength'];
}

// ICU writes de_AT and de@collation=phonebook, Intl de-AT and de-u-co-phonebk.
function toLanguageTag(locale: string): string {
  const [language = '', keywords = ''] = locale.split('@');
  const variant = /^collation=(\w+)$/.exec(keywords)?.[1];
  const short: Record<string, string> = { phonebook: 'phonebk', traditional: 'trad', dictionary: 'dict' };
  return language.replaceAll('_', '-') + (variant ? `-u-co-${short[variant] ?? variant}` : '');
}

function isKnownLocale(locale: string): boolean {
  try {
    return Intl.Collator.supportedLocalesOf([toLanguageTag(locale)]).length > 0;
  } catch (error) {
    if (error instanceof RangeError) return false; // not even a well-formed language tag
    throw error;
  }
}

/** Intl has no strength 2 with caseLevel, 4 and 5: those compare in two passes. */
function makeComparator(spec: CollationSpec): (a: string, b: string) => number {
  const collator = (sensitivity: 'base' | 'accent' | 'case' | 'variant'): Intl.Collator =>
    new Intl.Collator(toLanguageTag(spec.locale), {
      sensitivity,
      numeric: spec.numericOrdering,
      caseFirst: spec.caseFirst === 'off' ? 'false' : spec.caseFirst,
      ignorePunctuation: spec.alternate === 'shifted',
    });
  if (spec.strength === 1) return bound(collator(spec.caseLevel ? 'case' : 'base'));
  if (spec.strength === 2 && !spec.caseLevel) return bound(collator('accent'));
  const variant = bound(collator('variant'));
  if (spec.strength <= 3) return variant;
  // Quaternary: what "shifted" ignored breaks ties; identical: code points do.
  const last = spec.strength === 5 ? byCodePoint : bound(new Intl.Collator(toLanguageTag(spec.locale)));
  return (a, b) => variant(a, b) || last(a, b);
}

const bound =
  (collator: Intl.Collator): ((a: string, b: string) => number) =>
  (a, b) =>
    collator.compare(a, b);
const byCodePoint = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
