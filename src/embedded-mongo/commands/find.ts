import { Long } from 'bson';
import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import { toBoolean } from '../storage/integers.js';
import { PAUSE, type Pause, type TimeSlice } from '../storage/time-slice.js';
import { checkedNamespace, optionalArray } from './arguments.js';
import { aggregateOverView } from './aggregate.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { IteratorSource, ListSource } from './cursor-source.js';
import { parseFind, type FindRequest } from './find-request.js';
import { makeProjector, type Projector } from './projector.js';
import { Query } from './query.js';
import { openTailable } from './tailable.js';
import { resolveView } from './views.js';

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
  const documents = project(query, projector, context.slice);
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

function* project(query: Query, projector: Projector | null, slice: TimeSlice): Generator<Buffer | Pause, void> {
  for (const row of query.rows(slice, true)) {
    if (row === PAUSE) yield row;
    else if (typeof row !== 'symbol') yield projector ? projector(row.raw) : row.raw;
  }
}

function closeCursor(context: CommandContext, reply: Reply): Reply {
  const cursor = reply['cursor'] as Document;
  if ((cursor['id'] as Long).isZero()) return reply;
  context.server.cursors.kill([cursor['id']], cursor['ns'] as string);
  return { ...reply, cursor: { ...cursor, id: Long.ZERO } };
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
