import type { CollectionInfo } from '../storage/catalog-types.js';
import { RetryWhenReady } from '../storage/write-queue.js';

interface Waiting {
  ready: Promise<void>;
  wake: () => void;
}

/** Which open transaction has changed which document. */
export class RecordLocks {
  private readonly owners = new Map<string, object>();
  private readonly keysOf = new Map<object, Set<string>>();
  private readonly waiting = new Map<object, Waiting>();

  get size(): number {
    return this.owners.size;
  }

  /** False when another transaction has the document. */
  take(owner: object, info: CollectionInfo, recordKey: Buffer): boolean {
    const key = lockKey(info, recordKey);
    const current = this.owners.get(key);
    if (current !== undefined) return current === owner;
    this.owners.set(key, owner);
    const keys = this.keysOf.get(owner);
    if (keys) keys.add(key);
    else this.keysOf.set(owner, new Set([key]));
    return true;
  }

  /**
   * For writers outside of transactions: they wait until the transaction ends, as in MongoDB.
   * @throws RetryWhenReady
   */
  refuse(info: CollectionInfo, recordKey: Buffer): void {
    const owner = this.owners.get(lockKey(info, recordKey));
    if (owner !== undefined) throw new RetryWhenReady(this.waitFor(owner));
  }

  release(owner: object): void {
    for (const key of this.keysOf.get(owner) ?? []) this.owners.delete(key);
    this.keysOf.delete(owner);
  }

  /** The transaction is over, one way or the other: whoever waits for it may try again. */
  wake(owner: object): void {
    this.waiting.get(owner)?.wake();
    this.waiting.delete(owner);
  }

  waitFor(owner: object): Promise<void> {
    let waiting = this.waiting.get(owner);
    if (!waiting) {
      let wake = (): void => undefined;
      const ready = new Promise<void>((resolve) => (wake = resolve));
      waiting = { ready, wake };
      this.waiting.set(owner, waiting);
    }
    return waiting.ready;
  }
}

const lockKey = (info: CollectionInfo, recordKey: Buffer): string => `${info.id}:${recordKey.toString('latin1')}`;
