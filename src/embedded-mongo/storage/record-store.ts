import { changedFields, decode, pickFields, rawField } from '../bson/codec.js';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { Catalog } from './catalog.js';
import { type CollectionInfo, type IndexInfo, isSequenced } from './catalog-types.js';
import { DuplicateKeyError } from './duplicate-key-error.js';
import type { Environment } from './environment.js';
import { compileIndex, compileIndexes, type CompiledIndex, type DocumentEntries } from './index-entries.js';
import { ownedKey, recordKeyOf, sequenceKey } from './keys.js';

/** Told about every document that changed, inside the commit. */
export interface ChangeSink {
  inserted(info: CollectionInfo, raw: Buffer): void;
  replaced(info: CollectionInfo, before: Buffer, after: Buffer, kind: 'update' | 'replace'): void;
  removed(info: CollectionInfo, before: Buffer): void;
}

export interface UniqueEntry {
  key: string;
  /** Record key of the document that has the entry in the newest commit. */
  owner: Buffer | undefined;
  conflict(): DuplicateKeyError;
}

interface PlannedEntries {
  index: CompiledIndex;
  entries: DocumentEntries;
}

/**
 * Documents and their index entries. Every method runs inside a write of the queue and checks all unique indexes
 * before it puts anything, so a refused document leaves no trace in the commit it shares with others.
 */
export class RecordStore {
  /** Refuses to touch a document an open transaction has locked; throws RetryWhenReady. */
  guard: ((info: CollectionInfo, recordKey: Buffer) => void) | null = null;

  constructor(
    private readonly env: Environment,
    private readonly catalog: Catalog,
    private readonly changes: ChangeSink,
  ) {}

  get(info: CollectionInfo, recordKey: Buffer): Buffer | undefined {
    return this.env.docs.getBinary(ownedKey(info.id, recordKey));
  }

  /**
   * Stores a new document (raw BSON, `_id` first) and returns its record key.
   * @throws DuplicateKeyError, MongoError 17280 family for keys that cannot be indexed
   */
  insert(info: CollectionInfo, raw: Buffer): Buffer {
    const id = rawField(raw, '_id');
    checkId(id);
    const recordKey = isSequenced(info) ? sequenceKey(info.stats.next) : this.newRecordKey(info, id);
    this.guard?.(info, recordKey);
    const planned = this.plan(info, raw);
    for (const plan of planned) this.checkUnique(info, plan, recordKey, null);
    if (isSequenced(info)) info.stats.next++;
    this.env.docs.putSync(ownedKey(info.id, recordKey), raw);
    for (const plan of planned) this.putEntries(info, plan, recordKey);
    this.catalog.countChanged(info, 1, raw.length);
    this.changes.inserted(info, raw);
    if (info.capped) this.trim(info);
    return recordKey;
  }

  /** Replaces a document by a new state with the same `_id`. */
  replace(info: CollectionInfo, recordKey: Buffer, before: Buffer, after: Buffer, kind: 'update' | 'replace'): void {
    this.guard?.(info, recordKey);
    const affected = affectedIndexes(info, before, after);
    const old = this.plan(info, before, affected);
    const different = this.plan(info, after, affected)
      .map((plan, i) => ({ plan, old: (old[i] as PlannedEntries).entries }))
      .filter(({ plan, old }) => !sameEntries(plan.entries, old));
    for (const { plan, old } of different) this.checkUnique(info, plan, recordKey, old);
    for (const { plan, old } of different) {
      this.removeEntries(plan.index.info, old, recordKey);
      this.putEntries(info, plan, recordKey);
    }
    this.env.docs.putSync(ownedKey(info.id, recordKey), after);
    this.catalog.countChanged(info, 0, after.length - before.length);
    this.changes.replaced(info, before, after, kind);
  }

  remove(info: CollectionInfo, recordKey: Buffer, before: Buffer): void {
    this.guard?.(info, recordKey);
    for (const { index, entries } of this.plan(info, before)) this.removeEntries(index.info, entries, recordKey);
    this.env.docs.removeSync(ownedKey(info.id, recordKey));
    this.catalog.countChanged(info, -1, -before.length);
    this.changes.removed(info, before);
  }

  /** Adds the entries of a stored document to an index that is being built. */
  addToIndex(info: CollectionInfo, index: IndexInfo, recordKey: Buffer, raw: Buffer): void {
    const compiled = compileIndex(index);
    const doc = compiled.roots ? pickFields(raw, compiled.roots) : decode(raw);
    const plan = { index: compiled, entries: compiled.entriesOf(doc) };
    this.checkUnique(info, plan, recordKey, null);
    this.putEntries(info, plan, recordKey);
  }

  /** The entries a document has in unique indexes, for a transaction that checks them before its commit. */
  uniqueEntries(info: CollectionInfo, raw: Buffer): UniqueEntry[] {
    return this.plan(info, raw)
      .filter(({ index }) => index.info.unique)
      .flatMap(({ index, entries }) =>
        entries.fields.map((fields, i) => {
          const key = ownedKey(index.info.id, fields);
          const owner = this.env.index.getBinary(key);
          return {
            key: key.toString('latin1'),
            owner,
            conflict: () => duplicate(info, index.info, entries.values[i] ?? []),
          };
        }),
      );
  }

