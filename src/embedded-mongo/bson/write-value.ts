import {
  BSONRegExp,
  type BSONSymbol,
  type Code,
  type Decimal128,
  type Long,
  type ObjectId,
  type Timestamp,
} from 'bson';

import { MongoError } from '../errors.js';
import { RawArray, RawBatch, RawDocument } from './raw.js';
import { binaryParts, BSON_TYPE, type Document, isInt32, regexParts, typeNumber } from './values.js';

/** Longest BSON we write: 16 MiB documents plus the 16 KiB MongoDB allows internally on top. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_DEPTH = 200;

/** A growing output buffer. One lives as long as the process: `take()` copies the result out. */
class BsonWriter {
  private bytes = Buffer.allocUnsafe(64 * 1024);
  private at = 0;

  reset(): void {
    this.at = 0;
    if (this.bytes.length > 4 * 1024 * 1024) this.bytes = Buffer.allocUnsafe(64 * 1024);
  }

  take(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.at));
  }

  get size(): number {
    return this.at;
  }

  copyTo(target: Buffer, at: number): void {
    this.bytes.copy(target, at, 0, this.at);
  }

  document(doc: Document, depth: number): void {
    const start = this.open(depth);
    for (const name of Object.keys(doc)) {
      const value = doc[name];
      if (value !== undefined && typeof value !== 'function') this.element(name, value, depth);
    }
    this.close(start);
  }

  /** Ends a document with elements that are encoded already. */
  documentWith(doc: Document, suffix: Uint8Array): void {
    const start = this.open(0);
    for (const name of Object.keys(doc)) {
      const value = doc[name];
      if (value !== undefined) this.element(name, value, 0);
    }
    this.raw(suffix);
    this.close(start);
  }

  private rawArray({ documents }: RawArray): void {
    const start = this.open(0);
    for (let i = 0; i < documents.length; i++) {
      this.byte(BSON_TYPE.object);
      this.cString(String(i));
      this.raw(documents[i] as Buffer);
    }
    this.close(start);
  }

  private array(items: readonly unknown[], depth: number): void {
    const start = this.open(depth);
    for (let i = 0; i < items.length; i++) this.element(String(i), items[i] ?? null, depth);
    this.close(start);
  }

  private open(depth: number): number {
    if (depth > MAX_DEPTH) throw new MongoError(15, `BSONObj exceeded maximum nested object depth: ${MAX_DEPTH}`);
    const start = this.at;
    this.reserve(5);
    this.at += 4;
    return start;
  }

  private close(start: number): void {
    this.byte(0);
    this.bytes.writeInt32LE(this.at - start, start);
  }

  private element(name: string, value: unknown, depth: number): void {
    const typeAt = this.at;
    this.byte(0);
    this.cString(name);
    // First the value, then the byte: writing the value may replace the buffer by a larger one.
    const type = this.value(value, depth) & 0xff;
    this.bytes[typeAt] = type;
  }

  /** Writes the value's bytes and returns its BSON type byte. */
  private value(value: unknown, depth: number): number {
    if (typeof value === 'string') {
      this.string(value);
      return BSON_TYPE.string;
    }
    if (typeof value === 'number') return this.number(value);
    if (value instanceof RawDocument) {
      this.raw(value.raw);
      return BSON_TYPE.object;
    }
    if (value instanceof RawArray) {
      this.rawArray(value);
      return BSON_TYPE.array;
    }
    if (value instanceof RawBatch) {
      const start = this.open(0);
      value.drainTo((elements) => this.raw(elements));
      this.close(start);
      return BSON_TYPE.array;
    }
    const type = typeNumber(value);
    switch (type) {
      case BSON_TYPE.object:
        this.document(value as Document, depth + 1);
        break;
      case BSON_TYPE.array:
        this.array(value as unknown[], depth + 1);
        break;
      case BSON_TYPE.bool:
        this.byte(value ? 1 : 0);
        break;
      case BSON_TYPE.objectId:
        this.raw((value as ObjectId).id);
        break;
      case BSON_TYPE.date:
        this.int64(BigInt(Math.trunc((value as Date).getTime()) || 0));
        break;
      case BSON_TYPE.int:
        this.int32((value as { value: number }).value);
        break;
      case BSON_TYPE.double:
        this.double((value as { value: number }).value);
        break;
      case BSON_TYPE.long:
        if (typeof value === 'bigint') this.int64(BigInt.asIntN(64, value));
        else this.halves((value as Long).low, (value as Long).high);
        break;
      case BSON_TYPE.timestamp:
        this.halves((value as Timestamp).low, (value as Timestamp).high);
        break;
      case BSON_TYPE.decimal:
        this.raw((value as Decimal128).bytes);
        break;
      case BSON_TYPE.binData:
        this.binary(value);
        break;
      case BSON_TYPE.regex: {
        const { pattern, options } = regexParts(value);
        this.cString(pattern);
        this.cString(value instanceof BSONRegExp ? options : [...options].sort().join(''));
        break;
      }
      case BSON_TYPE.symbol:
        this.string((value as BSONSymbol).value);
        break;
      case BSON_TYPE.javascript:
        this.string((value as Code).code);
        break;
      case BSON_TYPE.javascriptWithScope:
        this.codeWithScope(value as Code, depth);
        break;
      default: // null, MinKey, MaxKey have no bytes
    }
    return type === BSON_TYPE.undefined ? BSON_TYPE.null : type;
  }

  private number(value: number): number {
    if (isInt32(value)) {
      this.int32(value);
      return BSON_TYPE.int;
    }
    this.double(value);
    return BSON_TYPE.double;
  }

  private codeWithScope(code: Code, depth: number): void {
    const start = this.at;
    this.int32(0);
    this.string(code.code);
    this.document(code.scope as Document, depth + 1);
    this.bytes.writeInt32LE(this.at - start, start);
  }

  private binary(value: unknown): void {
    const { bytes, subtype } = binaryParts(value);
    const isOld = subtype === 2; // its payload starts with a second length
    this.int32(bytes.length + (isOld ? 4 : 0));
    this.byte(subtype);
    if (isOld) this.int32(bytes.length);
    this.raw(bytes);
  }

  private string(text: string): void {
    const lengthAt = this.at;
    this.reserve(5 + text.length * 3);
    this.at += 4;
    const written = this.bytes.write(text, this.at, 'utf8');
    this.at += written;
    this.byte(0);
    this.bytes.writeInt32LE(written + 1, lengthAt);
  }

  private cString(text: string): void {
    if (text.includes('\0')) throw new MongoError(2, 'Field names and patterns must not contain null bytes');
    this.reserve(1 + text.length * 3);
    if (text.length < 16) {
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) {
          this.at += this.bytes.write(text.slice(i), this.at, 'utf8');
          break;
        }
        this.bytes[this.at++] = code;
      }
    } else {
      this.at += this.bytes.write(text, this.at, 'utf8');
    }
    this.bytes[this.at++] = 0;
  }

  private byte(value: number): void {
    this.reserve(1);
    this.bytes[this.at++] = value;
  }

  private int32(value: number): void {
    this.reserve(4);
    this.at = this.bytes.writeInt32LE(value | 0, this.at);
  }

  private halves(low: number, high: number): void {
    this.int32(low);
    this.int32(high);
  }

  private int64(value: bigint): void {
    this.reserve(8);
    this.at = this.bytes.writeBigInt64LE(value, this.at);
  }

  private double(value: number): void {
    this.reserve(8);
    this.at = this.bytes.writeDoubleLE(value, this.at);
  }

  private raw(data: Uint8Array): void {
    this.reserve(data.length);
    this.bytes.set(data, this.at);
    this.at += data.length;
  }

  private reserve(count: number): void {
    const needed = this.at + count;
    if (needed <= this.bytes.length) return;
    if (needed > MAX_BYTES)
      throw new MongoError(10334, `BSONObj size ${needed} is invalid. Size must be at most 16793600`);
    const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }
}

const writer = new BsonWriter();

/** Encodes a document into a buffer of its own. */
export function writeDocument(doc: Document): Buffer {
  writer.reset();
  writer.document(doc, 0);
  return writer.take();
}

/**
 * Encodes a document followed by elements that are encoded already, at `at` of the buffer `allocate` answers for the
 * whole size. Returns that buffer and the size of the document.
 */
export function writeDocumentAt(
  doc: Document,
  suffix: Uint8Array,
  at: number,
  allocate: (size: number) => Buffer,
): { buffer: Buffer; size: number } {
  writer.reset();
  writer.documentWith(doc, suffix);
  const { size } = writer;
  const buffer = allocate(at + size);
  writer.copyTo(buffer, at);
  return { buffer, size };
}
