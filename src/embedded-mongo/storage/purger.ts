import type { Catalog, Purge } from './catalog.js';
import type { Environment } from './environment.js';
import { endOfOwner, ownedKey } from './keys.js';
import type { WriteQueue } from './write-queue.js';

/** Keys removed per commit: about 2 ms of work between two chances for others. */
const PURGE_BATCH = 500;

/**
 * Removes what dropped collections and indexes left behind, a little per commit. Dropping is then quick whatever the
 * size, and a crash in between costs nothing: the list of what remains is part of the catalog.
 */
export class Purger {
  private running = false;
  private stopped = false;

  constructor(
    private readonly env: Environment,
    private readonly catalog: Catalog,
    private readonly queue: WriteQueue,
  ) {}

  start(): void {
    if (this.running || this.stopped) return;
    this.running = true;
    // After the commit that made the purge necessary, never inside it.
    setImmediate(() => void this.run());
  }

  stop(): void {
    this.stopped = true;
  }

  private async run(): Promise<void> {
    try {
      while (!this.stopped && this.catalog.pendingPurges().length > 0) {
        await this.queue.submit(() => this.purgeSome());
      }
    } catch {
      // A full disk, most likely. Nothing depends on the purge: the next drop or start tries again.
    } finally {
      this.running = false;
    }
  }

  private purgeSome(): void {
    let left = PURGE_BATCH;
    for (const purge of [...this.catalog.pendingPurges()]) {
      left -= this.purge(purge, left);
      if (left <= 0) return;
      this.catalog.purged(purge);
    }
  }

  private purge({ store, id }: Purge, limit: number): number {
    const keys = [...this.env[store].getKeys({ start: ownedKey(id), end: endOfOwner(id), limit })];
    for (const key of keys) this.env[store].removeSync(key);
    return keys.length;
  }
}
