import { createHash } from 'node:crypto';
import { Binary, Long } from 'bson';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';

/** Sessions unused for this long are forgotten (`logicalSessionTimeoutMinutes` in `hello`). */
export const SESSION_TIMEOUT_MINUTES = 30;

/** A logical session of one command: who, and the number that makes a write retryable or names its transaction. */
export interface Session {
  /** Key under which the session is remembered: its id and the user's. */
  key: string;
  lsid: Document;
  txnNumber: bigint | null;
  /** False inside a transaction; absent otherwise. */
  autocommit?: boolean;
  startTransaction: boolean;
}

/**
 * Reads the session fields of a command.
 * @throws MongoError 14, 72 for combinations drivers do not send
 */
export function sessionOf(command: Document, user: string | null): Session | null {
  const { lsid, txnNumber, autocommit, startTransaction } = command;
  if (lsid === undefined) {
    if (txnNumber !== undefined)
      throw new MongoError(72, 'Transaction number requires a session ID to also be specified');
    return null;
  }
  const id = isDocument(lsid) ? lsid['id'] : undefined;
  if (!(id instanceof Binary) || id.position !== 16) throw new MongoError(14, 'lsid.id must be a UUID');
  if (txnNumber === undefined && (autocommit !== undefined || startTransaction !== undefined)) {
    throw new MongoError(72, "'autocommit' and 'startTransaction' require a transaction number");
  }
  if (autocommit === true) throw new MongoError(72, 'Specifying autocommit=true is not allowed.');
  if (startTransaction !== undefined && (startTransaction !== true || autocommit !== false)) {
    throw new MongoError(72, "'startTransaction' field requires 'autocommit' field to also be specified");
  }
  return {
    key: sessionKey(id, user),
    lsid: lsid as Document,
    txnNumber: txnNumber === undefined ? null : toBigInt(txnNumber),
    ...(autocommit === undefined ? {} : { autocommit: false }),
    startTransaction: startTransaction === true,
  };
}

/** Sessions of different users never meet, even with the same id. */
export function sessionKey(id: Binary, user: string | null): string {
  const bytes = Buffer.from(id.buffer.subarray(0, 16)).toString('hex');
  return user === null ? bytes : `${bytes}:${createHash('sha256').update(user).digest('hex').slice(0, 16)}`;
}

function toBigInt(value: unknown): bigint {
  if (Long.isLong(value)) return value.toBigInt();
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  throw new MongoError(14, "BSON field 'txnNumber' is the wrong type, expected type 'long'");
}

/** An lsid as an event or a reply carries it: the id, and a digest of the user as MongoDB adds it. */
export function lsidWithUser(lsid: Document, user: string | null): Document {
  const uid = createHash('sha256')
    .update(user ?? '')
    .digest();
  return { id: lsid['id'], uid: new Binary(uid, 0) };
}
