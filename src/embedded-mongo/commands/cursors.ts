import { randomBytes } from 'node:crypto';
import { Long } from 'bson';
import { RawArray } from '../bson/raw.js';
import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { toInteger } from '../storage/integers.js';
import { TimeSlice } from '../storage/time-slice.js';
import type { Session } from '../sessions/session.js';
import type { Batch, CursorSource } from './cursor-source.js';
import type { FailPoints } from './fail-points.js';

/** A cursor nobody asked about for this long is closed (MongoDB's cursorTimeoutMillis). */
const IDLE_MS = 10 * 60_000;
/** Size of the first batch when the client does not say. */
const FIRST_BATCH = 101;
/** How long an awaiting getMore waits when it has no maxTimeMS. */
const DEFAULT_AWAIT_MS = 1000;
const MAX_CURSORS = 10_000;
/** Codes of MongoDB's ResumableChangeStreamError category. */
const RESUMABLE = new Set([6, 7, 63, 89, 91, 133, 150, 189, 234, 262, 9001, 10107, 11600, 11602, 13388, 13435, 13436]);

export interface CursorOptions {
  ns: string;
  source: CursorSource;
  /** A getMore waits for a first document (tailable with awaitData, change streams). */
  awaitData?: boolean;
  /** Stays open when it has nothing more for now. */
  tailable?: boolean;
  noTimeout?: boolean;
}

interface OpenCursor extends CursorOptions {
  id: bigint;
  /** Session and transaction the cursor belongs to: only they may continue it. */
  sessionKey: string | null;
  transaction: bigint | null;
  user: string | null;
  usedAt: number;
  slice: TimeSlice;
  busy: boolean;
  killed: AbortController;
}

/** The part of a command a cursor is opened and continued with. */
export interface CursorCaller {
  db: string;
  command: Document;
  session: Session | null;
  slice: TimeSlice;
  connection: { user: string | null; closed: AbortSignal };
}

/** The open cursors of the server. */
export class CursorRegistry {
  private readonly cursors = new Map<bigint, OpenCursor>();

  constructor(private readonly failPoints: FailPoints) {}

  get size(): number {
    return this.cursors.size;
  }

  /**
   * Reads the first batch and keeps the cursor if more may follow.
   * @param batchSize of the command; undefined for the default of 101
   */
  async open(context: CursorCaller, options: CursorOptions, batchSize: number | undefined): Promise<Document> {
    if (this.cursors.size >= MAX_CURSORS) throw new MongoError(2, `too many open cursors (${MAX_CURSORS})`);
    let batch: Batch;
    try {
      const limit = batchSize ?? FIRST_BATCH;
      batch = await options.source.fill({ limit, slice: context.slice, waitMs: 0, signal: context.connection.closed });
    } catch (error) {
      options.source.close();
      throw error;
    }
    const id = batch.done ? 0n : this.keep(context, options);
    return cursorReply('firstBatch', id, options.ns, batch);
  }

