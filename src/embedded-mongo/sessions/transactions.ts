import { MongoError } from '../errors.js';
import type { Document } from '../bson/values.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import type { DocumentStore } from '../storage/document-store.js';
import { RetryWhenReady } from '../storage/write-queue.js';
import { ReadView } from '../storage/read-view.js';
import { RecordLocks } from './record-locks.js';
import type { RetryableWrites } from './retryable-writes.js';
import { lsidWithUser, type Session } from './session.js';
import { ConflictAtCommit, Transaction, TRANSACTION_LIFETIME_MS, writeConflict } from './transaction.js';
import { DirectWriter, type DocumentWriter, type Names, type WritableNames } from './writer.js';

/** Who runs a command; the part of a command's context that decides where its reads and writes go. */
export interface Caller {
  session: Session | null;
  connection: { user: string | null };
}

/** What a command reads. */
export interface ReadScope {
  view: ReadView;
  names: Names;
}

/** The open transactions, and the way of every write: into the queue, or into its transaction. */
export class Transactions {
  /** The newest transaction of each session. */
  private readonly bySession = new Map<string, Transaction>();
  private readonly locks = new RecordLocks();
  private readonly direct: DirectWriter;

  constructor(
    private readonly store: DocumentStore,
    private readonly retries: RetryableWrites,
    private readonly onEnd: (session: Session) => void,
  ) {
    this.direct = new DirectWriter(store);
    store.records.guard = (info, recordKey) => {
      if (this.locks.size > 0) this.locks.refuse(info, recordKey);
    };
  }

  /** Where the reads of a command go. Starts the transaction at its first command. */
  read({ session }: Caller): ReadScope {
    if (session?.autocommit !== false) return { view: new ReadView(this.store.env), names: this.direct.names };
    return this.current(session);
  }

  /**
   * Runs a write: in its transaction at once, else in the next commit. A retryable write that was executed before is
   * answered with its stored reply instead. `run` may be called more than once; it makes its state anew each time.
   */
  async write(caller: Caller, run: (writer: DocumentWriter) => Document): Promise<Document> {
    const { session } = caller;
    if (session?.autocommit === false) return this.inTransaction(session, run);
    if (!session || session.txnNumber === null) return this.store.write(() => run(this.direct));
    this.checkNumber(session);
    return this.store.write(() => {
      const stored = this.retries.find(session);
      if (stored) return stored;
      const reply = run(this.direct);
      this.retries.save(session, reply);
      return reply;
    });
  }

  /** A change of names: part of the transaction, or of the next commit. */
  async structural(caller: Caller, run: (names: WritableNames) => Document): Promise<Document> {
    const { session } = caller;
    if (session?.autocommit === false) return this.inTransaction(session, (writer) => run(writer.names));
    return this.store.write(() => run(this.direct.names));
  }

  /** Puts several steps of one transaction command in one: what throws ends the transaction. */
  private inTransaction(session: Session, run: (writer: DocumentWriter) => Document): Document {
    const transaction = this.current(session);
    try {
      const reply = run(transaction);
      const { writeErrors } = reply;
      // A failed statement inside a transaction ends it, as in MongoDB.
      if (Array.isArray(writeErrors) && writeErrors.length > 0) this.end(transaction, 'aborted');
      return reply;
    } catch (error) {
      this.end(transaction, 'aborted');
      throw error;
    }
  }

  /** A command of a transaction failed: the transaction is over. Its end itself may be tried again. */
  abortAfterError(command: string, { session }: Caller): void {
    if (session?.autocommit !== false || command === 'commitTransaction' || command === 'abortTransaction') return;
    const transaction = this.bySession.get(session.key);
    if (transaction && transaction.session.txnNumber === session.txnNumber) this.end(transaction, 'aborted');
  }

  async commit({ session, connection }: Caller): Promise<Document> {
    const transaction = this.named(session);
    if (transaction.state === 'committed') return { ok: 1 };
    if (transaction.state === 'aborted') throw aborted(transaction.session);
    try {
      await this.apply(transaction, connection.user);
      this.end(transaction, 'committed');
      return { ok: 1 };
    } catch (error) {
      this.end(transaction, 'aborted');
      if (error instanceof ConflictAtCommit) throw writeConflict(error);
      throw error;
    }
  }

