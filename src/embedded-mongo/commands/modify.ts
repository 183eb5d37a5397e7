import { ObjectId } from 'bson';
import { decode, encode, ensureIdFirst } from '../bson/codec.js';
import { type Document, getField, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { DocumentWriter } from '../sessions/writer.js';
import { applyUpdate, compileUpdate, seedFromFilter, type CompiledUpdate } from '../query/update.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import type { Row } from '../storage/read-view.js';
import { toBoolean } from '../storage/integers.js';
import { PAUSE, type TimeSlice } from '../storage/time-slice.js';
import { checkSize } from './insert.js';
import { collationFor, Query } from './query.js';
import { validatorOf, type DocumentValidator } from './validation.js';
import { evaluateLet } from './variables.js';
import { refuseView } from './views.js';

/** One update statement, or the update half of findAndModify. */
export interface UpdateStatement {
  filter: Document;
  update: unknown;
  multi: boolean;
  upsert: boolean;
  sort?: Document;
  collation?: Document;
  hint?: unknown;
  arrayFilters?: unknown;
  let?: Document;
  bypassValidation: boolean;
  /** Records found before the write (see `locate`). */
  within?: Buffer[];
}

export interface UpdateOutcome {
  matched: number;
  modified: number;
  /** `_id` of the document an upsert made. */
  upsertedId?: unknown;
  /** States of the (first) document before and after. */
  before?: Buffer;
  after?: Buffer;
  query?: Query;
}

/** Reads a statement of an `update` command. */
export function updateStatement(statement: Document, context: { command: Document }): UpdateStatement {
  const { q, u, multi, upsert, collation, hint, arrayFilters } = statement;
  if (!isDocument(q)) throw new MongoError(40414, "BSON field 'update.updates.q' is missing but a required field");
  if (u === undefined) throw new MongoError(40414, "BSON field 'update.updates.u' is missing but a required field");
  const isReplacement = isDocument(u) && !(Object.keys(u)[0] ?? '').startsWith('$');
  if (toBoolean(multi) && isReplacement)
    throw new MongoError(9, 'multi update is not supported for replacement-style update');
  return {
    filter: q,
    update: u,
    multi: toBoolean(multi),
    upsert: toBoolean(upsert),
    collation: collation as Document | undefined,
    hint,
    arrayFilters,
    let: evaluateLet((statement['c'] ?? context.command['let']) as Document | undefined, new Date()),
    bypassValidation: toBoolean(context.command['bypassDocumentValidation']),
  };
}

/**
 * Runs an update: finds what matches, changes it, or makes a document if there is none and `upsert` is set. Runs inside
 * a write, so nothing changes between finding and changing.
 */
export function runUpdate(
  writer: DocumentWriter,
  ns: string,
  statement: UpdateStatement,
  slice: TimeSlice,
): UpdateOutcome {
  const known = writer.names.find(ns);
  refuseView(known);
  const now = new Date();
  const update = compileUpdate(statement.update, {
    arrayFilters: statement.arrayFilters,
    collation: collationFor(known, statement.collation),
    let: statement.let,
    now,
  });
  if (known) {
    const { query, rows } = findRows(writer, known, statement, slice);
    if (rows.length > 0) return { ...changeRows(writer, known, query, update, rows, statement, now), query };
  }
  if (!statement.upsert) return { matched: 0, modified: 0 };
  return insertNew(writer, known ?? writer.names.create(ns, {}), update, statement, now);
}

/** The documents a statement is about, as they are now. */
export function findRows(
  writer: DocumentWriter,
  info: CollectionInfo,
  { filter, sort, collation, hint, let: variables, multi, within }: UpdateStatement,
  slice: TimeSlice,
): { query: Query; rows: Row[] } {
  const spec = { info, filter, sort, collation, hint, let: variables, limit: multi ? 0 : 1 };
  if (within) {
    const query = new Query({ ...spec, within }, writer.view);
    const rows = rowsOf(query, multi, slice);
    // Another write was faster, and may have left another document that matches: look again, now without pauses.
    if (rows.length > 0 || multi) return { query, rows };
  }
  const query = new Query(spec, writer.view);
  return { query, rows: rowsOf(query, multi, slice) };
}

/** All rows are found before the first is changed: a change may move a document along the index that is being read. */
function rowsOf(query: Query, multi: boolean, slice: TimeSlice): Row[] {
  const rows: Row[] = [];
  for (const row of query.rows(slice)) {
    if (row === PAUSE) continue;
    rows.push(row);
    if (!multi) break;
  }
  return rows;
}

function changeRows(
  writer: DocumentWriter,
  info: CollectionInfo,
  query: Query,
  update: CompiledUpdate,
  rows: Row[],
  statement: UpdateStatement,
  now: Date,
): UpdateOutcome {
  const validator = validatorOf(info, statement.bypassValidation);
  let modified = 0;
  let first: { before: Buffer; after: Buffer } | undefined;
  for (const row of rows) {
    const after = changed(row, query, update, validator, now);
    if (after) {
      writer.replace(info, row.recordKey, row.raw, after, update.kind === 'replacement' ? 'replace' : 'update');
      modified++;
    }
    first ??= { before: row.raw, after: after ?? row.raw };
  }
  return { matched: rows.length, modified, ...first };
}

/** The new bytes of a document, or null when the update leaves it as it is. */
function changed(
  row: Row,
  query: Query,
  update: CompiledUpdate,
  validator: DocumentValidator,
  now: Date,
): Buffer | null {
  const doc = decode(row.raw);
  const matchedIndex = update.kind === 'modifiers' ? query.matcher.positionalIndex(doc) : null;
  const result = applyUpdate(doc, update, { matchedIndex, now });
  if (!result.changed) return null;
  validator.checkUpdate(doc, result.doc);
  const raw = ensureIdFirst(encode(result.doc), () => getField(doc, '_id'));
  checkSize(raw);
  return raw;
}

function insertNew(
  writer: DocumentWriter,
  info: CollectionInfo,
  update: CompiledUpdate,
  statement: UpdateStatement,
  now: Date,
): UpdateOutcome {
  const seed = seedFromFilter(statement.filter);
  const { doc } = applyUpdate(seed, update, { now, isInsert: true });
  const raw = ensureIdFirst(encode(doc), () => new ObjectId());
  const stored = decode(raw);
  validatorOf(info, statement.bypassValidation).check(stored);
  checkSize(raw);
  writer.insert(info, raw);
  return { matched: 0, modified: 0, upsertedId: stored['_id'], after: raw };
}
