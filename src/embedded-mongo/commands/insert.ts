import { ObjectId } from 'bson';
import { ensureIdFirst } from '../bson/codec.js';
import { MongoError } from '../errors.js';
import { toBoolean } from '../storage/integers.js';
import { rawDocumentArray } from '../wire/raw-elements.js';
import { MAX_BSON_BYTES } from '../wire/limits.js';
import { missing, namespaceOf, writableNamespace } from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { checkRaw, validatorOf } from './validation.js';
import { refuseView } from './views.js';
import { checkBatchSize, runStatements, withErrors } from './write-batch.js';

/** Documents stay raw from the socket to the store; only `_id` and indexed fields are decoded. */
async function insert(context: CommandContext): Promise<Reply> {
  const { command, request, server, db } = context;
  namespaceOf(context);
  const ns = writableNamespace(db, command[context.name] as string);
  const documents = request.sequences.get('documents') ?? rawDocumentArray(request.body, 'documents');
  if (!documents) throw missing(context.name, 'documents');
  checkBatchSize(documents.length);
  const bypass = toBoolean(command['bypassDocumentValidation']);
  const prepared = documents.map((raw) => ensureIdFirst(raw, () => new ObjectId()));
  return server.transactions.write(context, (writer) => {
    const known = writer.names.find(ns);
    refuseView(known);
    const info = known ?? writer.names.create(ns, {});
    const validator = validatorOf(info, bypass);
    let n = 0;
    const errors = runStatements(context, prepared.length, (index) => {
      const raw = prepared[index] as Buffer;
      checkSize(raw);
      checkRaw(validator, raw);
      writer.insert(info, raw);
      n++;
    });
    return { n, ...withErrors(errors), ok: 1 };
  });
}

/** @throws MongoError 10334 for a document over 16 MB */
export function checkSize(raw: Buffer): void {
  if (raw.length > MAX_BSON_BYTES) {
    throw new MongoError(
      10334,
      `BSONObj size: ${raw.length} is invalid. Size must be between 0 and ${MAX_BSON_BYTES}(16MB)`,
    );
  }
}

export const insertCommands: CommandTable = {
  insert: { run: insert, transaction: true, retryable: true, stable: true },
};
