import type { CollectionInfo, IndexInfo } from '../storage/catalog-types.js';
import { compileIndex } from '../storage/index-entries.js';
import { keyPrefix } from '../bson/key.js';
import { afterPrefix, ownedKey } from '../storage/keys.js';
import type { KeyRange } from '../storage/range-scan.js';
import type { ServerState } from './server-state.js';

/** MongoDB removes expired documents once a minute. */
const TTL_INTERVAL_MS = 60_000;
const HOUSEKEEPING_MS = 1_000;
/** Documents removed per commit. */
const TTL_BATCH = 500;
const REPLY_BATCH = 1_000;

/** What has to be done from time to time: expired documents, idle cursors, old transactions, forgotten sessions. */
export class Sweeper {
  private timers: NodeJS.Timeout[] = [];
  private sweeping = false;
  private stopped = false;

  constructor(
    private readonly server: ServerState,
    private readonly ttlIntervalMs = TTL_INTERVAL_MS,
  ) {}

  start(): void {
    this.timers = [
      setInterval(() => this.housekeeping(), HOUSEKEEPING_MS),
      setInterval(() => void this.expire(), this.ttlIntervalMs),
    ];
    for (const timer of this.timers) timer.unref();
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
  }

  /** Removes documents whose time is over, a batch per commit. */
  async expire(now = Date.now()): Promise<number> {
    if (this.sweeping) return 0;
    this.sweeping = true;
    let removed = 0;
    try {
      for (const info of this.server.store.catalog.list()) {
        for (const index of info.indexes) {
          if (index.expireAfterSeconds !== undefined && !index.building)
            removed += await this.expireIndex(info, index, now);
        }
      }
      await this.server.store.write(() => this.server.retries.sweep(now, REPLY_BATCH));
    } catch {
      // A full disk or a server that is stopping: the next sweep tries again.
    } finally {
      this.sweeping = false;
    }
    return removed;
  }

  private housekeeping(): void {
    this.server.cursors.sweep();
    this.server.transactions.sweep();
  }

  private async expireIndex(info: CollectionInfo, index: IndexInfo, now: number): Promise<number> {
    const limit = new Date(now - (index.expireAfterSeconds as number) * 1000);
    const range = expiredRange(index, limit);
    let total = 0;
    for (let removed = TTL_BATCH; removed === TTL_BATCH && !this.stopped; total += removed) {
      removed = await this.server.store.write(() => this.removeSome(info.id, index.id, range));
    }
    return total;
  }

  private removeSome(collection: number, index: number, range: KeyRange): number {
    const { catalog, env, records } = this.server.store;
    const info = catalog.findById(collection);
    if (!info?.indexes.some(({ id }) => id === index)) return 0;
    const entries = [...env.index.getRange({ start: range.start, end: range.end, limit: TTL_BATCH })];
    for (const { value: recordKey } of entries) {
      const raw = records.get(info, recordKey);
      if (raw) records.remove(info, recordKey, raw);
    }
    return entries.length;
  }
}

/** Entries with a date up to `limit`; other types never expire. */
function expiredRange(index: IndexInfo, limit: Date): KeyRange {
  const [direction = 1] = compileIndex(index).directions;
  const oldest = ownedKey(index.id, keyPrefix([new Date(-8.64e15)], [direction]));
  const newest = ownedKey(index.id, keyPrefix([limit], [direction]));
  const [first, last] = direction === 1 ? [oldest, newest] : [newest, oldest];
  return { start: first, end: afterPrefix(last) };
}
