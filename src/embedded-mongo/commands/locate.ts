import { ObjectId } from 'bson';
import type { Document } from '../bson/values.js';
import type { Row } from '../storage/read-view.js';
import { drain } from '../storage/time-slice.js';
import type { CommandContext } from './context.js';
import { Query, type QuerySpec } from './query.js';

/** Collections up to this size are searched inside the commit: that takes about a millisecond. */
const SMALL = 500;
/** Documents changed per commit by a write that changes many. */
export const WRITE_CHUNK = 500;

/** The part of a write statement that says which documents it is about. */
export interface Selection {
  filter: Document;
  sort?: Document;
  collation?: Document;
  hint?: unknown;
  let?: Document;
  multi: boolean;
}

/**
 * Record keys of the documents a write is about, found before the commit and with pauses: inside a commit nobody else is
 * served, so a long search must not happen there. The write checks each document again. Undefined where the search is
 * short, or belongs to a transaction.
 */
export async function locate(context: CommandContext, ns: string, selection: Selection): Promise<Buffer[] | undefined> {
  const { server, session, slice } = context;
  const info = server.store.catalog.find(ns);
  if (!info || info.type === 'view' || info.stats.count <= SMALL || session?.autocommit === false) return undefined;
  if (!selection.multi && isById(selection.filter)) return undefined;
  const { view } = server.transactions.read(context);
  const { multi, ...rest } = selection;
  const spec: QuerySpec = { ...rest, info, limit: multi ? 0 : 1 };
  const query = new Query(spec, view);
  const isShort = !multi && query.plan.kind !== 'COLLSCAN' && !query.needsSort;
  if (isShort) return undefined;
  const keys: Buffer[] = [];
  await drain<Row>(query.rows(slice), slice, ({ recordKey }) => keys.push(recordKey));
  return keys;
}

/** `{ _id: <value> }`: one look-up, whatever the value is. */
function isById(filter: Document): boolean {
  const names = Object.keys(filter);
  const id = filter['_id'];
  return names.length === 1 && (typeof id === 'string' || id instanceof ObjectId);
}

/** Cuts the keys of a write into the parts its commits take. */
export function chunksOf(keys: Buffer[]): Buffer[][] {
  const chunks: Buffer[][] = [];
  for (let at = 0; at < keys.length; at += WRITE_CHUNK) chunks.push(keys.slice(at, at + WRITE_CHUNK));
  return chunks;
}
