import { randomBytes } from 'node:crypto';
import type { Timestamp } from 'bson';
import { rawField } from '../bson/codec.js';
import type { Document } from '../bson/values.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import type { ChangeSink } from '../storage/record-store.js';
import type { LogicalClock } from './logical-clock.js';

/** One committed change, as change streams need it. Raw documents are copies: they outlive the network buffer. */
export interface ChangeEvent {
  /** Position in the feed; every event has its own. */
  sequence: number;
  time: Timestamp;
  wallTime: Date;
  kind: ChangeKind;
  db: string;
  /** Absent for events of a whole database. */
  collection?: string;
  collectionId?: number;
  id?: unknown;
  before?: Buffer;
  after?: Buffer;
  /** Further fields of the event (rename target, index specification, ...). */
  detail?: Document;
  /** Session and number of the transaction the change belongs to. */
  transaction?: { lsid: Document; txnNumber: bigint };
}

export type ChangeKind =
  | 'insert'
  | 'update'
  | 'replace'
  | 'delete'
  | 'drop'
  | 'rename'
  | 'dropDatabase'
  | 'create'
  | 'createIndexes'
  | 'dropIndexes'
  | 'modify';

const MAX_EVENTS = 20_000;
const MAX_BYTES = 64 * 1024 * 1024;

type Pending = Omit<ChangeEvent, 'sequence' | 'time' | 'wallTime'>;

/**
 * The recent history of changes, in memory. It is kept from the moment the first change stream asks for it, and holds
 * the newest 20,000 events or 64 MB; a stream that wants to resume from before gets ChangeStreamHistoryLost.
 */
export class ChangeFeed implements ChangeSink {
  /** Tells tokens of this run from those of earlier ones. */
  readonly run = randomBytes(8);
  private active = false;
  private pending: Pending[] = [];
  private events: ChangeEvent[] = [];
  private bytes = 0;
  private nextSequence = 1;
  private readonly waiters = new Set<() => void>();
  private readonly commitWaiters = new Set<() => void>();
  private transaction: ChangeEvent['transaction'];

  constructor(private readonly clock: LogicalClock) {}

  /** Starts to keep history; called when a change stream is opened. */
  activate(): void {
    this.active = true;
  }

  /** Runs `write` with its changes reported as part of a transaction. */
  inTransaction(transaction: NonNullable<ChangeEvent['transaction']>, write: () => void): void {
    this.transaction = transaction;
    try {
      write();
    } finally {
      this.transaction = undefined;
    }
  }

  inserted(info: CollectionInfo, raw: Buffer): void {
    if (this.active) this.document('insert', info, raw, { after: Buffer.from(raw) });
  }

  replaced(info: CollectionInfo, before: Buffer, after: Buffer, kind: 'update' | 'replace'): void {
    if (this.active) this.document(kind, info, after, { before, after: Buffer.from(after) });
  }

  removed(info: CollectionInfo, before: Buffer): void {
    if (this.active) this.document('delete', info, before, { before });
  }

  /** A change of a collection or database as a whole. */
  structural(kind: ChangeKind, db: string, collection: string | undefined, detail?: Document): void {
    if (this.active) this.pending.push({ kind, db, collection, detail });
  }

  /** The batch is on disk: give its events a time and wake the streams. */
  publish(): void {
    const time = this.clock.tick();
    for (const wake of [...this.commitWaiters]) wake();
    if (this.pending.length === 0) return;
    const wallTime = new Date();
    this.pending.forEach((event, i) => {
      const own = i === 0 || event.transaction ? time : this.clock.tick();
      this.events.push({ ...event, sequence: this.nextSequence++, time: own, wallTime });
      this.bytes += sizeOf(event);
    });
    this.pending = [];
    this.forgetOld();
    for (const wake of [...this.waiters]) wake();
  }

  discard(): void {
    this.pending = [];
  }

  /** Sequence of the next event: where a stream that starts now begins. */
  end(): number {
    return this.nextSequence;
  }

  /** Sequence of the oldest event still kept. */
  begin(): number {
    return this.events[0]?.sequence ?? this.nextSequence;
  }

  /** Events from a position on. */
  from(sequence: number): ChangeEvent[] {
    const skip = Math.max(0, sequence - this.begin());
    return this.events.slice(skip);
  }

  /** Resolves at the next event, or after `ms`, or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return waitIn(this.waiters, ms, signal);
  }

  /** As `wait`, for any commit at all. */
  waitForCommit(ms: number, signal: AbortSignal): Promise<void> {
    return waitIn(this.commitWaiters, ms, signal);
  }

  private document(
    kind: ChangeKind,
    info: CollectionInfo,
    raw: Buffer,
    states: Pick<Pending, 'before' | 'after'>,
  ): void {
    this.pending.push({
      kind,
      db: info.db,
      collection: info.name,
      collectionId: info.id,
      id: rawField(raw, '_id'),
      transaction: this.transaction,
      ...states,
    });
  }

  private forgetOld(): void {
    let drop = Math.max(0, this.events.length - MAX_EVENTS);
    for (let i = 0; i < drop; i++) this.bytes -= sizeOf(this.events[i] as ChangeEvent);
    while (this.bytes > MAX_BYTES && drop < this.events.length)
      this.bytes -= sizeOf(this.events[drop++] as ChangeEvent);
    if (drop > 0) this.events.splice(0, drop);
  }
}

const sizeOf = (event: Pending): number => 300 + (event.before?.length ?? 0) + (event.after?.length ?? 0);

async function waitIn(waiters: Set<() => void>, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      waiters.delete(done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    waiters.add(done);
    signal.addEventListener('abort', done);
  });
}
