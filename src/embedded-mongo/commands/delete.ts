import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { DocumentWriter } from '../sessions/writer.js';
import { toInteger } from '../storage/integers.js';
import type { TimeSlice } from '../storage/time-slice.js';
import { namespaceOf, optionalDocument, writableNamespace } from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { rowsOf } from './modify.js';
import { Query } from './query.js';
import { evaluateLet } from './variables.js';
import { refuseView } from './views.js';
import { runStatements, statementsOf, withErrors } from './write-batch.js';

async function remove(context: CommandContext): Promise<Reply> {
  const { server, db, command, slice, session } = context;
  namespaceOf(context);
  const ns = writableNamespace(db, command[context.name] as string);
  const statements = statementsOf(context, 'deletes');
  if (session?.txnNumber != null && session.autocommit !== false && statements.some((one) => toInteger(one['limit'], 0) !== 1)) {
    throw new MongoError(72, 'Cannot use retryable writes with limit=0');
  }
  const variables = evaluateLet(optionalDocument(context, 'let'), new Date());
  return server.transactions.write(context, (writer) => {
    let n = 0;
    const errors = runStatements(context, statements.length, (index) => {
      n += runDelete(writer, ns, statements[index] as Document, variables, slice.uninterrupted());
    });
    return { n, ...withErrors(errors), ok: 1 };
  });
}

/** Runs one delete statement (`q`, `limit` 0 or 1, `collation`, `hint`) and answers how many documents went. */
export function runDelete(
  writer: DocumentWriter,
  ns: string,
  statement: Document,
  variables: Document | undefined,
  slice: TimeSlice,
): number {
  const { q, limit, collation, hint } = statement;
  if (!isDocument(q)) throw new MongoError(40414, "BSON field 'delete.deletes.q' is missing but a required field");
  if (limit === undefined) throw new MongoError(40414, "BSON field 'delete.deletes.limit' is missing but a required field");
  const count = toInteger(limit, -1);
  if (count !== 0 && count !== 1) throw new MongoError(9, `The limit field in delete objects must be 0 or 1. Got ${count}`);
  const info = writer.names.find(ns);
  refuseView(info);
  if (!info) return 0;
  const spec = { info, filter: q, collation: collation as Document | undefined, hint, let: variables, limit: count };
  const rows = rowsOf(new Query(spec, writer.view), count === 0, slice);
  for (const row of rows) writer.remove(info, row.recordKey, row.raw);
  return rows.length;
}

export const deleteCommands: CommandTable = {
  delete: { run: remove, transaction: true, retryable: true, stable: true },
};
