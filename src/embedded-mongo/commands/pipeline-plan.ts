import { analyzePipeline, runPipeline, type PipelineContext, type WriteInstruction } from '../aggregate/pipeline.js';
import { decode, pickFields } from '../bson/codec.js';
import type { Document } from '../bson/values.js';
import type { ReadScope } from '../sessions/transactions.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import { compileTextTest } from '../storage/text-plan.js';
import { PAUSE, type TimeSlice, withoutPauses } from '../storage/time-slice.js';
import type { CommandContext } from './context.js';
import { collationFor, Query } from './query.js';
import { openSource } from './source-stages.js';
import { evaluateLet } from './variables.js';
import { resolveView } from './views.js';

/** What a pipeline is run with. */
export interface AggregateRequest {
  /** Namespace of the command; of the collection itself, not of a view behind it. */
  ns: string;
  pipeline: Document[];
  collation?: Document;
  hint?: unknown;
  let?: Document;
}

/** A pipeline split into a query (done by plan and index) and the stages that remain. */
export interface PipelinePlan {
  /** Null where the first stage brings its own documents, or there is no collection. */
  query: Query | null;
  rest: readonly Document[];
  limit: number | null;
  /** Top-level fields the pipeline reads; null for all. */
  fields: ReadonlySet<string> | null;
  write: WriteInstruction | null;
  run(): AsyncGenerator<Document, void, undefined>;
}

/** @throws MongoError for pipelines MongoDB refuses */
export function planPipeline(context: CommandContext, request: AggregateRequest): PipelinePlan {
  const scope = context.server.transactions.read(context);
  return new PipelinePlanner(context, scope, request).plan();
}

class PipelinePlanner {
  private readonly info: CollectionInfo | undefined;
  private readonly pipeline: Document[];
  private readonly context: PipelineContext;
  private readonly collation: Document | undefined;

  constructor(
    private readonly command: CommandContext,
    private readonly scope: ReadScope,
    private readonly request: AggregateRequest,
  ) {
    const resolved = resolveView(scope.names, request.ns);
    this.info = resolved.info;
    this.pipeline = [...resolved.pipeline, ...request.pipeline];
    this.collation = request.collation ?? resolved.collation;
    this.context = this.pipelineContext(resolved.ns);
  }

  plan(): PipelinePlan {
    const { info, context } = this;
    const analysis = analyzePipeline(this.pipeline, context);
    const { filter, sort, skip, limit, rest, fields } = analysis;
    const query = info
      ? new Query(
          {
            info,
            filter,
            sort: sort ?? undefined,
            collation: this.collation,
            hint: this.request.hint,
            let: this.context.let,
            skip,
            limit: limit ?? 0,
          },
          this.scope.view,
        )
      : null;
    const source = query ? documentsOf(query, fields, this.command.slice) : [];
    const withScores = query?.isText ? { ...context, meta: metaOf(query) } : context;
    const { documents, write } = runPipeline(source, rest, withScores);
    return { query, rest, limit, fields, write, run: () => documents };
  }

  private pipelineContext(base: string): PipelineContext {
    const { command, info } = this;
    const now = new Date();
    const { slice } = command;
    return {
      now,
      let: evaluateLet(this.request.let, now),
      collation: collationFor(info, this.collation),
      ...(info ? { text: (query: Document) => compileTextTest(info, query) } : {}),
      readCollection: (name, filter) => this.read(name, filter ?? {}),
      openSource: (name, spec) => openSource(command, base, info, name, spec),
      yieldNow: async () => {
        if (slice.check()) await slice.pause();
      },
    };
  }

  /** Another collection of the database, or a view, for `$lookup` and the like. */
  private read(name: string, filter: Document): AsyncIterable<Document> | Iterable<Document> {
    const { names, view } = this.scope;
    const ns = `${this.command.db}.${name}`;
    if (names.find(ns)?.type === 'view') {
      const inner = { ...this.request, ns, hint: undefined, pipeline: [{ $match: filter }] };
      return new PipelinePlanner(this.command, this.scope, inner).plan().run();
    }
    const info = names.find(ns);
    if (!info) return [];
    const query = new Query({ info, filter, collation: this.collation }, view);
    return documentsOf(query, null, this.command.slice);
  }
}

const metaOf =
  (query: Query): NonNullable<PipelineContext['meta']> =>
  (doc, name) =>
    name === 'textScore' ? query.textScore(doc as Document) : undefined;

/**
 * The documents of a query. Where every row read is a result, batches of the pipeline pause often enough; a scan that
 * rejects most rows has to pause by itself.
 */
function documentsOf(
  query: Query,
  fields: ReadonlySet<string> | null,
  slice: TimeSlice,
): AsyncIterable<Document> | Iterable<Document> {
  const readsAll = query.plan.kind !== 'COLLSCAN' || Object.keys(query.spec.filter).length === 0;
  return readsAll && !query.needsSort ? atOnce(query, fields, slice) : pausing(query, fields, slice);
}

const decoder =
  (fields: ReadonlySet<string> | null) =>
  (raw: Buffer): Document =>
    fields ? pickFields(raw, fields) : decode(raw);

function* atOnce(query: Query, fields: ReadonlySet<string> | null, slice: TimeSlice): Generator<Document> {
  const read = decoder(fields);
  for (const { raw } of withoutPauses(query.rows(slice.uninterrupted(), true))) yield read(raw);
}

async function* pausing(query: Query, fields: ReadonlySet<string> | null, slice: TimeSlice): AsyncGenerator<Document> {
  const read = decoder(fields);
  for (const row of query.rows(slice, true)) {
    if (row === PAUSE) await slice.pause();
    else if (typeof row !== 'symbol') yield read(row.raw);
  }
}
