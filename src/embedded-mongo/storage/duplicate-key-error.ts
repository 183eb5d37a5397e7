import { Binary, Code, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import { isDocument, type Document } from '../bson/values.js';
import { MongoError } from '../errors.js';

/** 11000, with the fields drivers and mongoose read: which index, and which value was there already. */
export class DuplicateKeyError extends MongoError {
  constructor(
    readonly ns: string,
    readonly indexName: string,
    readonly keyPattern: Document,
    readonly keyValue: Document,
  ) {
    super(11000, `E11000 duplicate key error collection: ${ns} index: ${indexName} dup key: ${shellText(keyValue)}`);
    this.name = 'DuplicateKeyError';
  }
}

/** A value as the shell prints it, the form MongoDB uses inside messages. */
export function shellText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[ ${value.map(shellText).join(', ')} ]`;
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (Long.isLong(value)) return value.toString();
  if (value instanceof Double) return Number.isInteger(value.value) ? value.value.toFixed(1) : String(value.value);
  if (value instanceof Decimal128) return `Decimal128('${value.toString()}')`;
  if (value instanceof Timestamp) return `Timestamp(${value.getHighBits()}, ${value.getLowBits()})`;
  if (value instanceof Binary) return binaryText(value);
  if (value instanceof MinKey) return 'MinKey';
  if (value instanceof MaxKey) return 'MaxKey';
  if (value instanceof Code) return value.code.toString();
  if (isDocument(value)) return documentText(value);
  return JSON.stringify(value);
}

function binaryText(value: Binary): string {
  const hex = Buffer.from(value.buffer.subarray(0, value.position)).toString('hex').toUpperCase();
  if (value.sub_type !== Binary.SUBTYPE_UUID) return `BinData(${value.sub_type}, ${hex})`;
  return `UUID("${value.toUUID().toString()}")`;
}

function documentText(value: Document): string {
  const fields = Object.entries(value).map(([name, field]) => `${name}: ${shellText(field)}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}
