import { Timestamp } from 'bson';
import { analyzePipeline, runPipeline } from '../aggregate/pipeline.js';
import { decode, encode } from '../bson/codec.js';
import { valuesEqual } from '../bson/compare.js';
import { type Document, isDocument } from '../bson/values.js';
import type { ChangeEvent } from '../changes/change-feed.js';
import { eventDocument, invalidateDocument, type EventOptions } from '../changes/event-document.js';
import { decodeToken, encodeToken } from '../changes/resume-token.js';
import { MongoError } from '../errors.js';
import { collationFor } from './query.js';
import { recordKeyOf } from '../storage/keys.js';
import { toBoolean } from '../storage/integers.js';
import { splitNamespace } from '../storage/catalog-types.js';
import type { CommandContext, Reply } from './context.js';
import type { Batch, CursorSource, FillOptions } from './cursor-source.js';
import type { AggregateRequest } from './pipeline-plan.js';
import type { ServerState } from './server-state.js';
import { refuseView } from './views.js';

const ALLOWED_STAGES = new Set([
  '$addFields', '$match', '$project', '$replaceRoot', '$replaceWith', '$redact', '$set', '$unset',
  '$changeStreamSplitLargeEvent',
]); // prettier-ignore
const OPTIONS = new Set([
  'fullDocument', 'fullDocumentBeforeChange', 'resumeAfter', 'startAfter', 'startAtOperationTime', 'allChangesForCluster',
  'showExpandedEvents', 'showSystemEvents', 'showMigrationEvents',
]); // prettier-ignore
const EXPANDED_ONLY = new Set(['create', 'createIndexes', 'dropIndexes', 'modify']);

interface Target {
  db: string | null;
  collection: string | null;
}

interface StreamOptions {
  target: Target;
  spec: Document;
  pipeline: Document[];
  /** Position of the first event. */
  start: number;
  startTime: Timestamp | null;
}

/** Opens a change stream on a collection, a database or everything. */
export async function openChangeStream(
  context: CommandContext,
  request: AggregateRequest,
  batchSize: number | undefined,
): Promise<Reply> {
  const { server } = context;
  if (context.session?.autocommit === false) {
    throw new MongoError(263, 'Operation not permitted in transaction :: caused by :: Aggregation stage $changeStream cannot run within a multi-document transaction');
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
    throw new MongoError(2, `Enumeration value '${String(value)}' for field '$changeStream.${name}' is not a valid value.`);
  }
}

function targetOf({ db, server }: CommandContext, ns: string, spec: Document): Target {
  if (toBoolean(spec['allChangesForCluster'])) {
    if (db !== 'admin') throw new MongoError(72, 'A $changeStream with \'allChangesForCluster:true\' may only be opened on the \'admin\' database');
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
      throw new MongoError(260, 'Attempting to resume a change stream using \'resumeAfter\' is not allowed from an invalidate notification.');
    }
    if (sequence + 1 < store.feed.begin()) {
      throw new MongoError(286, 'Resume of change stream was not possible, as the resume point may no longer be in the history.', {
        labels: ['NonResumableChangeStreamError'],
      });
    }
    return { start: sequence + 1, startTime: null };
  }
  if (startAtOperationTime instanceof Timestamp) return { start: store.feed.begin(), startTime: startAtOperationTime };
  return { start: store.feed.end(), startTime: null };
}

/** The events of a stream, one batch after the other; waits where there are none. */
class ChangeStreamSource implements CursorSource {
  private next: number;
  private readonly eventOptions: EventOptions;
  private ended = false;

  constructor(
    private readonly server: ServerState,
    private readonly options: StreamOptions,
    private readonly request: AggregateRequest,
  ) {
    this.next = options.start;
    const { spec } = options;
    this.eventOptions = {
      fullDocument: (spec['fullDocument'] as EventOptions['fullDocument'] | undefined) ?? 'default',
      beforeChange: (spec['fullDocumentBeforeChange'] as EventOptions['beforeChange'] | undefined) ?? 'off',
      expanded: toBoolean(spec['showExpandedEvents']),
      run: server.store.feed.run,
      lookUp: (event) => this.currentState(event),
      keepsImages: (event) => this.keepsImages(event),
      uuidOf: ({ collectionId }) => (collectionId === undefined ? undefined : server.store.catalog.findById(collectionId)?.uuid),
    };
  }