  async getMore(context: CursorCaller): Promise<Document> {
    const { command } = context;
    const cursor = this.find(context, toBigInt(command['getMore']));
    const ns = `${context.db}.${String(command['collection'])}`;
    if (cursor.ns !== ns) {
      throw new MongoError(
        13,
        `Requested getMore on namespace '${ns}', but cursor belongs to a different namespace '${cursor.ns}'`,
      );
    }
    if (command['maxTimeMS'] !== undefined && !cursor.awaitData && context.session?.autocommit !== false) {
      throw new MongoError(2, 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
    }
    const failure = this.failPoints.onGetMore();
    if (failure !== null)
      throw this.resumable(cursor, new MongoError(failure, 'failing through failGetMoreAfterCursorCheckout'));
    if (cursor.busy) throw new MongoError(292, `cursor id ${cursor.id} is already in use`);
    return this.advance(context, cursor, batchLimit(command['batchSize']));
  }

  /** Errors after which a driver opens a change stream again where it stopped carry a label. */
  private resumable({ tailable, awaitData, transaction }: OpenCursor, error: MongoError): MongoError {
    const isStream = tailable === true && awaitData === true && transaction === null;
    if (!isStream || !RESUMABLE.has(error.code)) return error;
    return new MongoError(error.code, error.message, { labels: ['ResumableChangeStreamError'], cause: error });
  }

  /** Closes cursors by id; answers `killCursors`. */
  kill(ids: unknown[], ns: string): Document {
    const killed: Long[] = [];
    const notFound: Long[] = [];
    for (const id of ids.map(toBigInt)) {
      const cursor = this.cursors.get(id);
      if (cursor && cursor.ns === ns) {
        this.close(cursor);
        killed.push(Long.fromBigInt(id));
      } else {
        notFound.push(Long.fromBigInt(id));
      }
    }
    return { cursorsKilled: killed, cursorsNotFound: notFound, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
  }

  /** Closes what a session left open: its end, or the end of its transaction. */
  closeOfSession(sessionKey: string, transaction?: bigint): void {
    for (const cursor of this.cursors.values()) {
      if (cursor.sessionKey !== sessionKey) continue;
      if (transaction === undefined || cursor.transaction === transaction) this.close(cursor);
    }
  }

  /** Closes the cursors of a namespace that was dropped; `prefix` is `db.` or `db.collection`. */
  closeOfNamespace(matches: (ns: string) => boolean): void {
    for (const cursor of this.cursors.values()) {
      if (matches(cursor.ns) && !cursor.tailable) this.close(cursor);
    }
  }

  sweep(now = performance.now()): void {
    for (const cursor of this.cursors.values()) {
      if (!cursor.noTimeout && !cursor.busy && now - cursor.usedAt > IDLE_MS) this.close(cursor);
    }
  }

  closeAll(): void {
    for (const cursor of this.cursors.values()) this.close(cursor);
  }

  private keep(context: CursorCaller, options: CursorOptions): bigint {
    const id = newCursorId(this.cursors);
    const { session, connection, slice } = context;
    this.cursors.set(id, {
      ...options,
      id,
      sessionKey: session?.key ?? null,
      transaction: session?.autocommit === false ? session.txnNumber : null,
      user: connection.user,
      usedAt: performance.now(),
      slice,
      busy: false,
      killed: new AbortController(),
    });
    return id;
  }

  private find({ session, connection }: CursorCaller, id: bigint): OpenCursor {
    const cursor = this.cursors.get(id);
    if (!cursor || cursor.user !== connection.user) throw new MongoError(43, `cursor id ${id} not found`);
    const number = session?.autocommit === false ? session.txnNumber : null;
    if (cursor.sessionKey !== null && cursor.sessionKey !== session?.key) {
      throw new MongoError(50738, `Cannot run getMore on cursor ${id}, which was created in another session`);
    }
    if (cursor.transaction !== number) {
      throw new MongoError(50739, `Cannot run getMore on cursor ${id}, which was created in another transaction`);
    }
    return cursor;
  }

  private async advance(context: CursorCaller, cursor: OpenCursor, limit: number): Promise<Document> {
    const maxTime = toInteger(context.command['maxTimeMS'], 0);
    cursor.busy = true;
    // The scan behind the cursor asks the slice it was opened with.
    cursor.slice.restart(cursor.awaitData ? Infinity : deadlineOf(maxTime));
    try {
      const batch = await cursor.source.fill({
        limit,
        slice: cursor.slice,
        waitMs: cursor.awaitData ? maxTime || DEFAULT_AWAIT_MS : 0,
        // Combining signals is expensive, and only a cursor that waits needs it.
        signal: cursor.awaitData
          ? AbortSignal.any([cursor.killed.signal, context.connection.closed])
          : cursor.killed.signal,
      });
      if (cursor.killed.signal.aborted) throw new MongoError(237, 'cursor was killed');
      if (batch.done) this.close(cursor);
      return cursorReply('nextBatch', batch.done ? 0n : cursor.id, cursor.ns, batch);
    } catch (error) {
      this.close(cursor);
      throw error;
    } finally {
      cursor.busy = false;
      cursor.usedAt = performance.now();
    }
  }

  private close(cursor: OpenCursor): void {
    this.cursors.delete(cursor.id);
    cursor.killed.abort();
    cursor.slice.interrupt(new MongoError(237, 'cursor was killed'));
    cursor.source.close();
  }
}

/** `performance.now()` at which an operation with this maxTimeMS ends. */
export const deadlineOf = (maxTimeMS: number): number => (maxTimeMS > 0 ? performance.now() + maxTimeMS : Infinity);

export function cursorReply(batchName: 'firstBatch' | 'nextBatch', id: bigint, ns: string, batch: Batch): Document {
  const documents = Array.isArray(batch.documents) ? new RawArray(batch.documents) : batch.documents;
  return { cursor: { [batchName]: documents, id: Long.fromBigInt(id), ns, ...batch.extra }, ok: 1 };
}

function batchLimit(batchSize: unknown): number {
  if (batchSize === undefined) return Infinity;
  const size = toInteger(batchSize, 0);
  if (size < 0) throw new MongoError(51024, `BSON field 'batchSize' value must be >= 0, actual value '${size}'`);
  return size === 0 ? Infinity : size;
}

function toBigInt(id: unknown): bigint {
  if (Long.isLong(id)) return id.toBigInt();
  if (typeof id === 'number' && Number.isInteger(id)) return BigInt(id);
  throw new MongoError(14, 'a cursor id is a long');
}

/** Positive and unguessable: with the id alone another client of the same user could read on. */
function newCursorId(taken: ReadonlyMap<bigint, unknown>): bigint {
  for (;;) {
    const id = randomBytes(8).readBigUInt64BE() >> 1n;
    if (id !== 0n && !taken.has(id)) return id;
  }
}
