import type { Document } from '../bson/values.js';
import type { Catalog } from '../storage/catalog.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import type { DocumentStore } from '../storage/document-store.js';
import { ReadView } from '../storage/read-view.js';

/** The names as a command sees them: committed ones, and those its transaction made. */
export interface Names {
  find(ns: string): CollectionInfo | undefined;
  list(db?: string): CollectionInfo[];
}

export interface WritableNames extends Names {
  create(ns: string, options: Document, type?: CollectionInfo['type']): CollectionInfo;
}

/** What reads and writes of one command go to: the store itself, or an open transaction. */
export interface DocumentWriter {
  view: ReadView;
  names: WritableNames;
  insert(info: CollectionInfo, raw: Buffer): void;
  /** `kind` is how change streams report it. */
  replace(info: CollectionInfo, recordKey: Buffer, before: Buffer, after: Buffer, kind: 'update' | 'replace'): void;
  remove(info: CollectionInfo, recordKey: Buffer, before: Buffer): void;
}

/** Writes into the running commit. */
export class DirectWriter implements DocumentWriter {
  readonly view: ReadView;
  readonly names: WritableNames;

  constructor(private readonly store: DocumentStore) {
    this.view = new ReadView(store.env);
    this.names = new CommittedNames(store);
  }

  insert(info: CollectionInfo, raw: Buffer): void {
    this.store.records.insert(info, raw);
  }

  replace(info: CollectionInfo, recordKey: Buffer, before: Buffer, after: Buffer, kind: 'update' | 'replace'): void {
    this.store.records.replace(info, recordKey, before, after, kind);
  }

  remove(info: CollectionInfo, recordKey: Buffer, before: Buffer): void {
    this.store.records.remove(info, recordKey, before);
  }
}

class CommittedNames implements WritableNames {
  private readonly catalog: Catalog;

  constructor(private readonly store: DocumentStore) {
    this.catalog = store.catalog;
  }

  find(ns: string): CollectionInfo | undefined {
    return this.catalog.find(ns);
  }

  list(db?: string): CollectionInfo[] {
    return this.catalog.list(db);
  }

  create(ns: string, options: Document, type: CollectionInfo['type'] = 'collection'): CollectionInfo {
    const info = this.catalog.prepare(ns, options, type);
    this.catalog.add(info);
    this.store.feed.structural('create', info.db, info.name);
    return info;
  }
}
