import { Long } from 'bson';
import { decode, encode } from '../bson/codec.js';
import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { Store } from '../storage/environment.js';
import { SESSION_TIMEOUT_MINUTES, type Session } from './session.js';

interface Stored {
  txnNumber: bigint;
  reply: Document;
  at: Date;
}

/** Sessions whose last number is remembered in memory, so that a first write does not read the store. */
const MAX_CACHED = 10_000;

/**
 * The last reply of every session, kept in the same commit as the write it answers: a driver that lost the connection
 * sends the command again with the same number and gets the reply, also after a restart of the server.
 */
export class RetryableWrites {
  private readonly latest = new Map<string, bigint>();

  constructor(private readonly store: Store) {}

  /**
   * The reply of this very command if it was executed before. Runs inside a write.
   * @throws MongoError 225 TransactionTooOld when the session has gone on to a higher number
   */
  find(session: Session): Document | null {
    const number = session.txnNumber as bigint;
    const known = this.latest.get(session.key);
    if (known !== undefined && known < number) return null;
    const stored = this.read(session.key);
    if (!stored || stored.txnNumber < number) return null;
    if (stored.txnNumber === number) return stored.reply;
    throw new MongoError(
      225,
      `Retryable write with txnNumber ${number} is prohibited on session ${session.key} because a newer retryable write ` +
        `with txnNumber ${stored.txnNumber} has already started on this session.`,
    );
  }

  /** Whether this very command was executed before. */
  peek(session: Session): boolean {
    const stored = this.read(session.key);
    return stored !== null && stored.txnNumber === session.txnNumber;
  }

  /** Remembers the reply. Runs inside the write that made it. */
  save(session: Session, reply: Document): void {
    const number = session.txnNumber as bigint;
    this.remember(session.key, number);
    const raw = encode({ txnNumber: Long.fromBigInt(number), at: new Date(), reply });
    this.store.putSync(Buffer.from(session.key), raw);
  }

  /** The commit that held the newest replies was undone. */
  forget(): void {
    this.latest.clear();
  }

  /** Removes replies nobody can ask for any more; at most `limit`. Runs inside a write. */
  sweep(now: number, limit: number): number {
    const oldest = now - SESSION_TIMEOUT_MINUTES * 60_000;
    let removed = 0;
    for (const { key, value } of this.store.getRange({ start: Buffer.from([0]) })) {
      if ((decode(value)['at'] as Date).getTime() >= oldest) continue;
      this.store.removeSync(key);
      this.latest.delete(key.toString());
      if (++removed >= limit) break;
    }
    return removed;
  }

  private read(key: string): Stored | null {
    const raw = this.store.getBinary(Buffer.from(key));
    if (!raw) return null;
    const { txnNumber, reply, at } = decode(raw) as { txnNumber: Long; reply: Document; at: Date };
    return { txnNumber: BigInt(txnNumber.toString()), reply, at };
  }

  private remember(key: string, number: bigint): void {
    if (this.latest.size >= MAX_CACHED) this.latest.delete(this.latest.keys().next().value as string);
    this.latest.set(key, number);
  }
}
