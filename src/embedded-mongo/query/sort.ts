import { compareValues, type StringOrder } from '../bson/compare.js';
import { toNumber } from '../bson/numbers.js';
import { splitPath, visitPath } from '../bson/path.js';
import { type Document, getField, isDocument, isNumeric, typeName } from '../bson/values.js';
import { badValue, MongoError } from '../errors.js';
import { describe } from './describe.js';

/** One key of a sort: an ascending (1) or descending (-1) path, or the text score. */
export interface SortKey {
  readonly path: string;
  readonly direction: 1 | -1;
  readonly meta: string | null;
}

export interface Sorter {
  readonly keys: readonly SortKey[];
  /** Top-level fields the order depends on; null if it needs metadata of the whole document. */
  readonly fields: ReadonlySet<string> | null;
  compare(a: Document, b: Document): number;
  /** The values documents are compared by; compute once per document when sorting many. */
  keyOf(doc: Document): unknown[];
  compareKeys(a: readonly unknown[], b: readonly unknown[]): number;
}

/** Reads metadata of a document for `{ $meta: ... }` keys. */
export type MetaReader = (doc: Document, meta: string) => unknown;

const MAX_KEYS = 32;

/** Parses a sort document; throws 2 BadValue, 15974 and others as MongoDB does. */
export function parseSort(spec: Document): SortKey[] {
  const names = Object.keys(spec);
  if (names.length > MAX_KEYS) throw new MongoError(13103, 'too many compound keys');
  return names.map((path) => {
    checkPath(path);
    const value = spec[path];
    if (isDocument(value)) {
      const meta = value.$meta;
      if (Object.keys(value).length !== 1 || meta === undefined) {
        throw new MongoError(17312, `$meta is the only expression supported by $sort right now`);
      }
      if (meta !== 'textScore' && meta !== 'randVal')
        throw new MongoError(31138, `Illegal $meta sort: $meta: "${describe(meta)}"`);
      return { path, direction: -1, meta };
    }
    if (!isNumeric(value)) {
      throw new MongoError(
        15974,
        `Illegal key in $sort specification: ${path}: ${JSON.stringify(value)} (${typeName(value)})`,
      );
    }
    const direction = toNumber(value);
    if (direction !== 1 && direction !== -1)
      throw new MongoError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    return { path, direction, meta: null };
  });
}

function checkPath(path: string): void {
  if (path === '') throw new MongoError(40352, 'FieldPath cannot be constructed with empty string');
  if (path.startsWith('.') || path.endsWith('.')) throw new MongoError(40353, "FieldPath must not end with a '.'.");
  if (path.includes('..')) throw new MongoError(15998, 'FieldPath field names may not be empty strings.');
  if (path.startsWith('$'))
    throw new MongoError(16410, `FieldPath field names may not start with '$'. Consider using $getField or $setField.`);
}

/**
 * Compiles a sort. Within an array the smallest element counts ascending and the largest descending; an empty array
 * sorts below null, and a missing field as null.
 */
export function compileSort(spec: Document, collation?: StringOrder | null, readMeta?: MetaReader): Sorter {
  const keys = parseSort(spec);
  if (keys.some((key) => key.meta === 'textScore') && !readMeta) {
    throw badValue('query requires text score metadata, but it is not available');
  }
  const readers = keys.map((key) => compileKey(key, collation, readMeta));
  const keyOf = (doc: Document): unknown[] => readers.map((read) => read(doc));
  const compareKeys = (a: readonly unknown[], b: readonly unknown[]): number => {
    for (let i = 0; i < keys.length; i++) {
      const order = compareSortValues(a[i], b[i], collation);
      if (order !== 0) return (keys[i] as SortKey).direction === 1 ? order : -order;
    }
    return 0;
  };
  const hasMeta = keys.some((key) => key.meta !== null);
  return {
    keys,
    fields: hasMeta ? null : new Set(keys.map((key) => splitPath(key.path)[0] as string)),
    keyOf,
    compareKeys,
    compare: (a, b) => compareKeys(keyOf(a), keyOf(b)),
  };
}

/** An array without elements as a sort value. */
const EMPTY_ARRAY = Symbol('empty array');

function compareSortValues(a: unknown, b: unknown, collation?: StringOrder | null): number {
  if (a === EMPTY_ARRAY || b === EMPTY_ARRAY) return compareWithEmptyArray(a, b);
  return compareValues(a, b, collation);
}

function compareWithEmptyArray(a: unknown, b: unknown): number {
  if (a === b) return 0;
  // Above MinKey, below null.
  const other = a === EMPTY_ARRAY ? b : a;
  const emptyFirst = typeName(other) === 'minKey' ? 1 : -1;
  return a === EMPTY_ARRAY ? emptyFirst : -emptyFirst;
}

function compileKey(key: SortKey, collation?: StringOrder | null, readMeta?: MetaReader): (doc: Document) => unknown {
  if (key.meta === 'randVal') return () => Math.random();
  if (key.meta !== null) return (doc) => readMeta?.(doc, key.meta as string) ?? null;
  const parts = splitPath(key.path);
  const extreme = (doc: Document): unknown => extremeValue(doc, parts, key.direction, collation);
  if (parts.length > 1) return extreme;
  return (doc) => {
    const value = getField(doc, key.path);
    return Array.isArray(value) ? extreme(doc) : value;
  };
}

function extremeValue(
  doc: Document,
  parts: readonly string[],
  direction: 1 | -1,
  collation?: StringOrder | null,
): unknown {
  let best: unknown = undefined;
  let hasBest = false;
  const consider = (value: unknown): void => {
    if (hasBest && compareSortValues(value, best, collation) * direction >= 0) return;
    best = value;
    hasBest = true;
  };
  visitPath(doc, parts, 'whole', (value) => {
    if (!Array.isArray(value)) consider(value);
    else if (value.length === 0) consider(EMPTY_ARRAY);
    else value.forEach(consider);
    return false;
  });
  return best;
}

/** Sorts documents, stable, with each document's key computed once. */
export function sortDocuments<T>(items: readonly T[], sorter: Sorter, documentOf: (item: T) => Document): T[] {
  return items
    .map((item) => ({ item, key: sorter.keyOf(documentOf(item)) }))
    .sort((a, b) => sorter.compareKeys(a.key, b.key))
    .map(({ item }) => item);
}

/**
 * Keeps the first `limit` items in order of a stream: memory for at most 2 * limit of them.
 */
export class TopK<T> {
  private held: { item: T; key: unknown[]; order: number }[] = [];
  private seen = 0;

  constructor(
    private readonly sorter: Sorter,
    private readonly limit: number,
  ) {}

  /** Offers an item; `doc` is what it is ordered by. Answers whether it was kept for now. */
  add(item: T, doc: Document): boolean {
    const key = this.sorter.keyOf(doc);
    const worst = this.held[this.limit - 1];
    // Once trimmed, `held` is sorted up to its limit: what is not before the worst of those can never be in the result.
    if (this.isTrimmed && worst && this.sorter.compareKeys(key, worst.key) >= 0) return false;
    this.held.push({ item, key, order: this.seen++ });
    if (this.held.length >= this.limit * 2 + 16) this.trim();
    return true;
  }

  private isTrimmed = false;

  private trim(): void {
    this.held.sort((a, b) => this.sorter.compareKeys(a.key, b.key) || a.order - b.order);
    this.held.length = Math.min(this.held.length, this.limit);
    this.isTrimmed = this.held.length === this.limit;
  }

  /** The kept items in order. */
  result(): T[] {
    this.trim();
    return this.held.map(({ item }) => item);
  }
}
