import type { Transaction as LmdbTransaction } from 'lmdb';
import { rawField } from '../bson/codec.js';
import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { type CollectionInfo, isSequenced } from '../storage/catalog-types.js';
import type { DocumentStore } from '../storage/document-store.js';
import { DuplicateKeyError } from '../storage/duplicate-key-error.js';
import { recordKeyOf } from '../storage/keys.js';
import { ReadView } from '../storage/read-view.js';
import { checkId, type UniqueEntry } from '../storage/record-store.js';
import type { RecordLocks } from './record-locks.js';
import type { Session } from './session.js';
import type { DocumentWriter, WritableNames } from './writer.js';

/** MongoDB's transactionLifetimeLimitSeconds; an open snapshot also keeps old pages from being reused. */
export const TRANSACTION_LIFETIME_MS = 60_000;
const MAX_CHANGED_BYTES = 64 * 1024 * 1024;

interface Changed {
  recordKey: Buffer;
  raw: Buffer | null;
  kind: 'update' | 'replace';
}

export const writeConflict = (cause?: unknown): MongoError =>
  new MongoError(
    112,
    'Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.',
    { labels: ['TransientTransactionError'], cause },
  );

/**
 * A multi-document transaction: reads come from an LMDB snapshot taken at its first command, writes stay in memory until
 * the commit and are seen only here. The first writer of a document wins: a document another transaction has changed, or
 * that changed since the snapshot, is a write conflict at once.
 */
export class Transaction implements DocumentWriter {
  readonly view: ReadView;
  readonly names: WritableNames;
  state: 'open' | 'committed' | 'aborted' = 'open';
  readonly startedAt = performance.now();
  private readonly snapshot: LmdbTransaction;
  private readonly overlays = new Map<number, Map<string, Changed>>();
  private readonly created = new Map<string, CollectionInfo>();
  /** Unique entries this transaction took (record key) or gave up (null). */
  private readonly entries = new Map<string, string | null>();
  private bytes = 0;

  constructor(
    readonly session: Session,
    private readonly store: DocumentStore,
    private readonly locks: RecordLocks,
  ) {
    this.snapshot = store.env.root.useReadTransaction();
    this.view = new ReadView(store.env, this.snapshot, this.overlays);
    this.names = {
      find: (ns) => this.created.get(ns) ?? store.catalog.find(ns),
      list: (db) => [...store.catalog.list(db), ...[...this.created.values()].filter((info) => info.db === db)],
      create: (ns, options, type) => this.create(ns, options, type),
    };
  }

  get changedCollections(): ReadonlySet<number> {
    return new Set([...this.overlays].filter(([, overlay]) => overlay.size > 0).map(([id]) => id));
  }

  isNew(info: CollectionInfo): boolean {
    return this.created.get(info.ns) === info;
  }

  insert(info: CollectionInfo, raw: Buffer): void {
    if (isSequenced(info)) {
      throw new MongoError(
        263,
        `Cannot insert into the capped or time-series collection ${info.ns} in a multi-document transaction.`,
      );
    }
    const id = rawField(raw, '_id');
    checkId(id);
    const recordKey = recordKeyOf(id).bytes;
    this.lock(info, recordKey);
    if (this.view.get(info, recordKey)) throw new DuplicateKeyError(info.ns, '_id_', { _id: 1 }, { _id: id });
    this.claim(info, recordKey, null, raw);
    this.put(info, recordKey, Buffer.from(raw));
  }

  replace(info: CollectionInfo, recordKey: Buffer, before: Buffer, after: Buffer, kind: 'update' | 'replace'): void {
    this.lock(info, recordKey);
    this.claim(info, recordKey, before, after);
    this.put(info, recordKey, Buffer.from(after), kind);
  }

  remove(info: CollectionInfo, recordKey: Buffer, before: Buffer): void {
    this.lock(info, recordKey);
    for (const { key } of this.store.records.uniqueEntries(info, before)) this.entries.set(key, null);
    this.put(info, recordKey, null);
  }

