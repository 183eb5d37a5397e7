import { type Document, isNumeric } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import { toBoolean, toInteger } from '../storage/integers.js';
import { PAUSE, type Pause, type TimeSlice } from '../storage/time-slice.js';
import { allowOnly, checkedNamespace, namespaceOf, optionalArray, optionalCount, optionalDocument } from './arguments.js';
import { aggregateOverView } from './aggregate.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { IteratorSource, ListSource } from './cursor-source.js';
import { makeProjector, type Projector } from './projector.js';
import { Query } from './query.js';
import { openTailable } from './tailable.js';
import { resolveView } from './views.js';

export const FIND_FIELDS = new Set([
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
  showRecordId: boolean;
}

/** @throws MongoError for options MongoDB refuses */
export function parseFind(context: CommandContext): FindRequest {
  allowOnly(context, FIND_FIELDS);
  const { command } = context;
  const limit = negativeLimit(command['limit']);
  const request: FindRequest = {
    ns: namespaceOf(context),
    filter: optionalDocument(context, 'filter') ?? {},
    sort: optionalDocument(context, 'sort'),
    projection: optionalDocument(context, 'projection'),
    collation: optionalDocument(context, 'collation'),
    hint: command['hint'],
    let: optionalDocument(context, 'let'),
    skip: optionalCount(context, 'skip') ?? 0,
    limit: limit.count,
    batchSize: optionalCount(context, 'batchSize'),
    singleBatch: limit.single || toBoolean(command['singleBatch']),
    tailable: toBoolean(command['tailable']),
    awaitData: toBoolean(command['awaitData']),
    showRecordId: toBoolean(command['showRecordId']),
  };
  if (request.awaitData && !request.tailable) {
    throw new MongoError(9, 'Cannot set awaitData without tailable');
  }
  if (request.hint !== undefined && typeof request.hint !== 'string' && typeof request.hint !== 'object') {
    throw new MongoError(9, 'hint must be a string or an object');
  }
  return request;
}

/** Older clients say "one batch" by a negative limit. */
function negativeLimit(limit: unknown): { count: number; single: boolean } {
  if (limit === undefined || limit === null) return { count: 0, single: false };
  if (!isNumeric(limit)) throw new MongoError(14, "BSON field 'find.limit' is the wrong type, expected type 'long'");
  const count = toInteger(limit, 0);
  if (count < 0) throw new MongoError(51024, `BSON field 'limit' value must be >= 0, actual value '${count}'`);
  return { count, single: false };
}

async function find(context: CommandContext): Promise<Reply> {
  const { server } = context;
  const request = parseFind(context);
  const { names, view } = server.transactions.read(context);
  const resolved = resolveView(names, request.ns);
  if (names.find(request.ns)?.type === 'view') return aggregateOverView(context, request);
  const { info } = resolved;
  if (request.tailable) return openTailable(context, request, info);
  if (!info) {
    checkQuery(request);
    return server.cursors.open(context, { ns: request.ns, source: new ListSource([]) }, request.batchSize);
  }
  const query = new Query({ ...request, info }, view);
  const projector = makeProjector(request.projection, query, request.let);
  const documents = project(query, projector, context.slice, request.showRecordId ? info : null);
  const source = new IteratorSource(documents, request.limit > 0 ? request.limit : Infinity);
  const batchSize = request.batchSize;
  const reply = await server.cursors.open(
    context,
    { ns: request.ns, source, noTimeout: toBoolean(context.command['noCursorTimeout']) },
    batchSize,
  );
  return request.singleBatch ? closeCursor(context, reply) : reply;
}

/** A query that finds nothing because its collection does not exist is still checked. */
function checkQuery({ filter, sort, collation, let: variables, projection }: FindRequest): void {
  const query = new Query({ info: NOWHERE, filter, sort, collation, let: variables }, NO_VIEW);
  makeProjector(projection, query, variables);
}

const NOWHERE: CollectionInfo = {
  id: 0,
  ns: '',
  db: '',
  name: '',
  type: 'collection',
  uuid: Buffer.alloc(16),
  options: {},
  indexes: [],
  longIds: false,
  stats: { count: 0, bytes: 0, next: 1 },
};
const NO_VIEW = { overlay: () => undefined } as unknown as ConstructorParameters<typeof Query>[1];

function* project(
  query: Query,
  projector: Projector | null,
  slice: TimeSlice,
  recordIds: CollectionInfo | null,
): Generator<Buffer | Pause, void> {
  for (const row of query.rows(slice)) {
    if (row === PAUSE) yield row;
    else if (typeof row !== 'symbol') yield projector ? projector(row.raw) : row.raw;
  }
  void recordIds;
}

function closeCursor(context: CommandContext, reply: Reply): Reply {
  const cursor = reply['cursor'] as Document;
  context.server.cursors.kill([cursor['id']], cursor['ns'] as string);
  return { ...reply, cursor: { ...cursor, id: 0 } };
}

async function getMore(context: CommandContext): Promise<Reply> {
  return context.server.cursors.getMore(context);
}

function killCursors(context: CommandContext): Reply {
  const ids = optionalArray(context, 'cursors');
  if (!ids) throw new MongoError(40414, "BSON field 'killCursors.cursors' is missing but a required field");
  return context.server.cursors.kill(ids, checkedNamespace(context.db, String(context.command[context.name])));
}

export const findCommands: CommandTable = {
  find: { run: find, transaction: true, stable: true },
  getMore: { run: getMore, transaction: true, stable: true },
  killCursors: { run: killCursors, transaction: true, stable: true },
};
