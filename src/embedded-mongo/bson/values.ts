import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';

import { MongoError } from '../errors.js';

/** A BSON document in memory: own enumerable properties, in field order. */
export type Document = Record<string, unknown>;

/** BSON type codes as `$type` knows them (https://www.mongodb.com/docs/manual/reference/bson-types/). */
export const BSON_TYPE = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
} as const;

export type TypeAlias = keyof typeof BSON_TYPE;

const ALIAS_OF_TYPE = new Map<number, TypeAlias>(
  Object.entries(BSON_TYPE).map(([alias, code]) => [code, alias as TypeAlias]),
);

const INT32_MIN = -0x80000000;
const INT32_MAX = 0x7fffffff;

/** True for the JS numbers that are written as int32; every other JS number is a double. */
export const isInt32 = (value: number): boolean =>
  Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX && !Object.is(value, -0);

// A class is recognised by its prototype, never by a `_bsontype` property: that one can be a field of a client's document.
const TYPE_OF_PROTOTYPE = new Map<unknown, number>([
  [Object.prototype, BSON_TYPE.object],
  [null, BSON_TYPE.object],
  [Date.prototype, BSON_TYPE.date],
  [RegExp.prototype, BSON_TYPE.regex],
  [Uint8Array.prototype, BSON_TYPE.binData],
  [Buffer.prototype, BSON_TYPE.binData],
  [Binary.prototype, BSON_TYPE.binData],
  [BSONRegExp.prototype, BSON_TYPE.regex],
  [BSONSymbol.prototype, BSON_TYPE.symbol],
  [Decimal128.prototype, BSON_TYPE.decimal],
  [Double.prototype, BSON_TYPE.double],
  [Int32.prototype, BSON_TYPE.int],
  [Long.prototype, BSON_TYPE.long],
  [MaxKey.prototype, BSON_TYPE.maxKey],
  [MinKey.prototype, BSON_TYPE.minKey],
  [ObjectId.prototype, BSON_TYPE.objectId],
  [Timestamp.prototype, BSON_TYPE.timestamp],
]);

/** BSON type code of a value in memory; a missing value (`undefined`) answers 6. */
export function typeNumber(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return BSON_TYPE.string;
    case 'number':
      return isInt32(value) ? BSON_TYPE.int : BSON_TYPE.double;
    case 'boolean':
      return BSON_TYPE.bool;
    case 'bigint':
      return BSON_TYPE.long;
    case 'object':
      return value === null ? BSON_TYPE.null : typeOfObject(value);
    default:
      return BSON_TYPE.undefined;
  }
}

function typeOfObject(value: object): number {
  if (Array.isArray(value)) return BSON_TYPE.array;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return BSON_TYPE.object;
  const known = TYPE_OF_PROTOTYPE.get(prototype);
  if (known !== undefined) return known;
  if (value instanceof Code) return value.scope ? BSON_TYPE.javascriptWithScope : BSON_TYPE.javascript;
  // Subclasses (UUID is a Binary) and other realms' plain objects.
  if (value instanceof Binary) return BSON_TYPE.binData;
  if (value instanceof Timestamp) return BSON_TYPE.timestamp;
  if (value instanceof Date) return BSON_TYPE.date;
  return BSON_TYPE.object;
}

/** `$type` alias of a value (`"int"`, `"objectId"`, ...); `"missing"` for `undefined`. */
export function typeName(value: unknown): TypeAlias | 'missing' {
  const type = typeNumber(value);
  return type === BSON_TYPE.undefined ? 'missing' : (ALIAS_OF_TYPE.get(type) ?? 'object');
}

/** Alias of a type code (`2` is `"string"`), or undefined for a code that is no BSON type. */
export const aliasOfType = (code: number): TypeAlias | undefined => ALIAS_OF_TYPE.get(code);

/** True for an embedded document (not an array, date, ObjectId, ...). */
export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && typeNumber(value) === BSON_TYPE.object;
}

/** `Array.isArray` that narrows to unknown items instead of any. */
export const isArray = (value: unknown): value is unknown[] => Array.isArray(value);

/** True for int32, int64, double and decimal128 in any representation. */
export function isNumeric(value: unknown): value is number | bigint | Long | Double | Int32 | Decimal128 {
  if (typeof value === 'number' || typeof value === 'bigint') return true;
  if (typeof value !== 'object' || value === null) return false;
  const type = typeNumber(value);
  return type === BSON_TYPE.long || type === BSON_TYPE.double || type === BSON_TYPE.decimal || type === BSON_TYPE.int;
}

/** Sets an own field, also one called `__proto__` (assignment would change the prototype instead). */
export function setField(target: Document, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[name] = value;
  }
}

/** An own field's value, `undefined` where missing (never an inherited `constructor` or `__proto__`). */
export function getField(source: Document, name: string): unknown {
  const value = source[name];
  if (value === undefined || typeof value === 'function') return undefined;
  return name === '__proto__' && !Object.hasOwn(source, name) ? undefined : value;
}

/** Whether the document has the field (null counts, undefined does not). */
export const hasField = (source: Document, name: string): boolean => getField(source, name) !== undefined;

/** Copies documents and arrays; leaf values are immutable by convention and are shared. */
export function cloneValue<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(cloneValue) as T;
  if (!isDocument(value)) return value;
  const copy: Document = {};
  for (const name of Object.keys(value)) setField(copy, name, cloneValue(value[name]));
  return copy as T;
}

/** Bytes and subtype of any of the binary representations. */
export function binaryParts(value: unknown): { bytes: Uint8Array; subtype: number } {
  if (value instanceof Binary) return { bytes: value.buffer.subarray(0, value.position), subtype: value.sub_type };
  return { bytes: value as Uint8Array, subtype: 0 };
}

/** Pattern and options of a BSON or JS regular expression; options in alphabetical order as BSON stores them. */
export function regexParts(value: unknown): { pattern: string; options: string } {
  if (value instanceof BSONRegExp) return { pattern: value.pattern, options: value.options };
  const regex = value as RegExp;
  return { pattern: regex.source, options: [...regex.flags].filter((flag) => 'ims'.includes(flag)).join('') };
}

/** A BSON regular expression; 51108 for options MongoDB does not know, 51109 for a null byte. */
export function makeRegex(pattern: string, options: string): BSONRegExp {
  if (pattern.includes('\0')) throw new MongoError(51109, 'Regular expression cannot contain an embedded null byte');
  const unknown = [...options].find((option) => !'ilmsux'.includes(option));
  if (unknown !== undefined) throw new MongoError(51108, `invalid flag in regex options: ${unknown}`);
  return new BSONRegExp(pattern, options);
}
