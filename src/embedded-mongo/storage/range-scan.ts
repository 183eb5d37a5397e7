import type { Transaction } from 'lmdb';
import type { Store } from './environment.js';
import { PAUSE, type Pause, type TimeSlice } from './time-slice.js';

/** Keys from `start` (inclusive) to `end` (exclusive), whatever the direction of reading. */
export interface KeyRange {
  start: Buffer;
  end: Buffer;
}

export interface Entry {
  key: Buffer;
  value: Buffer;
}

export interface ScanOptions {
  reverse: boolean;
  slice: TimeSlice;
  /** Read this snapshot instead of the newest state. */
  transaction?: Transaction;
}

const FIRST_CHUNK = 4;
const LARGEST_CHUNK = 256;
const CHUNK_BYTES = 512 * 1024;
/** No key is this long, so `key + this` sorts directly behind `key` and everything that extends it by less. */
const AFTER = Buffer.from([0]);

/**
 * Walks a range in chunks and holds no LMDB cursor between them: a cursor that stays open would keep old pages from
 * being reused, and a client may come back for the next batch in ten minutes. Each chunk seeks behind the last key
 * seen, so entries that are added or removed meanwhile do no harm.
 */
export function* scanRange(store: Store, range: KeyRange, options: ScanOptions): Generator<Entry | Pause, void> {
  const { reverse, slice, transaction } = options;
  let { start, end } = range;
  let size = FIRST_CHUNK;
  while (Buffer.compare(start, end) < 0) {
    const chunk = readChunk(store, start, end, reverse, size, transaction);
    for (const entry of chunk.entries) {
      if (slice.due()) yield PAUSE;
      yield entry;
    }
    if (chunk.last) return;
    const { key } = chunk.entries.at(-1) as Entry;
    if (reverse) end = key;
    else start = Buffer.concat([key, AFTER]);
    size = Math.min(size * 4, LARGEST_CHUNK);
  }
}

interface Chunk {
  entries: Entry[];
  last: boolean;
}

function readChunk(
  store: Store,
  start: Buffer,
  end: Buffer,
  reverse: boolean,
  limit: number,
  transaction: Transaction | undefined,
): Chunk {
  const entries: Entry[] = [];
  let bytes = 0;
  const bounds = reverse
    ? { start: end, end: start, exclusiveStart: true, inclusiveEnd: true, reverse: true }
    : { start, end };
  const options = transaction ? { ...bounds, limit, transaction } : { ...bounds, limit };
  for (const entry of store.getRange(options)) {
    entries.push(entry);
    bytes += entry.value.length;
    if (bytes > CHUNK_BYTES) return { entries, last: false };
  }
  return { entries, last: entries.length < limit };
}
