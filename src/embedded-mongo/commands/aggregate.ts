import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { toBoolean, toInteger } from '../storage/integers.js';
import { writeResult } from './aggregate-write.js';
import { allowOnly, namespaceOf, optionalArray, optionalDocument } from './arguments.js';
import { AsyncSource } from './async-source.js';
import { openChangeStream } from './change-streams.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { IteratorSource, ListSource } from './cursor-source.js';
import { explainAggregate } from './explain-aggregate.js';
import type { FindRequest } from './find-request.js';
import { planPipeline, type AggregateRequest, type PipelinePlan } from './pipeline-plan.js';
import { PAUSE, type Pause, type TimeSlice } from '../storage/time-slice.js';
import type { Query } from './query.js';

const FIELDS = new Set([
  'pipeline', 'explain', 'allowDiskUse', 'cursor', 'bypassDocumentValidation', 'collation', 'hint', 'let', 'needsMerge',
  'fromMongos', 'exchange', 'runtimeConstants', 'isMapReduceCommand', 'requestReshardingResumeToken', 'unwrappedReadPref',
]); // prettier-ignore

async function aggregate(context: CommandContext): Promise<Reply> {
  allowOnly(context, FIELDS);
  const { command, server } = context;
  const request = parseAggregate(context);
  const [first] = request.pipeline;
  if (command['apiStrict'] === true) refuseUnstable(request.pipeline);
  if (toBoolean(command['explain'])) return explainAggregate(context, request);
  const cursor = optionalDocument(context, 'cursor');
  if (!cursor)
    throw new MongoError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  const batchSize = batchSizeOf(cursor);
  if (first && '$changeStream' in first) return openChangeStream(context, request, batchSize);
  const plan = planPipeline(context, request);
  if (plan.write) {
    await writeResult(context, plan);
    return server.cursors.open(context, { ns: request.ns, source: new ListSource([]) }, batchSize);
  }
  return server.cursors.open(context, { ns: request.ns, source: sourceOf(plan, context.slice) }, batchSize);
}

export function parseAggregate(context: CommandContext): AggregateRequest {
  const { command, name, db } = context;
  const pipeline = optionalArray(context, 'pipeline');
  if (!pipeline) throw new MongoError(40414, "BSON field 'aggregate.pipeline' is missing but a required field");
  // Shape errors first: the stages are looked at by name below.
  analyzeShape(pipeline);
  return {
    ns:
      typeof command[name] === 'string'
        ? namespaceOf(context)
        : wholeDatabase(db, pipeline as Document[], command[name]),
    pipeline: pipeline as Document[],
    collation: optionalDocument(context, 'collation'),
    hint: command['hint'],
    let: optionalDocument(context, 'let'),
  };
}

const SOURCES_WITHOUT_COLLECTION = new Set(['$documents', '$currentOp', '$changeStream', '$listLocalSessions']);

function analyzeShape(pipeline: unknown[]): void {
  for (const stage of pipeline) {
    if (!isDocument(stage)) throw new MongoError(14, "Each element of the 'pipeline' array must be an object");
  }
}

const UNSTABLE_STAGES = new Set([
  '$currentOp',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$planCacheStats',
  '$search',
]);

function refuseUnstable(pipeline: Document[]): void {
  for (const stage of pipeline) {
    const [name = ''] = Object.keys(stage);
    if (UNSTABLE_STAGES.has(name))
      throw new MongoError(323, `stage ${name} is not allowed with 'apiStrict: true' in API Version 1`);
  }
}

function wholeDatabase(db: string, [first]: Document[], target: unknown): string {
  if (toInteger(target, 0) !== 1)
    throw new MongoError(9, "Invalid command format: the 'aggregate' field must specify a collection name or 1");
  const [name = ''] = Object.keys(first ?? {});
  if (!SOURCES_WITHOUT_COLLECTION.has(name)) {
    throw new MongoError(73, `{aggregate: 1} is not valid for '${name}'; a collection is required.`);
  }
  return `${db}.$cmd.aggregate`;
}

function batchSizeOf(cursor: Document): number | undefined {
  const { batchSize } = cursor;
  if (batchSize === undefined) return undefined;
  const size = toInteger(batchSize, -1);
  if (size < 0) throw new MongoError(51024, `BSON field 'batchSize' value must be >= 0, actual value '${size}'`);
  return size;
}

function sourceOf(plan: PipelinePlan, slice: TimeSlice): IteratorSource | AsyncSource {
  // Nothing is left for the pipeline to do: the stored bytes go out as they are.
  if (plan.query && plan.rest.length === 0)
    return new IteratorSource(rawDocuments(plan.query, slice), plan.limit ?? Infinity);
  return new AsyncSource(plan.run());
}

function* rawDocuments(query: Query, slice: TimeSlice): Generator<Buffer | Pause, void> {
  for (const row of query.rows(slice, true)) {
    if (row === PAUSE) yield row;
    else if (typeof row !== 'symbol') yield row.raw;
  }
}

/** Runs a pipeline to its end. */
export async function aggregateToArray(context: CommandContext, ns: string, pipeline: Document[]): Promise<Document[]> {
  const documents: Document[] = [];
  const collation = optionalDocument(context, 'collation');
  for await (const doc of planPipeline(context, { ns, pipeline, collation }).run()) documents.push(doc);
  return documents;
}

/** A find on a view is an aggregation over its pipeline. */
export async function aggregateOverView(context: CommandContext, request: FindRequest): Promise<Reply> {
  const { filter, sort, skip, limit, projection, batchSize } = request;
  const pipeline: Document[] = [{ $match: filter }];
  if (sort && Object.keys(sort).length > 0 && !('$natural' in sort)) pipeline.push({ $sort: sort });
  if (skip > 0) pipeline.push({ $skip: skip });
  if (limit > 0) pipeline.push({ $limit: limit });
  if (projection && Object.keys(projection).length > 0) pipeline.push({ $project: projection });
  const plan = planPipeline(context, { ...request, pipeline });
  return context.server.cursors.open(context, { ns: request.ns, source: sourceOf(plan, context.slice) }, batchSize);
}

export const aggregateCommands: CommandTable = {
  aggregate: { run: aggregate, transaction: true, stable: true },
};
