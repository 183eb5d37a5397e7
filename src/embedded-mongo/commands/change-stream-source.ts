import { Timestamp } from 'bson';
import { runPipeline } from '../aggregate/pipeline.js';
import { decode, encode } from '../bson/codec.js';
import { valuesEqual } from '../bson/compare.js';
import { type Document, isDocument } from '../bson/values.js';
import type { ChangeEvent } from '../changes/change-feed.js';
import { eventDocument, invalidateDocument, type EventOptions } from '../changes/event-document.js';
import { encodeToken } from '../changes/resume-token.js';
import { MongoError } from '../errors.js';
import { collationFor } from './query.js';
import { recordKeyOf } from '../storage/keys.js';
import { toBoolean } from '../storage/integers.js';
import type { Batch, CursorSource, FillOptions } from './cursor-source.js';
import type { AggregateRequest } from './pipeline-plan.js';
import type { ServerState } from './server-state.js';

/** Events only clients get that ask for them by `showExpandedEvents`. */
const EXPANDED_ONLY = new Set(['create', 'createIndexes', 'dropIndexes', 'modify']);

/** What a stream watches: a collection, a database (`collection` null) or everything (`db` null). */
export interface Target {
  db: string | null;
  collection: string | null;
}

export interface StreamOptions {
  target: Target;
  spec: Document;
  pipeline: Document[];
  /** Position of the first event. */
  start: number;
  startTime: Timestamp | null;
}

/** The events of a stream, one batch after the other; waits where there are none. */
export class ChangeStreamSource implements CursorSource {
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
      uuidOf: ({ collectionId }) =>
        collectionId === undefined ? undefined : server.store.catalog.findById(collectionId)?.uuid,
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
    const token = last
      ? (decode(last)['_id'] as Document)
      : encodeToken({ sequence: this.next - 1, invalidate: false }, this.eventOptions.run);
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
    const isTarget =
      event.kind === 'rename' && isDocument(to) && to['coll'] === target.collection && to['db'] === target.db;
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

export const historyLost = (): MongoError =>
  new MongoError(
    286,
    'Resume of change stream was not possible, as the resume point may no longer be in the history.',
    {
      labels: ['NonResumableChangeStreamError'],
    },
  );

const tokenChanged = (): MongoError =>
  new MongoError(
    280,
    'Encountered an event whose _id field, which contains the resume token, was modified by the pipeline. Modifying the _id field of an event makes it impossible to resume the stream from that point.',
    { labels: ['NonResumableChangeStreamError'] },
  );
