import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { writableNamespace, namespaceOf } from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { runUpdate, updateStatement } from './modify.js';
import { runStatements, statementsOf, withErrors } from './write-batch.js';

const STATEMENT_FIELDS = new Set(['q', 'u', 'c', 'multi', 'upsert', 'collation', 'arrayFilters', 'hint', 'upsertSupplied', 'sampleId']);

async function update(context: CommandContext): Promise<Reply> {
  const { server, db, command, slice, session } = context;
  namespaceOf(context);
  const ns = writableNamespace(db, command[context.name] as string);
  const given = statementsOf(context, 'updates');
  if (session?.txnNumber != null && session.autocommit !== false && given.some((statement) => statement['multi'] === true)) {
    throw new MongoError(72, 'Cannot use retryable writes with multi=true');
  }
  for (const statement of given) allowStatementFields(statement);
  return server.transactions.write(context, (writer) => {
    let n = 0;
    let nModified = 0;
    const upserted: Document[] = [];
    const errors = runStatements(context, given.length, (index) => {
      const statement = updateStatement(given[index] as Document, context);
      const outcome = runUpdate(writer, ns, statement, slice.uninterrupted());
      n += outcome.matched;
      nModified += outcome.modified;
      if (outcome.upsertedId !== undefined) {
        upserted.push({ index, _id: outcome.upsertedId });
        n++;
      }
    });
    return { n, nModified, ...(upserted.length > 0 ? { upserted } : {}), ...withErrors(errors), ok: 1 };
  });
}

/** `sort` came with MongoDB 8.0: a client that sends it to this server must hear that it is unknown. */
function allowStatementFields(statement: Document): void {
  for (const field of Object.keys(statement)) {
    if (!STATEMENT_FIELDS.has(field)) throw new MongoError(40415, `BSON field 'update.updates.${field}' is an unknown field.`);
  }
}

export const updateCommands: CommandTable = {
  update: { run: update, transaction: true, retryable: true, stable: true },
};
