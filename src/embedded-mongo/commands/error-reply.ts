import { MongoError } from '../errors.js';
import type { Document } from '../bson/values.js';
import type { Session } from '../sessions/session.js';
import { DuplicateKeyError } from '../storage/duplicate-key-error.js';

/** After these a driver may send the same write again (MongoDB's RetriableError category). */
const RETRYABLE = new Set([6, 7, 63, 89, 91, 134, 189, 262, 358, 9001, 10107, 11600, 11602, 13435, 13436]);
/** After these a transaction may be run again from its start. */
const TRANSIENT = new Set([24, 112, 239, 246, 267]);
const NO_SUCH_TRANSACTION = 251;

/** The `{ok: 0}` document of an error. Unexpected errors become InternalError; their text goes to the client, not a log. */
export function errorReply(error: unknown, labels: string[]): Document {
  const mongo = toMongoError(error);
  return {
    ok: 0,
    errmsg: mongo.message,
    code: mongo.code,
    codeName: mongo.codeName,
    ...(mongo instanceof DuplicateKeyError ? { keyPattern: mongo.keyPattern, keyValue: mongo.keyValue } : {}),
    ...(mongo.errInfo ? { errInfo: mongo.errInfo } : {}),
    ...(labels.length > 0 ? { errorLabels: labels } : {}),
  };
}

export function toMongoError(error: unknown): MongoError {
  if (error instanceof MongoError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/MDB_MAP_FULL|ENOSPC|No space left|EFBIG|File too large|EDQUOT|ENOMEM.*map/i.test(message)) {
    return new MongoError(14031, 'the disk of the embedded store is full; nothing of this command was written', {
      cause: error,
    });
  }
  if (error instanceof RangeError) return new MongoError(22, `invalid BSON: ${message}`, { cause: error });
  return new MongoError(1, message, { cause: error });
}

/** One element of `writeErrors`. */
export function writeErrorOf(error: MongoError, index: number): Document {
  return {
    index,
    code: error.code,
    ...(error instanceof DuplicateKeyError ? { keyPattern: error.keyPattern, keyValue: error.keyValue } : {}),
    ...(error.errInfo ? { errInfo: error.errInfo } : {}),
    errmsg: error.message,
  };
}

/** Labels MongoDB puts on an error by its code and by what kind of command failed. */
export function labelsFor(error: unknown, command: string, session: Session | null): string[] {
  const { code, labels = [] } = toMongoError(error);
  const found = new Set(labels);
  const inTransaction = session?.autocommit === false;
  const ends = command === 'commitTransaction' || command === 'abortTransaction';
  if (inTransaction && isTransient(code, ends)) found.add('TransientTransactionError');
  const retryableWrite = session !== null && session.txnNumber !== null && (!inTransaction || ends);
  if (retryableWrite && RETRYABLE.has(code)) found.add('RetryableWriteError');
  return [...found];
}

function isTransient(code: number, ends: boolean): boolean {
  if (TRANSIENT.has(code) || code === NO_SUCH_TRANSACTION) return true;
  return !ends && RETRYABLE.has(code);
}
