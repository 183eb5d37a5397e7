import type { Transaction as LmdbTransaction } from 'lmdb';
import type { CollectionInfo, IndexInfo } from './catalog-types.js';
import type { Environment } from './environment.js';
import { endOfOwner, ownedKey } from './keys.js';
import { scanRange, type Entry, type KeyRange } from './range-scan.js';
import type { Pause, TimeSlice } from './time-slice.js';

/** A document with the key it is stored under. */
export interface Row {
  recordKey: Buffer;
  raw: Buffer;
}

/** What an open transaction has changed in a collection: `raw` is null for a removed document. */
export type Overlay = ReadonlyMap<string, { recordKey: Buffer; raw: Buffer | null }>;

const OWNER_BYTES = 4;

/**
 * The documents as one reader sees them: the newest commit, or the snapshot of a transaction with the transaction's
 * own changes over it.
 */
export class ReadView {
  constructor(
    private readonly env: Environment,
    private readonly snapshot?: LmdbTransaction,
    private readonly overlays?: ReadonlyMap<number, Overlay>,
    private readonly passes = false,
  ) {}

  /** The same view for a reader that is done with a document before it asks for the next: they are not copied. */
  passing(): ReadView {
    return new ReadView(this.env, this.snapshot, this.overlays, true);
  }

  /** Changes of the transaction in this collection, if there are any. */
  overlay(info: CollectionInfo): Overlay | undefined {
    const overlay = this.overlays?.get(info.id);
    return overlay && overlay.size > 0 ? overlay : undefined;
  }

  get(info: CollectionInfo, recordKey: Buffer): Buffer | undefined {
    const changed = this.overlay(info)?.get(recordKey.toString('latin1'));
    return changed ? (changed.raw ?? undefined) : this.committed(info, recordKey);
  }

  /** The document without the transaction's own changes. */
  committed(info: CollectionInfo, recordKey: Buffer): Buffer | undefined {
    const key = ownedKey(info.id, recordKey);
    if (this.snapshot) return this.env.docs.get(key, { transaction: this.snapshot });
    const shared = this.env.docs.getBinaryFast(key);
    if (!shared) return undefined;
    // lmdb reads into a buffer of its own that is longer than the value.
    const raw = shared.subarray(0, shared.length);
    return this.passes ? raw : Buffer.from(raw);
  }

  /** All committed documents whose record keys lie in the range; by default the whole collection. */
  *records(info: CollectionInfo, range: KeyRange | null, reverse: boolean, slice: TimeSlice): Generator<Row | Pause> {
    const bounds = range ?? { start: ownedKey(info.id), end: endOfOwner(info.id) };
    for (const entry of this.scan(this.env.docs, bounds, reverse, slice)) {
      yield typeof entry === 'symbol' ? entry : { recordKey: entry.key.subarray(OWNER_BYTES), raw: entry.value };
    }
  }

  /** Committed entries of an index inside a range; `value` is the record key. */
  entries(_index: IndexInfo, range: KeyRange, reverse: boolean, slice: TimeSlice): Generator<Entry | Pause> {
    return this.scan(this.env.index, range, reverse, slice);
  }

  private scan(store: Environment['docs'], range: KeyRange, reverse: boolean, slice: TimeSlice) {
    return scanRange(store, range, { reverse, slice, transaction: this.snapshot });
  }
}
