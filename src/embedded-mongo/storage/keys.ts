import { createHash } from 'node:crypto';
import { encodeKey, prefixEnd } from '../bson/key.js';

/** LMDB keys end at 1,978 bytes: 4 (owner id) + 1,020 (fields) + 820 (record key) stay below. */
const MAX_FIELD_BYTES = 1000;
const MAX_RECORD_BYTES = 800;
const OWNER_BYTES = 4;

/** An encoded key that fits; `cut` when its end was replaced by a hash (equality stays exact, order does not). */
export interface BoundedKey {
  bytes: Buffer;
  cut: boolean;
}

function bound(bytes: Buffer, limit: number): BoundedKey {
  if (bytes.length <= limit) return { bytes, cut: false };
  const hash = createHash('sha1').update(bytes).digest();
  return { bytes: Buffer.concat([bytes.subarray(0, limit), hash]), cut: true };
}

/** The record key of an `_id`: where its document is stored in its collection. */
export function recordKeyOf(id: unknown): BoundedKey {
  return bound(encodeKey([id], [1]), MAX_RECORD_BYTES);
}

/** The record key of the n-th document of a capped collection: insertion order is reading order there. */
export function sequenceKey(sequence: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(sequence));
  return key;
}

/** The field part of an index entry. */
export const boundFields = (encoded: Buffer): BoundedKey => bound(encoded, MAX_FIELD_BYTES);

/**
 * A bound of an index range for an encoded prefix. A bound that had to be cut loses its hash: every entry with the
 * same beginning is inside the range, and the filter is checked again on the document.
 */
export function boundPrefix(encoded: Buffer): Buffer {
  return encoded.length <= MAX_FIELD_BYTES ? encoded : encoded.subarray(0, MAX_FIELD_BYTES);
}

/** `owner | parts`: the key of a document (owner = collection) or of an index entry (owner = index). */
export function ownedKey(owner: number, ...parts: Buffer[]): Buffer {
  let length = OWNER_BYTES;
  for (const part of parts) length += part.length;
  const key = Buffer.allocUnsafe(length);
  key.writeUInt32BE(owner, 0);
  let at = OWNER_BYTES;
  for (const part of parts) at += part.copy(key, at);
  return key;
}

/** First key that belongs to the next owner: the exclusive end of everything an owner has. */
export const endOfOwner = (owner: number): Buffer => ownedKey(owner + 1);

/** The part of a document key behind the owner. */
export const recordKeyIn = (docKey: Buffer): Buffer => docKey.subarray(OWNER_BYTES);

/** First key behind every key that begins with `prefix` (which begins with an owner, so there always is one). */
export function afterPrefix(prefix: Buffer): Buffer {
  return prefixEnd(prefix) ?? Buffer.concat([prefix, Buffer.from([0xff])]);
}
