import type { Document } from '../bson/values.js';

/** One component of an index key: the path and 1, -1, "text" or "hashed". */
export type IndexField = readonly [path: string, kind: 1 | -1 | 'text' | 'hashed'];

export interface TextOptions {
  /** Weight of each text field, or of `$**`. */
  weights: Record<string, number>;
  defaultLanguage: string;
  languageOverride: string;
}

/** An index as the server uses it; `spec` is what `listIndexes` answers and what is stored. */
export interface IndexInfo {
  id: number;
  name: string;
  fields: IndexField[];
  unique: boolean;
  sparse: boolean;
  hidden: boolean;
  partialFilter?: Document;
  expireAfterSeconds?: number;
  collation?: Document;
  text?: TextOptions;
  /** Some document has several entries: an array was indexed. */
  multikey: boolean;
  /** Some entry was cut to fit LMDB's key size: the order inside the index is not exact. */
  longKeys: boolean;
  /** Documents are still being added; writers maintain it, queries do not use it. */
  building: boolean;
  spec: Document;
}

export interface CappedOptions {
  size: number;
  max?: number;
}

/** A collection, view or time series as the catalog knows it. */
export interface CollectionInfo {
  id: number;
  ns: string;
  db: string;
  name: string;
  type: 'collection' | 'view' | 'timeseries';
  uuid: Buffer;
  /** Options of `create` as the client gave them (collation, validator, viewOn, pipeline, capped, ...). */
  options: Document;
  capped?: CappedOptions;
  indexes: IndexInfo[];
  /** Some `_id` was cut to fit LMDB's key size. */
  longIds: boolean;
  stats: CollectionStats;
}

export interface CollectionStats {
  count: number;
  bytes: number;
  /** Next record number of a capped collection. */
  next: number;
}

/** What the rest of a namespace is split at: `db.collection.with.dots`. */
export function splitNamespace(ns: string): { db: string; name: string } {
  const dot = ns.indexOf('.');
  return { db: ns.slice(0, dot), name: ns.slice(dot + 1) };
}

/** Capped collections and time series store documents in the order they came; all others by `_id`. */
export const isSequenced = (info: Pick<CollectionInfo, 'capped' | 'type'>): boolean =>
  info.capped !== undefined || info.type === 'timeseries';