  /** Writes everything; runs inside a commit. A duplicate that appeared since undoes the commit. */
  apply(): void {
    this.locks.release(this);
    for (const info of this.created.values()) {
      if (this.store.catalog.find(info.ns)) throw new ConflictAtCommit();
      this.store.catalog.add(info);
      this.store.feed.structural('create', info.db, info.name);
    }
    try {
      for (const phase of ['remove', 'put'] as const) this.applyPhase(phase);
    } catch (error) {
      throw error instanceof MongoError
        ? new ConflictAtCommit('a unique value was taken meanwhile', { cause: error })
        : error;
    }
  }

  /** Gives back the snapshot and the locks. */
  finish(state: 'committed' | 'aborted'): void {
    if (this.state !== 'open') return;
    this.state = state;
    this.locks.release(this);
    this.locks.wake(this);
    this.snapshot.done();
    this.overlays.clear();
  }

  private create(ns: string, options: Document, type: CollectionInfo['type'] = 'collection'): CollectionInfo {
    const info = this.store.catalog.prepare(ns, options, type);
    this.created.set(ns, info);
    return info;
  }

  private applyPhase(phase: 'remove' | 'put'): void {
    for (const [id, overlay] of this.overlays) {
      const info = this.store.catalog.findById(id);
      if (!info) throw new ConflictAtCommit(); // dropped meanwhile
      for (const { recordKey, raw, kind } of overlay.values()) {
        const current = this.store.records.get(info, recordKey);
        if (phase === 'remove') {
          if (!raw && current) this.store.records.remove(info, recordKey, current);
        } else if (raw && current) {
          this.store.records.replace(info, recordKey, current, raw, kind);
        } else if (raw) {
          this.store.records.insert(info, raw);
        }
      }
    }
  }

  private lock(info: CollectionInfo, recordKey: Buffer): void {
    if (!this.locks.take(this, info, recordKey)) throw writeConflict();
    if (this.isNew(info) || this.view.overlay(info)?.has(recordKey.toString('latin1'))) return;
    const seen = this.view.committed(info, recordKey);
    const newest = this.store.records.get(info, recordKey);
    if (seen === undefined ? newest !== undefined : !newest || !seen.equals(newest)) throw writeConflict();
  }

  private claim(info: CollectionInfo, recordKey: Buffer, before: Buffer | null, after: Buffer): void {
    const own = recordKey.toString('latin1');
    const wanted = this.store.records.uniqueEntries(info, after);
    const given = before ? this.store.records.uniqueEntries(info, before) : [];
    for (const entry of wanted) if (this.isTaken(entry, own)) throw entry.conflict();
    for (const { key } of given) this.entries.set(key, null);
    for (const { key } of wanted) this.entries.set(key, own);
  }

  private isTaken({ key, owner }: UniqueEntry, own: string): boolean {
    const known = this.entries.get(key);
    if (known !== undefined) return known !== null && known !== own;
    return owner !== undefined && owner.toString('latin1') !== own;
  }

  private put(info: CollectionInfo, recordKey: Buffer, raw: Buffer | null, kind: Changed['kind'] = 'update'): void {
    this.bytes += recordKey.length + (raw?.length ?? 0);
    if (this.bytes > MAX_CHANGED_BYTES) throw new MongoError(257, 'transaction is larger than 64 MB');
    let overlay = this.overlays.get(info.id);
    if (!overlay) {
      overlay = new Map();
      this.overlays.set(info.id, overlay);
    }
    overlay.set(recordKey.toString('latin1'), { recordKey, raw, kind });
  }
}

/** Undoes a commit: the transaction met something that was not there when it checked. */
export class ConflictAtCommit extends Error {
  override readonly name = 'ConflictAtCommit';
}

/** Whether a collection was made by the very transaction that writes to it now. */
export const isNewCollection = (writer: DocumentWriter, info: CollectionInfo): boolean =>
  writer instanceof Transaction && writer.isNew(info);
