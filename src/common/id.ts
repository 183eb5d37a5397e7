import { randomBytes } from 'node:crypto';

/** What every document id looks like; path parameters are checked against it before they reach a query. */
export const ID_PATTERN = /^[0-9a-f]{24}$/;

// Counter and random part as in MongoDB's ObjectId: ids of one process sort by creation, ids of two processes never meet.
const processPart = randomBytes(5).toString('hex');
let counter = randomBytes(3).readUIntBE(0, 3);

/** A new document id: 24 lower-case hex digits, ordered by second of creation (layout of BSON ObjectId). */
export function newId(now: number = Date.now()): string {
  counter = (counter + 1) % 0x1000000;
  const seconds = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0');
  return seconds + processPart + counter.toString(16).padStart(6, '0');
}