  abort({ session }: Caller): Document {
    const transaction = this.named(session);
    if (transaction.state === 'committed') {
      throw new MongoError(256, `Transaction ${transaction.session.txnNumber} has been committed.`);
    }
    if (transaction.state === 'aborted') throw aborted(transaction.session);
    this.end(transaction, 'aborted');
    return { ok: 1 };
  }

  /** The session is over: so is what it left open. */
  endSession(key: string): void {
    const transaction = this.bySession.get(key);
    if (transaction?.state === 'open') this.end(transaction, 'aborted');
    this.bySession.delete(key);
  }

  /** Ends transactions that live too long. */
  sweep(now = performance.now()): void {
    for (const transaction of this.bySession.values()) {
      const isOld = now - transaction.startedAt > TRANSACTION_LIFETIME_MS;
      if (isOld && transaction.state === 'open') this.end(transaction, 'aborted');
      if (isOld && now - transaction.startedAt > 30 * TRANSACTION_LIFETIME_MS)
        this.bySession.delete(transaction.session.key);
    }
  }

  get openCount(): number {
    return [...this.bySession.values()].filter(({ state }) => state === 'open').length;
  }

  abortAll(): void {
    for (const transaction of this.bySession.values()) this.end(transaction, 'aborted');
  }

  /** A change of names that has to wait until no open transaction has changed the collection. Inside a write. */
  refuseIfLocked(info: CollectionInfo): void {
    for (const transaction of this.bySession.values()) {
      if (transaction.state === 'open' && transaction.changedCollections.has(info.id)) {
        throw new RetryWhenReady(this.locks.waitFor(transaction));
      }
    }
  }

  /** The open transaction of a command. */
  private current(session: Session): Transaction {
    const known = this.bySession.get(session.key);
    if (session.startTransaction) return this.start(session, known);
    if (known && known.session.txnNumber === session.txnNumber) {
      if (known.state === 'open') return known;
      if (known.state === 'committed') {
        throw new MongoError(256, `Transaction with { txnNumber: ${session.txnNumber} } has been committed.`);
      }
    }
    throw aborted(session);
  }

  private start(session: Session, known: Transaction | undefined): Transaction {
    // Reads and writes of the starting command ask one after the other; they mean the same transaction.
    if (known?.session === session) return known;
    this.checkNumber(session);
    if (known && known.session.txnNumber === session.txnNumber) {
      throw new MongoError(
        117,
        `Cannot start a transaction at given transaction number ${session.txnNumber}; a transaction with the same number is in progress`,
      );
    }
    if (known) this.end(known, 'aborted');
    const transaction = new Transaction(session, this.store, this.locks);
    this.bySession.set(session.key, transaction);
    return transaction;
  }

  /** @throws MongoError 225 for a number below one the session has used for a transaction */
  private checkNumber(session: Session): void {
    const known = this.bySession.get(session.key);
    if (!known || (known.session.txnNumber as bigint) <= (session.txnNumber as bigint)) {
      if (known && known.state === 'open' && known.session.txnNumber !== session.txnNumber) this.end(known, 'aborted');
      return;
    }
    throw new MongoError(
      225,
      `Cannot start transaction ${session.txnNumber} on session because a newer transaction ${known.session.txnNumber} has already started.`,
    );
  }

  private named(session: Session | null): Transaction {
    if (session?.autocommit !== false) throw new MongoError(125, 'commitTransaction must be run within a transaction');
    const known = this.bySession.get(session.key);
    if (!known || known.session.txnNumber !== session.txnNumber) throw aborted(session);
    return known;
  }

  private apply(transaction: Transaction, user: string | null): Promise<void> {
    const { lsid, txnNumber } = transaction.session;
    const origin = { lsid: lsidWithUser(lsid, user), txnNumber: txnNumber as bigint };
    return this.store.write(() => this.store.feed.inTransaction(origin, () => transaction.apply()));
  }

  private end(transaction: Transaction, state: 'committed' | 'aborted'): void {
    if (transaction.state !== 'open') return;
    transaction.finish(state);
    this.onEnd(transaction.session);
  }
}

function aborted(session: Session): MongoError {
  return new MongoError(
    251,
    `Given transaction number ${session.txnNumber} does not match any in-progress transactions. The active transaction number is -1`,
  );
}
