import { randomUUID } from 'node:crypto';
import { decode, encode } from '../bson/codec.js';
import type { Document } from '../bson/values.js';
import { cappedOptions, loaded, loadedStats, stored } from './catalog-codec.js';
import type { CollectionInfo, IndexInfo } from './catalog-types.js';
import { splitNamespace } from './catalog-types.js';
import type { Store } from './environment.js';
import { parseIndexSpec } from './index-spec.js';
import { toInteger } from './integers.js';

const FORMAT_VERSION = 1;
const PREFIX = { collection: 'c:', stats: 's:', purge: 'p:' } as const;
const KEY = { format: 'format', nextId: 'next-id' } as const;

/** A range of records or entries whose owner was dropped and that is still to be removed. */
export interface Purge {
  store: 'docs' | 'index';
  id: number;
}

/**
 * The names: which collections and indexes exist, their options and counts. Kept in memory and written, in the same
 * commit as the documents, when a write changed it. All methods that change something run inside a write.
 */
export class Catalog {
  private collections = new Map<string, CollectionInfo>();
  private byId = new Map<number, CollectionInfo>();
  private purges: Purge[] = [];
  private nextId = 1;
  private readonly dirty = new Set<CollectionInfo>();
  private readonly dirtyStats = new Set<CollectionInfo>();
  /** Grows with every change of collections or indexes: compiled plans and validators are valid for one version. */
  version = 0;

  constructor(private readonly meta: Store) {
    this.load();
  }

  find(ns: string): CollectionInfo | undefined {
    return this.collections.get(ns);
  }

  findById(id: number): CollectionInfo | undefined {
    return this.byId.get(id);
  }

  /** Collections of a database (or all), by name. */
  list(db?: string): CollectionInfo[] {
    const all = [...this.collections.values()];
    const wanted = db === undefined ? all : all.filter((info) => info.db === db);
    return wanted.sort((a, b) => (a.ns < b.ns ? -1 : 1));
  }

  databases(): string[] {
    return [...new Set([...this.collections.values()].map((info) => info.db))].sort();
  }

  /** A collection that `add` makes visible; its ids are taken already. */
  prepare(ns: string, options: Document, type: CollectionInfo['type'] = 'collection'): CollectionInfo {
    const { db, name } = splitNamespace(ns);
    const info: CollectionInfo = {
      id: this.takeId(),
      ns,
      db,
      name,
      type,
      uuid: Buffer.from(randomUUID().replaceAll('-', ''), 'hex'),
      options,
      capped: cappedOptions(options),
      indexes: [],
      longIds: false,
      stats: { count: 0, bytes: 0, next: 1 },
    };
    if (info.capped)
      info.indexes.push(parseIndexSpec({ v: 2, key: { _id: 1 }, name: '_id_', unique: true }, this.takeId()));
    return info;
  }

  add(info: CollectionInfo): void {
    this.collections.set(info.ns, info);
    this.byId.set(info.id, info);
    this.touch(info);
    this.dirtyStats.add(info);
  }

  /** Forgets the collection; its records are left for the purger. */
  remove(info: CollectionInfo): void {
    this.collections.delete(info.ns);
    this.byId.delete(info.id);
    this.dirty.delete(info);
    this.dirtyStats.delete(info);
    this.meta.removeSync(Buffer.from(PREFIX.collection + info.ns));
    this.meta.removeSync(statsKey(info.id));
    this.purge({ store: 'docs', id: info.id });
    for (const index of info.indexes) this.purge({ store: 'index', id: index.id });
    this.version++;
  }

  rename(info: CollectionInfo, ns: string): void {
    this.collections.delete(info.ns);
    this.meta.removeSync(Buffer.from(PREFIX.collection + info.ns));
    Object.assign(info, { ns, ...splitNamespace(ns) });
    this.collections.set(ns, info);
    this.touch(info);
  }

  /** The collection or one of its indexes changed. */
  touch(info: CollectionInfo): void {
    // A collection made inside an open transaction is not visible yet: `add` writes it.
    if (this.collections.get(info.ns) === info) this.dirty.add(info);
    this.version++;
  }

  countChanged(info: CollectionInfo, documents: number, bytes: number): void {
    info.stats.count += documents;
    info.stats.bytes += bytes;
    this.dirtyStats.add(info);
  }

  /** A new id for a collection or an index; stored with the next commit that changes the catalog. */
  takeId(): number {
    return this.nextId++;
  }

  dropIndex(info: CollectionInfo, index: IndexInfo): void {
    info.indexes = info.indexes.filter((other) => other !== index);
    this.purge({ store: 'index', id: index.id });
    this.touch(info);
  }

  pendingPurges(): readonly Purge[] {
    return this.purges;
  }

  purged(purge: Purge): void {
    this.purges = this.purges.filter((other) => other !== purge);
    this.meta.removeSync(purgeKey(purge));
  }

  /** Writes what changed; runs inside the commit. */
  flush(): void {
    if (this.dirty.size > 0) this.meta.putSync(Buffer.from(KEY.nextId), encode({ value: this.nextId }));
    for (const info of this.dirty) {
      this.meta.putSync(Buffer.from(PREFIX.collection + info.ns), encode(stored(info)));
    }
    for (const info of this.dirtyStats) this.meta.putSync(statsKey(info.id), encode({ ...info.stats }));
    this.dirty.clear();
    this.dirtyStats.clear();
  }

  /** Reads everything again: after a start, or after a commit was undone. */
  load(): void {
    this.collections = new Map();
    this.byId = new Map();
    this.purges = [];
    this.dirty.clear();
    this.dirtyStats.clear();
    this.version++;
    this.checkFormat();
    const nextId = this.meta.get(Buffer.from(KEY.nextId));
    // Ids handed out since stay taken: an open transaction may hold them.
    if (nextId) this.nextId = Math.max(this.nextId, toInteger(decode(nextId)['value'], 1));
    for (const { key, value } of this.meta.getRange({ start: Buffer.from([0]) })) this.loadEntry(key.toString(), value);
  }

  private purge(purge: Purge): void {
    this.purges.push(purge);
    this.meta.putSync(purgeKey(purge), encode({ ...purge }));
  }

  private checkFormat(): void {
    const format = this.meta.get(Buffer.from(KEY.format));
    if (!format) {
      this.meta.putSync(Buffer.from(KEY.format), encode({ version: FORMAT_VERSION }));
      return;
    }
    const { version } = decode(format);
    if (version !== FORMAT_VERSION) {
      throw new Error(`the data file has format ${String(version)}; this server reads format ${FORMAT_VERSION}`);
    }
  }

  private loadEntry(key: string, value: Buffer): void {
    if (key.startsWith(PREFIX.purge)) {
      this.purges.push(decode(value) as unknown as Purge);
    } else if (key.startsWith(PREFIX.collection)) {
      const info = loaded(decode(value));
      const stats = this.meta.get(statsKey(info.id));
      if (stats) info.stats = loadedStats(decode(stats));
      this.collections.set(info.ns, info);
      this.byId.set(info.id, info);
    }
  }
}

const statsKey = (id: number): Buffer => Buffer.from(PREFIX.stats + id);
const purgeKey = (purge: Purge): Buffer => Buffer.from(`${PREFIX.purge}${purge.store}:${purge.id}`);
