import { MongoError } from '../errors.js';
import { EMPTY_ARRAY_KEY, encodeKey } from './key.js';
import { type Document, getField, isDocument } from './values.js';

/** Receives one value a path leads to; `undefined` is a missing field. Answering true ends the walk. */
export type Visitor = (value: unknown) => boolean;

/** What a walk does with an array at the end of a path: offer its elements and then itself, or only itself. */
export type LeafArrays = 'elements' | 'whole';

const ARRAY_INDEX = /^(0|[1-9]\d*)$/;

/** Whether a path component can be an array position. */
export const isArrayIndex = (part: string): boolean => ARRAY_INDEX.test(part);

/** Splits a dotted path; remembered, because the same few paths come with every request. */
export function splitPath(path: string): readonly string[] {
  return path.includes('.') ? path.split('.') : [path];
}

/**
 * Visits every value a query path leads to, by MongoDB's rules (matcher/path.cpp): embedded documents are followed;
 * an array on the way is entered once (its documents, not arrays inside it), and a numeric component is also a position
 * in it; a document without the field offers `undefined`; an array on the way without documents offers nothing.
 * Returns true as soon as the visitor does.
 */
export function visitPath(doc: Document, parts: readonly string[], leafs: LeafArrays, visit: Visitor): boolean {
  return visitFrom(doc, parts, 0, leafs, visit);
}

function visitFrom(doc: Document, parts: readonly string[], from: number, leafs: LeafArrays, visit: Visitor): boolean {
  let current: Document = doc;
  for (let at = from; at < parts.length; at++) {
    const value = getField(current, parts[at] as string);
    const isLast = at === parts.length - 1;
    if (Array.isArray(value)) {
      return isLast ? visitLeafArray(value, leafs, visit) : visitInnerArray(value, parts, at + 1, leafs, visit);
    }
    if (isLast) return visit(value);
    if (!isDocument(value)) return visit(undefined);
    current = value;
  }
  return false;
}

function visitLeafArray(items: readonly unknown[], leafs: LeafArrays, visit: Visitor): boolean {
  if (leafs === 'elements') for (const item of items) if (visit(item)) return true;
  return visit(items);
}

function visitInnerArray(
  items: readonly unknown[],
  parts: readonly string[],
  next: number,
  leafs: LeafArrays,
  visit: Visitor,
): boolean {
  const part = parts[next] as string;
  const position = isArrayIndex(part) ? Number(part) : -1;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (isDocument(item) && visitFrom(item, parts, next, leafs, visit)) return true;
    if (i === position && visitPosition(item, parts, next, leafs, visit)) return true;
  }
  return false;
}

// The component `next` was a position and led to `item`: the rest of the path continues inside it.
function visitPosition(
  item: unknown,
  parts: readonly string[],
  next: number,
  leafs: LeafArrays,
  visit: Visitor,
): boolean {
  if (next === parts.length - 1) return visit(item);
  if (isDocument(item)) return visitFrom(item, parts, next + 1, leafs, visit);
  return Array.isArray(item) && visitInnerArray(item, parts, next + 1, leafs, visit);
}

/**
 * All values a query on `path` compares with: of a leaf array its elements and then the array itself, `undefined` for
 * each document that lacks the field.
 */
export function valuesAtPath(doc: Document, path: string): unknown[] {
  const values: unknown[] = [];
  visitPath(doc, splitPath(path), 'elements', (value) => {
    values.push(value);
    return false;
  });
  return values;
}

/** Index key pattern: field path -> direction, in field order. */
export type KeyPattern = Readonly<Record<string, 1 | -1>>;

export interface IndexKeys {
  /** One tuple of values per index entry, in field order; missing fields are null, `[]` is `EMPTY_ARRAY_KEY`. */
  readonly keys: unknown[][];
  /** Whether an array was expanded (then sort order and compound bounds cannot be taken from the index). */
  readonly isMultikey: boolean;
  /** Whether the document has at least one of the fields: sparse indexes leave out documents without any. */
  readonly hasAnyField: boolean;
}

/**
 * Entries of one document in an index. An array makes one entry per element; in a compound index only fields below one
 * common array may be arrays, else MongoError 171 CannotIndexParallelArrays.
 */
