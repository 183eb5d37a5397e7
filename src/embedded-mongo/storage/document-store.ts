import { MongoError } from '../errors.js';
import { ChangeFeed } from '../changes/change-feed.js';
import { LogicalClock } from '../changes/logical-clock.js';
import { Catalog } from './catalog.js';
import type { CollectionInfo } from './catalog-types.js';
import { openEnvironment, type Environment } from './environment.js';
import { Purger } from './purger.js';
import { RecordStore } from './record-store.js';
import { WriteQueue } from './write-queue.js';

/**
 * The store of one directory: catalog, documents, indexes and the queue all writes go through. Reads see the newest
 * commit at any time; whatever changes something is a function given to `write`.
 */
export class DocumentStore {
  readonly catalog: Catalog;
  readonly clock = new LogicalClock();
  readonly feed = new ChangeFeed(this.clock);
  readonly records: RecordStore;
  /** Told when a commit was undone, so that others forget what they remembered of it. */
  onUndone: () => void = () => undefined;
  private readonly queue: WriteQueue;
  private readonly purger: Purger;

  constructor(readonly env: Environment) {
    this.catalog = new Catalog(env.meta);
    this.records = new RecordStore(env, this.catalog, this.feed);
    this.queue = new WriteQueue(
      env.root,
      {
        beforeCommit: () => this.catalog.flush(),
        committed: () => this.feed.publish(),
        undone: () => {
          this.feed.discard();
          this.catalog.load();
          this.onUndone();
        },
      },
      (error) => error instanceof MongoError,
    );
    this.purger = new Purger(env, this.catalog, this.queue);
  }

  /** @throws CorruptStoreError */
  static open(dir: string): DocumentStore {
    const store = new DocumentStore(openEnvironment(dir));
    store.purger.start();
    return store;
  }

  /** Runs `run` in the next commit; resolves when it is on disk. A MongoError it throws is its answer. */
  write<T>(run: () => T): Promise<T> {
    return this.queue.submit(run);
  }

  /** Drops a collection; small ones at once, the records of large ones are removed in the background. */
  drop(info: CollectionInfo): void {
    this.catalog.remove(info);
    this.purger.start();
  }

  dropIndexes(info: CollectionInfo, names: string[]): void {
    for (const index of info.indexes.filter((candidate) => names.includes(candidate.name))) {
      this.catalog.dropIndex(info, index);
    }
    this.purger.start();
  }

  async close(): Promise<void> {
    this.purger.stop();
    await this.queue.idle();
    await this.env.close();
  }
}
