import { type BSONSymbol, type Code, type Decimal128, type ObjectId, type Timestamp } from 'bson';

import { compareNumbers, type Numeric } from './numbers.js';
import { binaryParts, BSON_TYPE, type Document, regexParts, typeNumber } from './values.js';

export { typeName, typeNumber } from './values.js';

/** Order of strings: a compiled collation (query/collation.ts); without one strings compare by their UTF-8 bytes. */
export interface StringOrder {
  compare(a: string, b: string): number;
}

/** Canonical BSON brackets: values of different brackets compare by these numbers alone. */
export const BRACKET = {
  minKey: -1,
  null: 5,
  number: 10,
  string: 15,
  object: 20,
  array: 25,
  binData: 30,
  objectId: 35,
  bool: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  dbPointer: 55,
  code: 60,
  codeWithScope: 65,
  maxKey: 127,
} as const;

const BRACKET_OF_TYPE = new Map<number, number>([
  [BSON_TYPE.minKey, BRACKET.minKey],
  [BSON_TYPE.undefined, BRACKET.null],
  [BSON_TYPE.null, BRACKET.null],
  [BSON_TYPE.int, BRACKET.number],
  [BSON_TYPE.long, BRACKET.number],
  [BSON_TYPE.double, BRACKET.number],
  [BSON_TYPE.decimal, BRACKET.number],
  [BSON_TYPE.string, BRACKET.string],
  [BSON_TYPE.symbol, BRACKET.string],
  [BSON_TYPE.object, BRACKET.object],
  [BSON_TYPE.array, BRACKET.array],
  [BSON_TYPE.binData, BRACKET.binData],
  [BSON_TYPE.objectId, BRACKET.objectId],
  [BSON_TYPE.bool, BRACKET.bool],
  [BSON_TYPE.date, BRACKET.date],
  [BSON_TYPE.timestamp, BRACKET.timestamp],
  [BSON_TYPE.regex, BRACKET.regex],
  [BSON_TYPE.dbPointer, BRACKET.dbPointer],
  [BSON_TYPE.javascript, BRACKET.code],
  [BSON_TYPE.javascriptWithScope, BRACKET.codeWithScope],
  [BSON_TYPE.maxKey, BRACKET.maxKey],
]);

/** Bracket of a value: comparison operators only match values of the same bracket. Missing counts as null. */
export function typeBracket(value: unknown): number {
  if (typeof value === 'string') return BRACKET.string;
  if (typeof value === 'number') return BRACKET.number;
  return BRACKET_OF_TYPE.get(typeNumber(value)) ?? BRACKET.object;
}

/**
 * Canonical order of any two BSON values (https://www.mongodb.com/docs/manual/reference/bson-type-comparison-order/):
 * negative, 0 or positive. Arrays compare as values (element by element); `compareForSort` has the min/max rule.
 * A missing value (`undefined`) equals null.
 */
export function compareValues(a: unknown, b: unknown, collation?: StringOrder | null): number {
  if (typeof a === 'string' && typeof b === 'string') return collation ? collation.compare(a, b) : compareStrings(a, b);
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  const bracket = typeBracket(a);
  const difference = bracket - typeBracket(b);
  return difference !== 0 ? difference : compareWithin(bracket, a, b, collation);
}

/** Equality by BSON order (so int 1 equals double 1.0 and Decimal128 "1"). */
export const valuesEqual = (a: unknown, b: unknown, collation?: StringOrder | null): boolean =>
  compareValues(a, b, collation) === 0;

function compareWithin(bracket: number, a: unknown, b: unknown, collation?: StringOrder | null): number {
  switch (bracket) {
    case BRACKET.number:
      return compareNumbers(a as Numeric, b as Numeric);
    case BRACKET.string:
      return collation ? collation.compare(textOf(a), textOf(b)) : compareStrings(textOf(a), textOf(b));
    case BRACKET.object:
      return compareDocuments(a as Document, b as Document, collation);
    case BRACKET.array:
      return compareArrays(a as unknown[], b as unknown[], collation);
    case BRACKET.binData:
      return compareBinaries(a, b);
    case BRACKET.objectId:
      return compareBytes((a as ObjectId).id, (b as ObjectId).id);
    case BRACKET.bool:
      return Number(a) - Number(b);
    case BRACKET.date:
      return (a as Date).getTime() - (b as Date).getTime() || 0;
    case BRACKET.timestamp:
      return compareTimestamps(a as Timestamp, b as Timestamp);
    case BRACKET.regex:
      return compareRegexes(a, b);
    case BRACKET.code:
      return compareStrings((a as Code).code, (b as Code).code);
    case BRACKET.codeWithScope:
      return (
        compareStrings((a as Code).code, (b as Code).code) ||
        compareDocuments((a as Code).scope as Document, (b as Code).scope as Document)
      );
    default: // null, MinKey, MaxKey: one value each
      return 0;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (value as BSONSymbol).value);

/** Order of the UTF-8 bytes, computed on UTF-16: only surrogates (above U+FFFF) sort differently there. */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return utf8Rank(left) - utf8Rank(right);
  }
  return a.length - b.length;
}

const utf8Rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/** memcmp, then length. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function compareBinaries(a: unknown, b: unknown): number {
  const left = binaryParts(a);
  const right = binaryParts(b);
  return (
    left.bytes.length - right.bytes.length || left.subtype - right.subtype || compareBytes(left.bytes, right.bytes)
  );
}

const compareTimestamps = (a: Timestamp, b: Timestamp): number =>
  a.getHighBitsUnsigned() - b.getHighBitsUnsigned() || a.getLowBitsUnsigned() - b.getLowBitsUnsigned();

function compareRegexes(a: unknown, b: unknown): number {
  const left = regexParts(a);
  const right = regexParts(b);
  return compareStrings(left.pattern, right.pattern) || compareStrings(left.options, right.options);
}

// Field by field: bracket, then name, then value; a document that is a prefix of the other is smaller.
function compareDocuments(a: Document, b: Document, collation?: StringOrder | null): number {
  const left = Object.keys(a).filter((name) => a[name] !== undefined);
  const right = Object.keys(b).filter((name) => b[name] !== undefined);
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const leftName = left[i] as string;
    const rightName = right[i] as string;
    const difference =
      typeBracket(a[leftName]) - typeBracket(b[rightName]) ||
      compareStrings(leftName, rightName) ||
      compareValues(a[leftName], b[rightName], collation);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function compareArrays(a: readonly unknown[], b: readonly unknown[], collation?: StringOrder | null): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = compareValues(a[i], b[i], collation);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Whether two values have the same BSON bytes: unlike `valuesEqual`, int 1 and double 1.0 differ. */
export function isIdentical(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  const type = typeNumber(a);
  if (type !== typeNumber(b)) return false;
  switch (type) {
    case BSON_TYPE.object: {
      const [left, right] = [a as Document, b as Document];
      const [leftNames, rightNames] = [Object.keys(left), Object.keys(right)];
      return (
        leftNames.length === rightNames.length &&
        leftNames.every((name, i) => name === rightNames[i] && isIdentical(left[name], right[name]))
      );
    }
    case BSON_TYPE.array: {
      const [left, right] = [a as unknown[], b as unknown[]];
      return left.length === right.length && left.every((item, i) => isIdentical(item, right[i]));
    }
    case BSON_TYPE.decimal:
      return compareBytes((a as Decimal128).bytes, (b as Decimal128).bytes) === 0;
    default:
      return compareValues(a, b) === 0;
  }
}
