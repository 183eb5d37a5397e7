import { createHash } from 'node:crypto';

import { type BSONSymbol, type Code, type ObjectId, type Timestamp } from 'bson';

import { BRACKET, typeBracket } from './compare.js';
import { decodeDecimal } from './decimal.js';
import { integerOf, NUMBER_KIND, numberKind, type Numeric, sideOfNearestDouble, toNumber } from './numbers.js';
import { binaryParts, type Document, regexParts } from './values.js';

/** An empty array as an index key: it sorts below null, and has no element to stand for it. */
export const EMPTY_ARRAY_KEY: unique symbol = Symbol('empty array');

/** LMDB keys end at 1,978 bytes: this leaves room for an index id in front and an `_id` key behind. */
export const MAX_KEY_BYTES = 1_900;
const HASH_BYTES = 20;

// One byte per value: its bracket. 0x00 is free as the end mark of documents and arrays.
const BYTE_OF_BRACKET = new Map<number, number>([
  [BRACKET.minKey, 0x01],
  [BRACKET.null, 0x05],
  [BRACKET.number, 0x10],
  [BRACKET.string, 0x15],
  [BRACKET.object, 0x20],
  [BRACKET.array, 0x25],
  [BRACKET.binData, 0x30],
  [BRACKET.objectId, 0x35],
  [BRACKET.bool, 0x40],
  [BRACKET.date, 0x45],
  [BRACKET.timestamp, 0x47],
  [BRACKET.regex, 0x50],
  [BRACKET.dbPointer, 0x55],
  [BRACKET.code, 0x60],
  [BRACKET.codeWithScope, 0x65],
  [BRACKET.maxKey, 0xf0],
]);
const EMPTY_ARRAY_BYTE = 0x04;
const NUMBER_BYTE = 0x10;
const STRING_BYTE = 0x15;

/** Bytes of a key under construction: a growing scratch buffer shared by all calls (encoding is synchronous). */
let scratch = Buffer.allocUnsafe(4096);
let length = 0;

function reserve(count: number): void {
  if (length + count <= scratch.length) return;
  const grown = Buffer.allocUnsafe(Math.max(scratch.length * 2, length + count));
  scratch.copy(grown, 0, 0, length);
  scratch = grown;
}

function putByte(byte: number): void {
  reserve(1);
  scratch[length++] = byte;
}

function putBytes(bytes: Uint8Array): void {
  reserve(bytes.length);
  scratch.set(bytes, length);
  length += bytes.length;
}

/**
 * Key whose memcmp order is the BSON order of the value tuples under the given directions (-1 inverts a field's bytes).
 * Each value: bracket byte, then
 * - number: 00 for NaN, else 01, 8 bytes of the nearest double (sign-flipped), then 80 if it is that double exactly,
 *   else 40 (below) or C0 (above) and the value's own 19-byte decimal form: int64 and Decimal128 stay exact;
 * - string: UTF-8 with 00 written as 00 FF, ended by 00 00; object: per field bracket, name, value; ended by 00;
 * - array: its values, ended by 00 (`EMPTY_ARRAY_KEY` is the single byte 04); binary: u32 length, subtype, bytes;
 * - ObjectId: 12 bytes; bool: 1; date: int64 with flipped sign; timestamp: u64; regex and code: strings.
 *
 * A key beyond `MAX_KEY_BYTES` is cut there and gets a SHA-1 of the whole: still equal only for equal tuples, but its
 * order among keys with the same first bytes says nothing (`isExactKey` is false; recheck by predicate).
 */
export function encodeKey(values: readonly unknown[], directions: readonly (1 | -1)[]): Buffer {
  encodeAll(values, directions);
  if (length <= MAX_KEY_BYTES) return Buffer.from(scratch.subarray(0, length));
  const hash = createHash('sha1').update(scratch.subarray(0, length)).digest();
  return Buffer.concat([scratch.subarray(0, MAX_KEY_BYTES), hash], MAX_KEY_BYTES + HASH_BYTES);
}

/** Whether a key made by `encodeKey` holds its values completely. */
export const isExactKey = (key: Uint8Array): boolean => key.length <= MAX_KEY_BYTES;

/**
 * The bytes every key starts with whose leading fields have these values; the bound to scan from. Cut (without hash)
 * at `MAX_KEY_BYTES`, so that it is a prefix of truncated keys too.
 */
export function keyPrefix(values: readonly unknown[], directions: readonly (1 | -1)[]): Buffer {
  encodeAll(values, directions);
  return Buffer.from(scratch.subarray(0, Math.min(length, MAX_KEY_BYTES)));
}

/** Smallest key above every key that starts with `prefix`; null if there is none (all bytes FF). */
export function prefixEnd(prefix: Uint8Array): Buffer | null {
  let last = prefix.length - 1;
  while (last >= 0 && prefix[last] === 0xff) last--;
  if (last < 0) return null;
  const end = Buffer.copyBytesFrom(prefix, 0, last + 1);
  end[last] = (end[last] as number) + 1;
  return end;
}

/** Smallest key above exactly this key. */
export const keySuccessor = (key: Uint8Array): Buffer => Buffer.concat([key, Buffer.from([0])]);

