import { type Document, isDocument, isNumeric, typeName } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { toInteger } from '../storage/integers.js';
import type { CommandContext } from './context.js';

const MAX_NAMESPACE_BYTES = 255;

/** Namespace of the collection a command names in its first field (or in `field`). */
export function namespaceOf(context: CommandContext, field = context.name): string {
  const name = context.command[field];
  if (typeof name !== 'string') {
    throw new MongoError(73, `collection name has invalid type ${typeName(name)}`);
  }
  return checkedNamespace(context.db, name);
}

/** @throws MongoError 73 InvalidNamespace */
export function checkedNamespace(db: string, name: string): string {
  const ns = `${db}.${name}`;
  if (name === '') throw new MongoError(73, `Invalid namespace specified '${ns}'`);
  if (name.startsWith('.') || name.includes('\0')) throw new MongoError(73, `Invalid namespace specified '${ns}'`);
  if (Buffer.byteLength(ns) > MAX_NAMESPACE_BYTES) {
    throw new MongoError(73, `Fully qualified namespace is too long. Namespace: ${ns} Max: ${MAX_NAMESPACE_BYTES}`);
  }
  return ns;
}

/** A namespace that may be created or written: system names are the server's. */
export function writableNamespace(db: string, name: string): string {
  const ns = checkedNamespace(db, name);
  if (name.includes('$')) throw new MongoError(73, `Invalid collection name: ${name}`);
  if (name.startsWith('system.') && name !== 'system.js' && name !== 'system.views') {
    throw new MongoError(73, `cannot write to '${ns}'`);
  }
  return ns;
}

const wrongType = (command: string, field: string, value: unknown, expected: string): MongoError =>
  new MongoError(
    14,
    `BSON field '${command}.${field}' is the wrong type '${typeName(value)}', expected type '${expected}'`,
  );

export function optionalDocument({ command, name }: CommandContext, field: string): Document | undefined {
  const value = command[field];
  if (value === undefined || value === null) return undefined;
  if (!isDocument(value)) throw wrongType(name, field, value, 'object');
  return value;
}

export function requiredDocument(context: CommandContext, field: string): Document {
  const value = optionalDocument(context, field);
  if (!value) throw missing(context.name, field);
  return value;
}

export function requiredString({ command, name }: CommandContext, field: string): string {
  const value = command[field];
  if (value === undefined) throw missing(name, field);
  if (typeof value !== 'string') throw wrongType(name, field, value, 'string');
  return value;
}

export function optionalArray({ command, name }: CommandContext, field: string): unknown[] | undefined {
  const value = command[field];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrongType(name, field, value, 'array');
  return value as unknown[];
}

/** A count that must not be negative (limit, skip, batchSize, maxTimeMS). */
export function optionalCount({ command, name }: CommandContext, field: string): number | undefined {
  const value = command[field];
  if (value === undefined || value === null) return undefined;
  if (!isNumeric(value)) throw wrongType(name, field, value, 'long');
  const number = toInteger(value, 0);
  if (number < 0) {
    throw new MongoError(51024, `BSON field '${field}' value must be >= 0, actual value '${number}'`);
  }
  return number;
}

export const missing = (command: string, field: string): MongoError =>
  new MongoError(40414, `BSON field '${command}.${field}' is missing but a required field`);

/** @throws MongoError 40415 for a field the command does not know */
export function allowOnly({ command, name }: CommandContext, fields: ReadonlySet<string>): void {
  for (const field of Object.keys(command)) {
    if (field !== name && !fields.has(field) && !GENERIC_FIELDS.has(field)) {
      throw new MongoError(40415, `BSON field '${name}.${field}' is an unknown field.`);
    }
  }
}

/** Fields every command may carry. */
export const GENERIC_FIELDS: ReadonlySet<string> = new Set([
  '$db', '$clusterTime', '$readPreference', '$audit', '$client', '$configServerState', '$queryOptions', '$oplogQueryData',
  'lsid', 'txnNumber', 'autocommit', 'startTransaction', 'stmtId', 'stmtIds', 'readConcern', 'writeConcern', 'comment',
  'maxTimeMS', 'apiVersion', 'apiStrict', 'apiDeprecationErrors', 'help', 'databaseVersion', 'shardVersion',
  'isTimeseriesNamespace', 'bypassEmptyTsReplacement', 'maxTimeMSOpOnly', 'rawData', 'mayBypassWriteBlocking',
]); // prettier-ignore