  private newRecordKey(info: CollectionInfo, id: unknown): Buffer {
    const key = recordKeyOf(id);
    if (key.cut && !info.longIds) {
      info.longIds = true;
      this.catalog.touch(info);
    }
    if (this.env.docs.doesExist(ownedKey(info.id, key.bytes))) {
      throw new DuplicateKeyError(info.ns, '_id_', { _id: 1 }, { _id: id });
    }
    return key.bytes;
  }

  private plan(info: CollectionInfo, raw: Buffer, only?: CompiledIndex[]): PlannedEntries[] {
    const compiled = compileIndexes(info.indexes);
    const indexes = only ?? compiled.indexes;
    if (indexes.length === 0) return [];
    const doc = compiled.fieldsOf(raw);
    return indexes.map((index) => ({ index, entries: index.entriesOf(doc) }));
  }

  private checkUnique(
    info: CollectionInfo,
    { index, entries }: PlannedEntries,
    recordKey: Buffer,
    old: DocumentEntries | null,
  ): void {
    if (!index.info.unique) return;
    entries.fields.forEach((fields, i) => {
      if (old?.fields.some((other) => other.equals(fields))) return;
      const owner = this.env.index.getBinary(ownedKey(index.info.id, fields));
      if (owner && !owner.equals(recordKey)) throw duplicate(info, index.info, entries.values[i] ?? []);
    });
  }

  private putEntries(info: CollectionInfo, { index, entries }: PlannedEntries, recordKey: Buffer): void {
    const { info: own } = index;
    if ((entries.multikey && !own.multikey) || (entries.cut && !own.longKeys)) {
      own.multikey ||= entries.multikey;
      own.longKeys ||= entries.cut;
      this.catalog.touch(info);
    }
    for (const fields of entries.fields) this.env.index.putSync(entryKey(own, fields, recordKey), recordKey);
  }

  private removeEntries(index: IndexInfo, entries: DocumentEntries, recordKey: Buffer): void {
    for (const fields of entries.fields) {
      const key = entryKey(index, fields, recordKey);
      // While a unique index is built, the entry may belong to another document.
      if (index.unique && index.building && !this.env.index.getBinary(key)?.equals(recordKey)) continue;
      this.env.index.removeSync(key);
    }
  }

  /** Removes the oldest documents of a capped collection until it fits again. */
  private trim(info: CollectionInfo): void {
    const { size, max = Infinity } = info.capped as NonNullable<CollectionInfo['capped']>;
    while (info.stats.count > max || (info.stats.bytes > size && info.stats.count > 1)) {
      const oldest = this.oldest(info);
      if (!oldest) return;
      this.remove(info, oldest.recordKey, oldest.raw);
    }
  }

  private oldest(info: CollectionInfo): { recordKey: Buffer; raw: Buffer } | undefined {
    const range = { start: ownedKey(info.id), end: ownedKey(info.id + 1), limit: 1 };
    for (const { key, value } of this.env.docs.getRange(range)) return { recordKey: key.subarray(4), raw: value };
    return undefined;
  }
}

/** The indexes whose fields an update has touched: the entries of the others stay as they are. */
function affectedIndexes(info: CollectionInfo, before: Buffer, after: Buffer): CompiledIndex[] {
  const { indexes, roots } = compileIndexes(info.indexes);
  if (!roots || roots.size === 0) return indexes;
  const changed = changedFields(before, after, roots);
  return changed.size === 0
    ? []
    : indexes.filter((index) => [...(index.roots ?? [])].some((root) => changed.has(root)));
}

function entryKey(index: IndexInfo, fields: Buffer, recordKey: Buffer): Buffer {
  return index.unique ? ownedKey(index.id, fields) : ownedKey(index.id, fields, recordKey);
}

function sameEntries(a: DocumentEntries, b: DocumentEntries): boolean {
  return a.fields.length === b.fields.length && a.fields.every((fields, i) => fields.equals(b.fields[i] as Buffer));
}

function duplicate(info: CollectionInfo, index: IndexInfo, values: unknown[]): DuplicateKeyError {
  const value = Object.fromEntries(index.fields.map(([path], i) => [path, duplicateValue(values[i])]));
  return new DuplicateKeyError(info.ns, index.name, index.spec['key'] as Document, value);
}

const duplicateValue = (value: unknown): unknown => (typeof value === 'symbol' ? [] : (value ?? null));

/** @throws MongoError 53, 52, 2 for values that cannot be an `_id` */
export function checkId(id: unknown): void {
  if (Array.isArray(id)) throw new MongoError(53, "The '_id' value cannot be of type array");
  if (id === undefined) throw new MongoError(2, 'a document needs an _id');
  if (id instanceof RegExp) throw new MongoError(53, "The '_id' value cannot be of type regex");
  if (isDocument(id) && Object.keys(id).some((name) => name.startsWith('$'))) {
    throw new MongoError(
      52,
      `_id fields may not contain '$'-prefixed fields: ${Object.keys(id)[0]} is not valid for storage.`,
    );
  }
}
