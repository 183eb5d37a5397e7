import { DirectWriter } from '../sessions/writer.js';
import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { CollectionInfo, IndexInfo } from '../storage/catalog-types.js';
import type { DocumentStore } from '../storage/document-store.js';
import { endOfOwner, ownedKey, recordKeyIn } from '../storage/keys.js';

/** Documents indexed per commit: about 5 ms of work between two chances for others. */
const CHUNK = 500;

interface Prepared {
  info: CollectionInfo;
  added: IndexInfo[];
  reply: Document;
}

/**
 * Builds indexes on collections that are in use. From the first commit on writers maintain the new index; a scan then
 * adds what was there before, some documents per commit; queries use it when it is complete. A build a crash interrupted
 * is dropped at the next start.
 */
export class IndexBuilder {
  constructor(private readonly store: DocumentStore) {}

  /** @throws MongoError 11000 when existing documents violate a unique index; it is then dropped again */
  async build(prepare: (writer: DirectWriter) => Prepared): Promise<Document> {
    const { prepared, done } = await this.store.write(() => this.start(prepare));
    if (done) return prepared.reply;
    const ids = prepared.added.map(({ id }) => id);
    try {
      let from: Buffer | null = ownedKey(prepared.info.id);
      while (from) from = await this.step(prepared.info.id, ids, from);
      await this.store.write(() => this.finish(prepared.info.id, ids));
      return prepared.reply;
    } catch (error) {
      await this.store.write(() => this.giveUp(prepared.info.id, ids));
      throw error;
    }
  }

  private start(prepare: (writer: DirectWriter) => Prepared): { prepared: Prepared; done: boolean } {
    const prepared = prepare(new DirectWriter(this.store));
    const { info, added } = prepared;
    if (added.length === 0) return { prepared, done: true };
    const small = info.stats.count <= CHUNK;
    for (const index of added) index.building = true;
    info.indexes = [...info.indexes, ...added];
    this.store.catalog.touch(info);
    if (small) {
      try {
        this.scan(info, added, ownedKey(info.id));
      } catch (error) {
        if (error instanceof MongoError) this.drop(info, added);
        throw error;
      }
      this.complete(info, added);
    }
    return { prepared, done: small };
  }

  private step(collection: number, ids: number[], from: Buffer): Promise<Buffer | null> {
    return this.store.write(() => {
      const { info, indexes } = this.find(collection, ids);
      return this.scan(info, indexes, from);
    });
  }

  /** Indexes the next documents; answers where to go on, or null at the end. */
  private scan(info: CollectionInfo, indexes: IndexInfo[], from: Buffer): Buffer | null {
    let last: Buffer | null = null;
    let count = 0;
    const range = { start: from, end: endOfOwner(info.id), limit: CHUNK };
    for (const { key, value } of [...this.store.env.docs.getRange(range)]) {
      for (const index of indexes) this.store.records.addToIndex(info, index, recordKeyIn(key), value);
      last = key;
      count++;
    }
    return count < CHUNK || !last ? null : Buffer.concat([last, Buffer.from([0])]);
  }

  private finish(collection: number, ids: number[]): void {
    const { info, indexes } = this.find(collection, ids);
    this.complete(info, indexes);
  }

  private complete(info: CollectionInfo, indexes: IndexInfo[]): void {
    for (const index of indexes) {
      index.building = false;
      this.store.feed.structural('createIndexes', info.db, info.name, { indexes: [index.spec] });
    }
    this.store.catalog.touch(info);
  }

  private giveUp(collection: number, ids: number[]): void {
    const info = this.store.catalog.findById(collection);
    if (info)
      this.drop(
        info,
        info.indexes.filter(({ id }) => ids.includes(id)),
      );
  }

  private drop(info: CollectionInfo, indexes: IndexInfo[]): void {
    this.store.dropIndexes(
      info,
      indexes.map(({ name }) => name),
    );
  }

  private find(collection: number, ids: number[]): { info: CollectionInfo; indexes: IndexInfo[] } {
    const info = this.store.catalog.findById(collection);
    const indexes = info?.indexes.filter(({ id }) => ids.includes(id)) ?? [];
    if (!info || indexes.length < ids.length) {
      throw new MongoError(276, 'index build aborted: the collection or the index was dropped');
    }
    return { info, indexes };
  }
}
