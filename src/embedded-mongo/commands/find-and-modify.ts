import { RawDocument } from '../bson/raw.js';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { DocumentWriter } from '../sessions/writer.js';
import { toBoolean } from '../storage/integers.js';
import type { TimeSlice } from '../storage/time-slice.js';
import { allowOnly, namespaceOf, optionalDocument, writableNamespace } from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { locate } from './locate.js';
import { findRows, runUpdate, type UpdateStatement } from './modify.js';
import { makeProjector } from './projector.js';
import type { Query } from './query.js';
import { evaluateLet } from './variables.js';
import { refuseView } from './views.js';

const FIELDS = new Set([
  'query', 'sort', 'remove', 'update', 'new', 'fields', 'upsert', 'bypassDocumentValidation', 'arrayFilters', 'collation',
  'hint', 'let', 'encryptionInformation', 'sampleId', 'runtimeConstants',
]); // prettier-ignore

interface FindAndModifyRequest {
  ns: string;
  statement: UpdateStatement;
  remove: boolean;
  returnNew: boolean;
  fields?: Document;
}

function parse(context: CommandContext): FindAndModifyRequest {
  allowOnly(context, FIELDS);
  const { command, db } = context;
  namespaceOf(context);
  const remove = toBoolean(command['remove']);
  const { update } = command;
  if (remove && update !== undefined) throw new MongoError(9, 'Cannot specify both an update and remove=true');
  if (remove && toBoolean(command['new'])) {
    throw new MongoError(
      9,
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    );
  }
  if (remove && toBoolean(command['upsert']))
    throw new MongoError(9, 'Cannot specify both upsert=true and remove=true');
  if (!remove && update === undefined) throw new MongoError(9, 'Either an update or remove=true must be specified');
  return {
    ns: writableNamespace(db, command[context.name] as string),
    remove,
    returnNew: toBoolean(command['new']),
    fields: optionalDocument(context, 'fields'),
    statement: {
      filter: optionalDocument(context, 'query') ?? {},
      update,
      multi: false,
      upsert: toBoolean(command['upsert']),
      sort: optionalDocument(context, 'sort'),
      collation: optionalDocument(context, 'collation'),
      hint: command['hint'],
      arrayFilters: command['arrayFilters'],
      let: evaluateLet(optionalDocument(context, 'let'), new Date()),
      bypassValidation: toBoolean(command['bypassDocumentValidation']),
    },
  };
}

/** Finding and changing happen inside one write of the serial queue: two clients never get the same document. */
async function findAndModify(context: CommandContext): Promise<Reply> {
  const request = parse(context);
  const { server, slice } = context;
  request.statement.within = await locate(context, request.ns, request.statement);
  return server.transactions.write(context, (writer) =>
    request.remove ? runRemove(writer, request, slice) : runChange(writer, request, slice),
  );
}

function runRemove(writer: DocumentWriter, { ns, statement, fields }: FindAndModifyRequest, slice: TimeSlice): Reply {
  const info = writer.names.find(ns);
  refuseView(info);
  if (!info) return { lastErrorObject: { n: 0 }, value: null, ok: 1 };
  const { query, rows } = findRows(writer, info, statement, slice.uninterrupted());
  const [row] = rows;
  if (!row) return { lastErrorObject: { n: 0 }, value: null, ok: 1 };
  const value = shape(row.raw, fields, query);
  writer.remove(info, row.recordKey, row.raw);
  return { lastErrorObject: { n: 1 }, value, ok: 1 };
}

function runChange(writer: DocumentWriter, request: FindAndModifyRequest, slice: TimeSlice): Reply {
  const { ns, statement, returnNew, fields } = request;
  const outcome = runUpdate(writer, ns, statement, slice.uninterrupted());
  const { before, after, upsertedId, query } = outcome;
  const lastErrorObject = {
    n: outcome.matched > 0 || upsertedId !== undefined ? 1 : 0,
    updatedExisting: outcome.matched > 0,
    ...(upsertedId === undefined ? {} : { upserted: upsertedId }),
  };
  const chosen = returnNew ? after : before;
  return { lastErrorObject, value: chosen ? shape(chosen, fields, query) : null, ok: 1 };
}

function shape(raw: Buffer, fields: Document | undefined, query: Query | undefined): RawDocument {
  const projector = isDocument(fields) && Object.keys(fields).length > 0 ? makeProjector(fields, query ?? null) : null;
  return new RawDocument(projector ? projector(raw) : raw);
}

export const findAndModifyCommands: CommandTable = {
  findAndModify: { run: findAndModify, transaction: true, retryable: true, stable: true },
};