function encodeAll(values: readonly unknown[], directions: readonly (1 | -1)[]): void {
  length = 0;
  for (let i = 0; i < values.length; i++) {
    const start = length;
    putValue(values[i]);
    if (directions[i] === -1) for (let at = start; at < length; at++) scratch[at] = ~(scratch[at] as number) & 0xff;
  }
}

function putValue(value: unknown): void {
  if (typeof value === 'string') {
    putByte(STRING_BYTE);
    putString(value);
  } else if (value === EMPTY_ARRAY_KEY) {
    putByte(EMPTY_ARRAY_BYTE);
  } else {
    const bracket = typeBracket(value);
    putByte(BYTE_OF_BRACKET.get(bracket) ?? NUMBER_BYTE);
    putPayload(bracket, value);
  }
}

function putPayload(bracket: number, value: unknown): void {
  switch (bracket) {
    case BRACKET.number:
      return putNumber(value as Numeric);
    case BRACKET.string:
      return putString((value as BSONSymbol).value);
    case BRACKET.object:
      return putDocument(value as Document);
    case BRACKET.array:
      for (const item of value as unknown[]) putValue(item);
      return putByte(0);
    case BRACKET.binData:
      return putBinary(value);
    case BRACKET.objectId:
      return putBytes((value as ObjectId).id);
    case BRACKET.bool:
      return putByte(value ? 1 : 0);
    case BRACKET.date:
      return putBigInt(BigInt((value as Date).getTime() || 0) + (1n << 63n));
    case BRACKET.timestamp:
      return putBigInt(BigInt.asUintN(64, (value as Timestamp).toBigInt()));
    case BRACKET.regex: {
      const { pattern, options } = regexParts(value);
      putString(pattern);
      return putString(options);
    }
    case BRACKET.code:
      return putString((value as Code).code);
    case BRACKET.codeWithScope:
      putString((value as Code).code);
      return putDocument((value as Code).scope as Document);
    default: // null, MinKey, MaxKey: the bracket says it all
  }
}

function putNumber(value: Numeric): void {
  const nearest = toNumber(value);
  if (Number.isNaN(nearest)) return putByte(0);
  putByte(1);
  reserve(8);
  scratch.writeDoubleBE(nearest === 0 ? 0 : nearest, length);
  flipSign(length, nearest < 0);
  length += 8;
  const side = sideOfNearestDouble(value, nearest);
  putByte(side === 0 ? 0x80 : side < 0 ? 0x40 : 0xc0);
  if (side !== 0) putOwnDigits(value);
}

// Positive doubles get their sign bit set, negative ones all bits inverted: then bytes order like the numbers.
function flipSign(at: number, isNegative: boolean): void {
  if (!isNegative) {
    scratch[at] = (scratch[at] as number) | 0x80;
    return;
  }
  for (let i = at; i < at + 8; i++) scratch[i] = ~(scratch[i] as number) & 0xff;
}

// Decimal magnitude: biased exponent of the first digit, then 34 digits in 17 bytes; inverted for negative numbers.
function putOwnDigits(value: Numeric): void {
  const start = length;
  const { negative, digits, exponent } = ownDigits(value);
  const firstDigitExponent = exponent + digits.length + 8192;
  putByte(firstDigitExponent >> 8);
  putByte(firstDigitExponent & 0xff);
  putBytes(Buffer.from(digits.padEnd(34, '0'), 'hex'));
  if (negative) for (let at = start; at < length; at++) scratch[at] = ~(scratch[at] as number) & 0xff;
}

function ownDigits(value: Numeric): { negative: boolean; digits: string; exponent: number } {
  if (numberKind(value) === NUMBER_KIND.decimal) {
    const decimal = decodeDecimal(value as Parameters<typeof decodeDecimal>[0]);
    return { negative: decimal.negative, digits: String(decimal.coefficient), exponent: decimal.exponent };
  }
  const integer = integerOf(value);
  return { negative: integer < 0n, digits: String(integer < 0n ? -integer : integer), exponent: 0 };
}

function putString(text: string): void {
  const start = length;
  reserve(text.length * 3 + 2);
  length += scratch.write(text, length, 'utf8');
  if (text.includes('\0')) escapeZeros(start);
  putByte(0);
  putByte(0);
}

function escapeZeros(start: number): void {
  const plain = Buffer.copyBytesFrom(scratch, start, length - start);
  length = start;
  for (const byte of plain) {
    putByte(byte);
    if (byte === 0) putByte(0xff);
  }
}

function putDocument(doc: Document): void {
  for (const name of Object.keys(doc)) {
    const value = doc[name];
    if (value === undefined) continue;
    putByte(BYTE_OF_BRACKET.get(typeBracket(value)) ?? NUMBER_BYTE);
    putString(name);
    putValue(value);
  }
  putByte(0);
}

function putBinary(value: unknown): void {
  const { bytes, subtype } = binaryParts(value);
  reserve(5);
  length = scratch.writeUInt32BE(bytes.length, length);
  putByte(subtype);
  putBytes(bytes);
}

function putBigInt(value: bigint): void {
  reserve(8);
  length = scratch.writeBigUInt64BE(value, length);
}