  async fill({ limit, waitMs, signal }: FillOptions): Promise<Batch> {
    const deadline = performance.now() + waitMs;
    const { feed } = this.server.store;
    for (;;) {
      if (this.next < feed.begin() && feed.begin() !== feed.end()) throw historyLost();
      const documents = await this.read(limit);
      const left = deadline - performance.now();
      if (documents.length > 0 || this.ended || left <= 0 || signal.aborted) return this.batch(documents);
      await feed.wait(left, signal);
    }
  }

  close(): void {
    this.ended = true;
  }

  private batch(documents: Buffer[]): Batch {
    const last = documents.at(-1);
    const token = last ? (decode(last)['_id'] as Document) : encodeToken({ sequence: this.next - 1, invalidate: false }, this.eventOptions.run);
    return { documents, done: this.ended, extra: { postBatchResumeToken: token } };
  }

  private async read(limit: number): Promise<Buffer[]> {
    const result: Buffer[] = [];
    for (const event of this.server.store.feed.from(this.next)) {
      if (result.length >= limit || this.ended) break;
      this.next = event.sequence + 1;
      if (!this.concerns(event)) continue;
      for (const document of await this.documentsOf(event)) result.push(document);
    }
    return result;
  }

  private concerns(event: ChangeEvent): boolean {
    const { target, startTime } = this.options;
    if (startTime && event.time.lessThan(startTime)) return false;
    if (EXPANDED_ONLY.has(event.kind) && !this.eventOptions.expanded) return false;
    if (event.collection?.startsWith('system.')) return false;
    if (target.db === null) return event.db !== 'admin' && event.db !== 'config' && event.db !== 'local';
    if (event.db !== target.db) return false;
    if (target.collection === null) return true;
    if (event.kind === 'dropDatabase') return false;
    const to = event.detail?.['to'];
    const isTarget = event.kind === 'rename' && isDocument(to) && to['coll'] === target.collection && to['db'] === target.db;
    return event.collection === target.collection || isTarget;
  }

  private async documentsOf(event: ChangeEvent): Promise<Buffer[]> {
    const documents = [eventDocument(event, this.eventOptions)];
    if (this.invalidates(event)) {
      documents.push(invalidateDocument(event, this.eventOptions.run));
    }
    const shaped: Buffer[] = [];
    for (const document of documents) {
      const isEnd = document['operationType'] === 'invalidate';
      for (const result of await this.shape(document)) shaped.push(encode(result));
      if (isEnd) this.ended = true;
    }
    return shaped;
  }

  private invalidates({ kind }: ChangeEvent): boolean {
    const { target } = this.options;
    if (target.collection !== null) return kind === 'drop' || kind === 'rename';
    return target.db !== null && kind === 'dropDatabase';
  }

  private async shape(document: Document): Promise<Document[]> {
    const { pipeline } = this.options;
    if (pipeline.length === 0) return [document];
    const results: Document[] = [];
    const collation = collationFor(undefined, this.request.collation);
    for await (const result of runPipeline([document], pipeline, { collation, now: new Date() }).documents) {
      if (result['_id'] === undefined || !valuesEqual(result['_id'], document['_id'])) throw tokenChanged();
      results.push(result);
    }
    return results;
  }

  private currentState({ collectionId, id }: ChangeEvent): Document | null {
    const info = collectionId === undefined ? undefined : this.server.store.catalog.findById(collectionId);
    if (!info) return null;
    const raw = this.server.store.records.get(info, recordKeyOf(id).bytes);
    return raw ? decode(raw) : null;
  }

  private keepsImages({ collectionId }: ChangeEvent): boolean {
    const info = collectionId === undefined ? undefined : this.server.store.catalog.findById(collectionId);
    const images = info?.options['changeStreamPreAndPostImages'];
    return isDocument(images) && toBoolean(images['enabled']);
  }
}

const historyLost = (): MongoError =>
  new MongoError(286, 'Resume of change stream was not possible, as the resume point may no longer be in the history.', {
    labels: ['NonResumableChangeStreamError'],
  });

const tokenChanged = (): MongoError =>
  new MongoError(
    280,
    'Encountered an event whose _id field, which contains the resume token, was modified by the pipeline. Modifying the _id field of an event makes it impossible to resume the stream from that point.',
    { labels: ['NonResumableChangeStreamError'] },
  );
