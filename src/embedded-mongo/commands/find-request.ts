import { type Document, isNumeric } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { toBoolean, toInteger } from '../storage/integers.js';
import { allowOnly, namespaceOf, optionalCount, optionalDocument } from './arguments.js';
import type { CommandContext } from './context.js';
import { evaluateLet } from './variables.js';

const FIND_FIELDS = new Set([
  'filter', 'sort', 'projection', 'hint', 'skip', 'limit', 'batchSize', 'singleBatch', 'max', 'min', 'returnKey',
  'showRecordId', 'tailable', 'oplogReplay', 'noCursorTimeout', 'awaitData', 'allowPartialResults', 'collation',
  'allowDiskUse', 'let', 'ntoreturn', 'term', 'encryptionInformation', 'includeQueryStatsMetrics',
]); // prettier-ignore

/** The options of a find command, checked. */
export interface FindRequest {
  ns: string;
  filter: Document;
  sort?: Document;
  projection?: Document;
  collation?: Document;
  hint?: unknown;
  let?: Document;
  skip: number;
  limit: number;
  batchSize?: number;
  singleBatch: boolean;
  tailable: boolean;
  awaitData: boolean;
}

/** @throws MongoError for options MongoDB refuses */
export function parseFind(context: CommandContext): FindRequest {
  allowOnly(context, FIND_FIELDS);
  const { command } = context;
  refuseUnsupported(command);
  const limit = negativeLimit(command['limit']);
  const request: FindRequest = {
    ns: namespaceOf(context),
    filter: optionalDocument(context, 'filter') ?? {},
    sort: optionalDocument(context, 'sort'),
    projection: optionalDocument(context, 'projection'),
    collation: optionalDocument(context, 'collation'),
    hint: command['hint'],
    let: evaluateLet(optionalDocument(context, 'let'), new Date()),
    skip: optionalCount(context, 'skip') ?? 0,
    limit: limit.count,
    batchSize: optionalCount(context, 'batchSize'),
    singleBatch: limit.single || toBoolean(command['singleBatch']),
    tailable: toBoolean(command['tailable']),
    awaitData: toBoolean(command['awaitData']),
  };
  if (request.awaitData && !request.tailable) {
    throw new MongoError(9, 'Cannot set awaitData without tailable');
  }
  if (request.hint !== undefined && typeof request.hint !== 'string' && typeof request.hint !== 'object') {
    throw new MongoError(9, 'hint must be a string or an object');
  }
  return request;
}

/** Options that change the result and that nothing here does: better an error than another answer. */
function refuseUnsupported(command: Document): void {
  for (const option of ['min', 'max']) {
    if (command[option] !== undefined)
      throw new MongoError(
        115,
        `find with '${option}' is not supported by the embedded store; use a range in the filter`,
      );
  }
  for (const option of ['returnKey', 'showRecordId']) {
    if (toBoolean(command[option]))
      throw new MongoError(115, `find with '${option}' is not supported by the embedded store`);
  }
}

/** Older clients say "one batch" by a negative limit. */
function negativeLimit(limit: unknown): { count: number; single: boolean } {
  if (limit === undefined || limit === null) return { count: 0, single: false };
  if (!isNumeric(limit)) throw new MongoError(14, "BSON field 'find.limit' is the wrong type, expected type 'long'");
  const count = toInteger(limit, 0);
  if (count < 0) throw new MongoError(51024, `BSON field 'limit' value must be >= 0, actual value '${count}'`);
  return { count, single: false };
}
