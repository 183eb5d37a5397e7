import { Binary, BSONSymbol, Code, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';

import { MongoError } from '../errors.js';
import { type Document, isInt32, makeRegex, setField } from './values.js';

const MAX_DEPTH = 200;

/** One document inside a buffer that is being read; DataView reads are the fast way for doubles. */
export interface RawReader {
  readonly bytes: Buffer;
}

/** Views any Uint8Array as a Buffer without copying. */
export function toBuffer(raw: Uint8Array): Buffer {
  return Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
}

const invalid = (what: string): MongoError => new MongoError(22, `Invalid BSON: ${what}`);

/** Decodes the document that starts at `start`. Copies all bytes it keeps: the buffer may be a memory map. */
export function readDocument(bytes: Buffer, start: number, depth = 0): Document {
  const doc: Document = {};
  readElements(bytes, start, depth, (name, value) => setField(doc, name, value));
  return doc;
}

function readArray(bytes: Buffer, start: number, depth: number): unknown[] {
  const items: unknown[] = [];
  readElements(bytes, start, depth, (_name, value) => items.push(value));
  return items;
}

function readElements(bytes: Buffer, start: number, depth: number, add: (name: string, value: unknown) => void): void {
  if (depth > MAX_DEPTH) throw new MongoError(15, `BSONObj exceeded maximum nested object depth: ${MAX_DEPTH}`);
  const end = start + bytes.readInt32LE(start) - 1;
  if (end >= bytes.length || end < start + 4 || bytes[end] !== 0) throw invalid('incorrect document length');
  let at = start + 4;
  while (at < end) {
    const type = bytes[at] as number;
    const nameStart = at + 1;
    const nameEnd = endOfName(bytes, nameStart);
    at = nameEnd + 1;
    const next = at + valueLength(bytes, type, at);
    if (next > end) throw invalid('element exceeds its document');
    add(fieldName(bytes, nameStart, nameEnd), readValue(bytes, type, at, depth));
    at = next;
  }
}

/** Index of the NUL that ends the C string starting at `at`. */
export function endOfName(bytes: Buffer, at: number): number {
  let end = at;
  while (bytes[end] !== 0) if (++end >= bytes.length) throw invalid('unterminated field name');
  return end;
}

// Field names repeat in every document: a table of the names seen avoids one native call per element.
const NAME_TABLE_SIZE = 4096;
const nameTable: (string | undefined)[] = new Array<string | undefined>(NAME_TABLE_SIZE);

function fieldName(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > 32) return bytes.toString('utf8', start, end);
  let hash = length;
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + (bytes[i] as number)) | 0;
  const slot = hash & (NAME_TABLE_SIZE - 1);
  const known = nameTable[slot];
  if (known !== undefined && isSameAscii(bytes, start, known, length)) return known;
  const name = bytes.toString('utf8', start, end);
  nameTable[slot] = name;
  return name;
}

// A name with non-ASCII letters never equals its bytes one by one, so it is decoded anew each time: rare and correct.
function isSameAscii(bytes: Buffer, start: number, name: string, length: number): boolean {
  if (name.length !== length) return false;
  for (let i = 0; i < length; i++) {
    const byte = bytes[start + i] as number;
    if (byte > 127 || name.charCodeAt(i) !== byte) return false;
  }
  return true;
}

/** Byte length of a value of the given BSON type starting at `at`; the key to skipping without decoding. */
export function valueLength(bytes: Buffer, type: number, at: number): number {
  switch (type) {
    case 0x01: // double
    case 0x09: // date
    case 0x11: // timestamp
    case 0x12: // int64
      return 8;
    case 0x10:
      return 4;
    case 0x08:
      return 1;
    case 0x07:
      return 12;
    case 0x13:
      return 16;
    case 0x02: // string
    case 0x0d: // code
    case 0x0e: // symbol
      return 4 + lengthAt(bytes, at);
    case 0x03: // document
    case 0x04: // array
    case 0x0f: // code with scope
      return lengthAt(bytes, at);
    case 0x05:
      return 5 + lengthAt(bytes, at);
    case 0x0c: // DBPointer
      return 16 + lengthAt(bytes, at);
    case 0x0b:
      return endOfName(bytes, endOfName(bytes, at) + 1) + 1 - at;
    case 0x06: // undefined
    case 0x0a: // null
    case 0xff: // MinKey
    case 0x7f: // MaxKey
      return 0;
    default:
      throw invalid(`unrecognized BSON type ${type}`);
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes.readInt32LE(at);
  if (length < 0 || length > bytes.length) throw invalid('bad length');
  return length;
}

const readString = (bytes: Buffer, at: number): string =>
  bytes.toString('utf8', at + 4, at + 3 + bytes.readInt32LE(at));

/**
 * Decodes one value so that encoding it again gives the same bytes: int32 is a number, a double is a number unless it
 * would be taken for an int32 (then `Double`), int64 is `Long`. The deprecated `undefined` is read as null and
 * DBPointer as `{ $ref, $id }`.
 */
export function readValue(bytes: Buffer, type: number, at: number, depth = 0): unknown {
  switch (type) {
    case 0x01: {
      const value = bytes.readDoubleLE(at);
      return isInt32(value) ? new Double(value) : value;
    }
    case 0x02:
      return readString(bytes, at);
    case 0x03:
      return readDocument(bytes, at, depth + 1);
    case 0x04:
      return readArray(bytes, at, depth + 1);
    case 0x05:
      return readBinary(bytes, at);
    case 0x07:
      return new ObjectId(Uint8Array.prototype.slice.call(bytes, at, at + 12));
    case 0x08:
      return bytes[at] === 1;
    case 0x09:
      return new Date(Number(bytes.readBigInt64LE(at)));
    case 0x06:
    case 0x0a:
      return null;
    case 0x0b: {
      const patternEnd = endOfName(bytes, at);
      const optionsEnd = endOfName(bytes, patternEnd + 1);
      return makeRegex(bytes.toString('utf8', at, patternEnd), bytes.toString('latin1', patternEnd + 1, optionsEnd));
    }
    case 0x0c: {
      const idAt = at + 4 + bytes.readInt32LE(at);
      return { $ref: readString(bytes, at), $id: readValue(bytes, 0x07, idAt) };
    }
    case 0x0d:
      return new Code(readString(bytes, at));
    case 0x0e:
      return new BSONSymbol(readString(bytes, at));
    case 0x0f: {
      const scopeAt = at + 8 + bytes.readInt32LE(at + 4);
      return new Code(readString(bytes, at + 4), readDocument(bytes, scopeAt, depth + 1));
    }
    case 0x10:
      return bytes.readInt32LE(at);
    case 0x11:
      return new Timestamp({ t: bytes.readUInt32LE(at + 4), i: bytes.readUInt32LE(at) });
    case 0x12:
      return new Long(bytes.readInt32LE(at), bytes.readInt32LE(at + 4));
    case 0x13:
      return new Decimal128(Uint8Array.prototype.slice.call(bytes, at, at + 16));
    case 0x7f:
      return new MaxKey();
    case 0xff:
      return new MinKey();
    default:
      throw invalid(`unrecognized BSON type ${type}`);
  }
}

function readBinary(bytes: Buffer, at: number): Binary {
  const length = bytes.readInt32LE(at);
  const subtype = bytes[at + 4] as number;
  const start = at + 5;
  // Subtype 2 (old binary) repeats the length inside.
  const data = Uint8Array.prototype.slice.call(bytes, subtype === 2 ? start + 4 : start, start + length);
  return new Binary(data, subtype);
}
