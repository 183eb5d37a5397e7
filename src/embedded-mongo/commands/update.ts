import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { writableNamespace, namespaceOf } from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { chunksOf, locate, WRITE_CHUNK } from './locate.js';
import { runUpdate, updateStatement } from './modify.js';
import { runStatements, statementsOf, withErrors } from './write-batch.js';

const STATEMENT_FIELDS = new Set([
  'q',
  'u',
  'c',
  'multi',
  'upsert',
  'collation',
  'arrayFilters',
  'hint',
  'upsertSupplied',
  'sampleId',
]);

async function update(context: CommandContext): Promise<Reply> {
  const { server, db, command, slice, session } = context;
  namespaceOf(context);
  const ns = writableNamespace(db, command[context.name] as string);
  const given = statementsOf(context, 'updates');
  if (
    session?.txnNumber != null &&
    session.autocommit !== false &&
    given.some((statement) => statement['multi'] === true)
  ) {
    throw new MongoError(72, 'Cannot use retryable writes with multi=true');
  }
  for (const statement of given) allowStatementFields(statement);
  const [first] = given;
  // One long statement is the usual form of updateMany; a batch of many is made of short ones.
  const within = given.length === 1 && first ? await locateStatement(context, ns, first) : undefined;
  if (within && within.length > WRITE_CHUNK) return updateInChunks(context, ns, first as Document, within);
  return server.transactions.write(context, (writer) => {
    let n = 0;
    let nModified = 0;
    const upserted: Document[] = [];
    const errors = runStatements(context, given.length, (index) => {
      const statement = { ...updateStatement(given[index] as Document, context), within };
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

/** A statement that cannot be read is left to the write, which reports it as that statement's error. */
async function locateStatement(context: CommandContext, ns: string, given: Document): Promise<Buffer[] | undefined> {
  if (!isDocument(given['q'])) return undefined;
  try {
    return await locate(context, ns, updateStatement(given, context));
  } catch (error) {
    if (error instanceof MongoError && error.code !== 50 && error.code !== 11601) return undefined;
    throw error;
  }
}

/** An update of many documents takes several commits, so that others are served in between; as in MongoDB it is not atomic. */
async function updateInChunks(context: CommandContext, ns: string, given: Document, keys: Buffer[]): Promise<Reply> {
  let n = 0;
  let nModified = 0;
  for (const within of chunksOf(keys)) {
    const reply = await context.server.transactions.write(context, (writer) => {
      let outcome = { matched: 0, modified: 0 };
      const errors = runStatements(context, 1, () => {
        outcome = runUpdate(
          writer,
          ns,
          { ...updateStatement(given, context), upsert: false, within },
          context.slice.uninterrupted(),
        );
      });
      return { n: outcome.matched, nModified: outcome.modified, ...withErrors(errors) };
    });
    n += reply['n'] as number;
    nModified += reply['nModified'] as number;
    if (reply['writeErrors'] !== undefined) return { ...reply, n, nModified, ok: 1 };
  }
  return { n, nModified, ok: 1 };
}

/** `sort` came with MongoDB 8.0: a client that sends it to this server must hear that it is unknown. */
function allowStatementFields(statement: Document): void {
  for (const field of Object.keys(statement)) {
    if (!STATEMENT_FIELDS.has(field))
      throw new MongoError(40415, `BSON field 'update.updates.${field}' is an unknown field.`);
  }
}

export const updateCommands: CommandTable = {
  update: { run: update, transaction: true, retryable: true, stable: true },
};
