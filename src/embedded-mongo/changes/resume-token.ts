import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';

/** Where in the feed a token points: behind the event with this sequence. */
export interface TokenPosition {
  sequence: number;
  /** The stream ended with this event (the collection was dropped or renamed). */
  invalidate: boolean;
}

const RUN_BYTES = 8;
const KIND = { event: 1, invalidate: 2 } as const;
const BYTES = 8 + 1 + RUN_BYTES;

/**
 * `{ _data: "hex" }`; as in MongoDB the text of later tokens is larger.
 * @param run eight bytes that tell this run of the server from others, whose history is gone
 */
export function encodeToken({ sequence, invalidate }: TokenPosition, run: Buffer): Document {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeBigUInt64BE(BigInt(sequence), 0);
  bytes[8] = invalidate ? KIND.invalidate : KIND.event;
  run.copy(bytes, 9);
  return { _data: bytes.toString('hex').toUpperCase() };
}

/** @throws MongoError 286 for tokens of an earlier run, 260 for what is no token */
export function decodeToken(token: unknown, run: Buffer): TokenPosition {
  const data = isDocument(token) ? token['_data'] : undefined;
  if (typeof data !== 'string') throw new MongoError(40649, "invalid resume token: no '_data' string");
  if (!/^([0-9a-f]{2})*$/i.test(data))
    throw new MongoError(9, `resume token string was not a valid hex string: ${data}`);
  const bytes = Buffer.from(data, 'hex');
  if (bytes.length !== BYTES) throw new MongoError(260, 'the resume token is not one of this server');
  if (!bytes.subarray(9).equals(run)) {
    throw new MongoError(
      286,
      'Resume of change stream was not possible, as the resume point may no longer be in the history: the embedded store keeps it in memory and was restarted',
      { labels: ['NonResumableChangeStreamError'] },
    );
  }
  return { sequence: Number(bytes.readBigUInt64BE(0)), invalidate: bytes[8] === KIND.invalidate };
}
