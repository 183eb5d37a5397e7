import { decode, pickFields } from '../bson/codec.js';
import { encodeKey } from '../bson/key.js';
import { indexKeysFor, type KeyPattern } from '../bson/path.js';
import type { Document } from '../bson/values.js';
import { compileCollation, type Collation } from '../query/collation.js';
import { compileFilter, type Matcher } from '../query/match.js';
import type { IndexInfo } from './catalog-types.js';
import { foldValue } from './collation-keys.js';
import { boundFields } from './keys.js';
import { textTerms } from './text-terms.js';

/** What one document puts into one index. */
export interface DocumentEntries {
  /** Encoded field parts, one per entry; owner and record key are added by the store. */
  fields: Buffer[];
  /** The values behind each entry, for the message of a duplicate. */
  values: unknown[][];
  multikey: boolean;
  cut: boolean;
}

const NO_ENTRIES: DocumentEntries = { fields: [], values: [], multikey: false, cut: false };

/** An index ready for use on documents: compiled once per version of the index. */
export interface CompiledIndex {
  info: IndexInfo;
  /** Top-level fields the entries depend on, or null when they depend on the whole document. */
  roots: ReadonlySet<string> | null;
  directions: (1 | -1)[];
  collation: Collation | null;
  entriesOf(doc: Document): DocumentEntries;
}

const compiled = new WeakMap<IndexInfo, CompiledIndex>();

export function compileIndex(info: IndexInfo): CompiledIndex {
  let index = compiled.get(info);
  if (!index) {
    index = info.text ? compileTextIndex(info) : compileFieldIndex(info);
    compiled.set(info, index);
  }
  return index;
}

/** All indexes of a collection, and the decoding of just the fields they read. */
export interface CompiledIndexes {
  indexes: CompiledIndex[];
  /** Top-level fields any of them reads; null when one reads the whole document. */
  roots: ReadonlySet<string> | null;
  fieldsOf(raw: Buffer): Document;
}

const compiledSets = new WeakMap<readonly IndexInfo[], CompiledIndexes>();

/** Remembered by the array: whoever changes the indexes of a collection replaces it. */
export function compileIndexes(infos: readonly IndexInfo[]): CompiledIndexes {
  let set = compiledSets.get(infos);
  if (!set) {
    const indexes = infos.map(compileIndex);
    const roots = indexes.some((index) => index.roots === null)
      ? null
      : new Set(indexes.flatMap((index) => [...(index.roots ?? [])]));
    set = { indexes, roots, fieldsOf: (raw) => (roots ? pickFields(raw, roots) : decode(raw)) };
    compiledSets.set(infos, set);
  }
  return set;
}

function compileFieldIndex(info: IndexInfo): CompiledIndex {
  const directions = info.fields.map(([, kind]): 1 | -1 => (kind === -1 ? -1 : 1));
  const pattern: KeyPattern = Object.fromEntries(info.fields.map(([path], i) => [path, directions[i] as 1 | -1]));
  const partial = info.partialFilter ? compileFilter(info.partialFilter, {}) : null;
  const collation = info.collation ? compileCollation(info.collation) : null;
  return {
    info,
    roots: rootsOf(
      info.fields.map(([path]) => path),
      partial,
    ),
    directions,
    collation,
    entriesOf(doc) {
      if (partial && !partial.matches(doc)) return NO_ENTRIES;
      const { keys, isMultikey, hasAnyField } = indexKeysFor(doc, pattern);
      if (info.sparse && !hasAnyField) return NO_ENTRIES;
      return encodeEntries(keys, directions, isMultikey, collation);
    },
  };
}

function encodeEntries(
  keys: unknown[][],
  directions: (1 | -1)[],
  multikey: boolean,
  collation: Collation | null,
): DocumentEntries {
  let cut = false;
  const fields = keys.map((values) => {
    const key = boundFields(
      encodeKey(collation ? values.map((value) => foldValue(value, collation)) : values, directions),
    );
    cut ||= key.cut;
    return key.bytes;
  });
  return { fields, values: keys, multikey: multikey, cut };
}

function compileTextIndex(info: IndexInfo): CompiledIndex {
  const partial = info.partialFilter ? compileFilter(info.partialFilter, {}) : null;
  const at = info.fields.findIndex(([, kind]) => kind === 'text');
  const before = info.fields.slice(0, at).map(([path, kind]): [string, 1 | -1] => [path, kind === -1 ? -1 : 1]);
  const pattern: KeyPattern = Object.fromEntries(before);
  const directions = [...before.map(([, direction]) => direction), 1 as const];
  const options = info.text as NonNullable<IndexInfo['text']>;
  return {
    info,
    roots: null, // weights may name $**, and the language may be overridden anywhere
    directions,
    collation: null,
    entriesOf(doc) {
      if (partial && !partial.matches(doc)) return NO_ENTRIES;
      const prefix = before.length > 0 ? (indexKeysFor(doc, pattern).keys[0] ?? []) : [];
      const keys = [...textTerms(doc, options)].map((term) => [...prefix, term]);
      return encodeEntries(keys, directions, keys.length > 1, null);
    },
  };
}

function rootsOf(paths: string[], partial: Matcher | null): ReadonlySet<string> | null {
  const roots = new Set(paths.map((path) => path.split('.', 1)[0] as string));
  if (!partial) return roots;
  if (!partial.fields) return null;
  for (const field of partial.fields) roots.add(field);
  return roots;
}
