import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { DocumentWriter } from '../sessions/writer.js';
import { toInteger } from '../storage/integers.js';
import type { TimeSlice } from '../storage/time-slice.js';
import { namespaceOf, optionalDocument, writableNamespace } from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { chunksOf, locate, type Selection, WRITE_CHUNK } from './locate.js';
import { findRows } from './modify.js';
import { evaluateLet } from './variables.js';
import { refuseView } from './views.js';
import { runStatements, statementsOf, withErrors } from './write-batch.js';

async function remove(context: CommandContext): Promise<Reply> {
  const { server, db, command, slice, session } = context;
  namespaceOf(context);
  const ns = writableNamespace(db, command[context.name] as string);
  const statements = statementsOf(context, 'deletes');
  if (
    session?.txnNumber != null &&
    session.autocommit !== false &&
    statements.some((one) => toInteger(one['limit'], 0) !== 1)
  ) {
    throw new MongoError(72, 'Cannot use retryable writes with limit=0');
  }
  const variables = evaluateLet(optionalDocument(context, 'let'), new Date());
  const [first] = statements;
  const within = statements.length === 1 && first ? await locateStatement(context, ns, first, variables) : undefined;
  if (within && within.length > WRITE_CHUNK) return deleteInChunks(context, ns, first as Document, variables, within);
  return server.transactions.write(context, (writer) => {
    let n = 0;
    const errors = runStatements(context, statements.length, (index) => {
      n += runDelete(writer, ns, statements[index] as Document, variables, slice.uninterrupted(), within);
    });
    return { n, ...withErrors(errors), ok: 1 };
  });
}

const selectionOf = (
  filter: Document,
  collation: unknown,
  hint: unknown,
  variables: Document | undefined,
  count: number,
): Selection => ({ filter, collation: collation as Document | undefined, hint, let: variables, multi: count === 0 });

/** A statement that cannot be read is left to the write, which reports it as that statement's error. */
async function locateStatement(
  context: CommandContext,
  ns: string,
  { q, collation, hint, limit }: Document,
  variables: Document | undefined,
): Promise<Buffer[] | undefined> {
  if (!isDocument(q)) return undefined;
  try {
    return await locate(context, ns, selectionOf(q, collation, hint, variables, toInteger(limit, 1)));
  } catch (error) {
    if (error instanceof MongoError && error.code !== 50 && error.code !== 11601) return undefined;
    throw error;
  }
}

/** As for updates: many documents go in several commits. */
async function deleteInChunks(
  context: CommandContext,
  ns: string,
  statement: Document,
  variables: Document | undefined,
  keys: Buffer[],
): Promise<Reply> {
  let n = 0;
  for (const within of chunksOf(keys)) {
    const reply = await context.server.transactions.write(context, (writer) => ({
      n: runDelete(writer, ns, statement, variables, context.slice.uninterrupted(), within),
    }));
    n += reply['n'] as number;
  }
  return { n, ok: 1 };
}

/** Runs one delete statement (`q`, `limit` 0 or 1, `collation`, `hint`) and answers how many documents went. */
export function runDelete(
  writer: DocumentWriter,
  ns: string,
  statement: Document,
  variables: Document | undefined,
  slice: TimeSlice,
  within?: Buffer[],
): number {
  const { q, limit, collation, hint } = statement;
  if (!isDocument(q)) throw new MongoError(40414, "BSON field 'delete.deletes.q' is missing but a required field");
  if (limit === undefined)
    throw new MongoError(40414, "BSON field 'delete.deletes.limit' is missing but a required field");
  const count = toInteger(limit, -1);
  if (count !== 0 && count !== 1)
    throw new MongoError(9, `The limit field in delete objects must be 0 or 1. Got ${count}`);
  const info = writer.names.find(ns);
  refuseView(info);
  if (!info) return 0;
  const { rows } = findRows(
    writer,
    info,
    {
      ...selectionOf(q, collation, hint, variables, count),
      update: null,
      upsert: false,
      bypassValidation: true,
      within,
    },
    slice,
  );
  for (const row of rows) writer.remove(info, row.recordKey, row.raw);
  return rows.length;
}

export const deleteCommands: CommandTable = {
  delete: { run: remove, transaction: true, retryable: true, stable: true },
};