export function indexKeysFor(doc: Document, pattern: KeyPattern): IndexKeys {
  const paths = Object.keys(pattern);
  const state = { expanded: null as unknown[] | null, hasAnyField: false };
  const keys: unknown[][] = [];
  expandKeys(
    paths.map((path) => ({ from: doc, rest: splitPath(path), isDone: false })),
    keys,
    state,
  );
  return { keys: withoutRepeats(keys), isMultikey: state.expanded !== null, hasAnyField: state.hasAnyField };
}

/** Where one field of the pattern stands: what of its path is still to be followed, from which value. */
interface FieldCursor {
  from: unknown;
  rest: readonly string[];
  isDone: boolean;
}

function expandKeys(
  cursors: readonly FieldCursor[],
  keys: unknown[][],
  state: { expanded: unknown[] | null; hasAnyField: boolean },
): void {
  const advanced = cursors.map((cursor) => advance(cursor));
  const arrays = advanced.filter((cursor) => !cursor.isDone);
  if (arrays.length === 0) {
    if (advanced.some((cursor) => cursor.from !== undefined)) state.hasAnyField = true;
    keys.push(advanced.map((cursor) => cursor.from ?? null));
    return;
  }
  const items = (arrays[0] as FieldCursor).from as unknown[];
  const other = arrays.find((cursor) => cursor.from !== items);
  if (other) throw parallelArrays(arrays[0] as FieldCursor, other);
  state.expanded = items;
  if (items.length === 0) {
    // Deeper fields of an empty array are missing; the array itself has its own key value.
    const rest = advanced.map((cursor) => (cursor.isDone ? cursor : emptyArrayField(cursor)));
    state.hasAnyField ||= rest.some((cursor) => cursor.from !== undefined);
    keys.push(rest.map((cursor) => cursor.from ?? null));
    return;
  }
  for (const item of items) {
    const next = advanced.map((cursor) => (cursor.isDone ? cursor : enterElement(cursor, item)));
    expandKeys(next, keys, state);
  }
}

const emptyArrayField = (cursor: FieldCursor): FieldCursor => ({
  from: cursor.rest.length === 0 ? EMPTY_ARRAY_KEY : undefined,
  rest: [],
  isDone: true,
});

/** Follows embedded documents to the end of the path or to the next array. */
function advance(cursor: FieldCursor): FieldCursor {
  if (cursor.isDone) return cursor;
  let { from, rest } = cursor;
  while (rest.length > 0) {
    if (Array.isArray(from)) {
      // A position in the path picks that element instead of expanding the array.
      const [part = ''] = rest;
      if (!isArrayIndex(part) || from.some((item) => isDocument(item) && getField(item, part) !== undefined)) break;
      from = (from as unknown[])[Number(part)];
    } else if (isDocument(from)) {
      from = getField(from, rest[0] as string);
    } else {
      return { from: undefined, rest: [], isDone: true };
    }
    rest = rest.slice(1);
  }
  return { from, rest, isDone: !Array.isArray(from) };
}

function enterElement(cursor: FieldCursor, item: unknown): FieldCursor {
  if (cursor.rest.length === 0) return { from: item, rest: [], isDone: true };
  // Arrays directly inside arrays are not followed, and other values have no fields.
  return isDocument(item)
    ? { from: item, rest: cursor.rest, isDone: false }
    : { from: undefined, rest: [], isDone: true };
}

/** Equal elements make one entry. */
function withoutRepeats(keys: unknown[][]): unknown[][] {
  if (keys.length < 2) return keys;
  const directions = keys[0]?.map(() => 1 as const) ?? [];
  const seen = new Set<string>();
  return keys.filter((key) => {
    const encoded = encodeKey(key, directions).toString('latin1');
    return !seen.has(encoded) && seen.add(encoded);
  });
}

function parallelArrays(first: FieldCursor, second: FieldCursor): MongoError {
  const name = (cursor: FieldCursor): string => cursor.rest.join('.') || 'array';
  return new MongoError(171, `cannot index parallel arrays [${name(second)}] [${name(first)}]`);
}
