import { Timestamp } from 'bson';
import { analyzePipeline } from '../aggregate/pipeline.js';
import { type Document, isDocument } from '../bson/values.js';
import { decodeToken } from '../changes/resume-token.js';
import { MongoError } from '../errors.js';
import { toBoolean } from '../storage/integers.js';
import { splitNamespace } from '../storage/catalog-types.js';
import type { CommandContext, Reply } from './context.js';
import type { AggregateRequest } from './pipeline-plan.js';
import type { ServerState } from './server-state.js';
import { ChangeStreamSource, historyLost, type StreamOptions, type Target } from './change-stream-source.js';
import { refuseView } from './views.js';

const ALLOWED_STAGES = new Set([
  '$addFields', '$match', '$project', '$replaceRoot', '$replaceWith', '$redact', '$set', '$unset',
  '$changeStreamSplitLargeEvent',
]); // prettier-ignore
const OPTIONS = new Set([
  'fullDocument', 'fullDocumentBeforeChange', 'resumeAfter', 'startAfter', 'startAtOperationTime', 'allChangesForCluster',
  'showExpandedEvents', 'showSystemEvents', 'showMigrationEvents',
]); // prettier-ignore

/** Opens a change stream on a collection, a database or everything. */
export async function openChangeStream(
  context: CommandContext,
  request: AggregateRequest,
  batchSize: number | undefined,
): Promise<Reply> {
  const { server } = context;
  if (context.session?.autocommit === false) {
    throw new MongoError(
      263,
      'Operation not permitted in transaction :: caused by :: Aggregation stage $changeStream cannot run within a multi-document transaction',
    );
  }
  server.store.feed.activate();
  const options = parseStream(context, request);
  const source = new ChangeStreamSource(server, options, request);
  return server.cursors.open(context, { ns: request.ns, source, awaitData: true, tailable: true }, batchSize);
}

function parseStream(context: CommandContext, { pipeline, ns }: AggregateRequest): StreamOptions {
  const [first, ...rest] = pipeline as [Document, ...Document[]];
  const spec = first['$changeStream'];
  if (!isDocument(spec)) throw new MongoError(50808, '$changeStream must be an object');
  for (const option of Object.keys(spec)) {
    if (!OPTIONS.has(option)) throw new MongoError(40415, `BSON field '$changeStream.${option}' is an unknown field.`);
  }
  for (const stage of rest) {
    const [name = ''] = Object.keys(stage);
    if (!ALLOWED_STAGES.has(name)) {
      analyzePipeline([stage]); // an unknown stage is worse than one in the wrong place
      throw new MongoError(20, `${name} is not permitted in a $changeStream pipeline`);
    }
  }
  checkEnum(spec, 'fullDocument', ['default', 'updateLookup', 'whenAvailable', 'required']);
  checkEnum(spec, 'fullDocumentBeforeChange', ['off', 'whenAvailable', 'required']);
  const stages = rest.filter((stage) => !('$changeStreamSplitLargeEvent' in stage));
  analyzePipeline(stages);
  const target = targetOf(context, ns, spec);
  return { target, spec, pipeline: stages, ...startOf(context.server, spec) };
}

function checkEnum(spec: Document, name: string, allowed: string[]): void {
  const value = spec[name];
  if (value !== undefined && !allowed.includes(value as string)) {
    throw new MongoError(
      2,
      `Enumeration value '${JSON.stringify(value)}' for field '$changeStream.${name}' is not a valid value.`,
    );
  }
}

function targetOf({ db, server }: CommandContext, ns: string, spec: Document): Target {
  if (toBoolean(spec['allChangesForCluster'])) {
    if (db !== 'admin')
      throw new MongoError(
        72,
        "A $changeStream with 'allChangesForCluster:true' may only be opened on the 'admin' database",
      );
    return { db: null, collection: null };
  }
  if (ns === `${db}.$cmd.aggregate`) return { db, collection: null };
  const info = server.store.catalog.find(ns);
  refuseView(info);
  return { db, collection: splitNamespace(ns).name };
}

function startOf({ store }: ServerState, spec: Document): Pick<StreamOptions, 'start' | 'startTime'> {
  const { resumeAfter, startAfter, startAtOperationTime } = spec;
  if (resumeAfter !== undefined && startAfter !== undefined) {
    throw new MongoError(50674, "Do not specify both 'resumeAfter' and 'startAfter' in a $changeStream stage.");
  }
  const token = resumeAfter ?? startAfter;
  if (token !== undefined) {
    const { sequence, invalidate } = decodeToken(token, store.feed.run);
    if (invalidate && resumeAfter !== undefined) {
      throw new MongoError(
        260,
        "Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate notification.",
      );
    }
    if (sequence + 1 < store.feed.begin()) {
      throw historyLost();
    }
    return { start: sequence + 1, startTime: null };
  }
  if (startAtOperationTime instanceof Timestamp) return { start: store.feed.begin(), startTime: startAtOperationTime };
  return { start: store.feed.end(), startTime: null };
}
