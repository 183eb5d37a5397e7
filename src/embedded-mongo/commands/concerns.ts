import { type Document, isDocument, isNumeric } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { Session } from '../sessions/session.js';
import { toInteger } from '../storage/integers.js';

const READ_LEVELS = new Set(['local', 'available', 'majority', 'linearizable', 'snapshot']);

/**
 * Read and write concerns on one node: every acknowledged write is on disk and every read sees the newest commit, so
 * all levels mean the same. What is checked is what MongoDB refuses.
 */
export function checkConcerns(command: Document, session: Session | null): void {
  const { readConcern, writeConcern } = command;
  if (readConcern !== undefined) checkReadConcern(readConcern, session);
  if (writeConcern === undefined) return;
  if (!isDocument(writeConcern)) throw new MongoError(14, "'writeConcern' must be an object");
  const ends = 'commitTransaction' in command || 'abortTransaction' in command;
  if (session?.autocommit === false && !ends) {
    throw new MongoError(72, 'writeConcern is not allowed within a multi-statement transaction');
  }
  const { w } = writeConcern;
  if (typeof w === 'string' && w !== 'majority') {
    throw new MongoError(79, `No write concern mode named '${w}' found in replica set configuration`);
  }
  if (isNumeric(w) && (toInteger(w, 0) < 0 || toInteger(w, 0) > 50)) {
    throw new MongoError(9, 'w has to be a non-negative number and not greater than 50');
  }
}

function checkReadConcern(concern: unknown, session: Session | null): void {
  if (!isDocument(concern)) throw new MongoError(14, "'readConcern' must be an object");
  const { level } = concern;
  if (level === undefined) return;
  if (typeof level !== 'string' || !READ_LEVELS.has(level)) {
    throw new MongoError(
      9,
      `readConcern.level must be either 'local', 'majority', 'linearizable', 'available', or 'snapshot'`,
    );
  }
  if (session?.autocommit === false) {
    if (level === 'linearizable' || level === 'available') {
      throw new MongoError(
        72,
        `The readConcern level must be either 'local' (default), 'majority' or 'snapshot' in order to run in a transaction`,
      );
    }
  } else if (level === 'snapshot') {
    throw new MongoError(246, 'Snapshot reads outside of a transaction are not supported by the embedded store');
  }
}

/** A write concern only more nodes could satisfy: the write is done, and the reply says what is missing. */
export function unsatisfiedConcern(concern: unknown): Document | null {
  if (!isDocument(concern)) return null;
  const { w } = concern;
  if (!isNumeric(w) || toInteger(w, 0) <= 1) return null;
  return {
    code: 100,
    codeName: 'UnsatisfiableWriteConcern',
    errmsg: 'Not enough data-bearing nodes',
    errInfo: { writeConcern: concern },
  };
}
