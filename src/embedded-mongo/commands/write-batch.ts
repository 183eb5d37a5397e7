import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { MAX_WRITE_BATCH } from '../wire/limits.js';
import { decode } from '../bson/codec.js';
import { toBoolean } from '../storage/integers.js';
import { missing } from './arguments.js';
import type { CommandContext } from './context.js';
import { toMongoError, writeErrorOf } from './error-reply.js';

/** Errors that end the whole command instead of one of its statements. */
const COMMAND_ERRORS = new Set([50, 112, 246, 251, 257, 262, 263, 11601]);

/** The statements of a write command: from its document sequence or from its array, decoded. */
export function statementsOf({ command, request, name }: CommandContext, field: string): Document[] {
  const sequence = request.sequences.get(field);
  const statements = sequence ? sequence.map((raw) => decode(raw)) : command[field];
  if (statements === undefined) throw missing(name, field);
  if (!Array.isArray(statements))
    throw new MongoError(14, `BSON field '${name}.${field}' is the wrong type, expected type 'array'`);
  checkBatchSize(statements.length);
  return statements as Document[];
}

export function checkBatchSize(count: number): void {
  if (count === 0 || count > MAX_WRITE_BATCH) {
    throw new MongoError(16, `Write batch sizes must be between 1 and ${MAX_WRITE_BATCH}. Got ${count} operations.`);
  }
}

/**
 * Runs the statements of a write one after the other and collects their errors: an ordered command stops at the first,
 * an unordered one goes on.
 */
export function runStatements(context: CommandContext, count: number, run: (index: number) => void): Document[] {
  const ordered = toBoolean(context.command['ordered'], true);
  const errors: Document[] = [];
  for (let index = 0; index < count; index++) {
    try {
      run(index);
    } catch (error) {
      if (!(error instanceof MongoError) || COMMAND_ERRORS.has(error.code)) throw error;
      errors.push(writeErrorOf(toMongoError(error), index));
      if (ordered) break;
    }
  }
  return errors;
}

export const withErrors = (errors: Document[]): Document => (errors.length > 0 ? { writeErrors: errors } : {});
