import { type Numeric, toNumber } from '../bson/numbers.js';
import { type Document, isDocument, typeName } from '../bson/values.js';
import { failedToParse, MongoError } from '../errors.js';
import { fromBatches, toBatches } from './batches.js';
import { MemoryMeter } from './memory.js';
import { type Batches, type PipelineContext, type Stage, type StageTable, type StageTools } from './stage.js';
import { filterStages } from './stages/filter-stages.js';
import { gapStages } from './stages/gap-stages.js';
import { groupStages } from './stages/group-stages.js';
import { joinStages } from './stages/join-stages.js';
import { shapeStages } from './stages/shape-stages.js';
import { compileSortStage, sortStages } from './stages/sort-stages.js';
import { fieldsOf, sourceStages } from './stages/source-stages.js';
import { windowStages } from './stages/window-stages.js';
import { parseWriteStage, type WriteInstruction } from './write-stage.js';

export type { PipelineContext } from './stage.js';
export type { WriteInstruction } from './write-stage.js';

const stageCompilers: StageTable = {
  ...filterStages,
  ...gapStages,
  ...groupStages,
  ...joinStages,
  ...shapeStages,
  ...sortStages,
  ...sourceStages,
  ...windowStages,
};

const MAX_STAGES = 1_000;
const MAX_NESTING = 20;

export interface PipelineRun {
  /** The resulting documents, computed as they are read; stop reading to stop the scan. */
  readonly documents: AsyncGenerator<Document, void, undefined>;
  /** A final `$out` or `$merge`: the caller writes `documents` there. */
  readonly write: WriteInstruction | null;
}

/**
 * Runs an aggregation pipeline over documents with typed values. Errors of the pipeline itself (unknown stage 40324,
 * bad operands, ...) are thrown at once, errors of evaluation while `documents` is read; 292 beyond the memory limit.
 */
export function runPipeline(
  source: AsyncIterable<Document> | Iterable<Document>,
  pipeline: readonly unknown[],
  context: PipelineContext,
): PipelineRun {
  const { stages, write } = compilePipeline(pipeline, context);
  const input = toBatches(source, context.yieldNow);
  const output = stages.reduce<Batches>((batches, stage) => stage.run(batches), input);
  return { documents: fromBatches(output), write };
}

interface CompiledPipeline {
  readonly stages: readonly Stage[];
  readonly write: WriteInstruction | null;
}

function compilePipeline(pipeline: readonly unknown[], context: PipelineContext): CompiledPipeline {
  const specs = readStages(pipeline);
  const last = specs.at(-1);
  const write = last ? parseWriteStage(...last) : null;
  const tools = toolsFor(context, new MemoryMeter(context.memoryLimit), 0);
  return { stages: compileStages(write ? specs.slice(0, -1) : specs, tools), write };
}

type StageSpec = readonly [name: string, spec: unknown];

function readStages(pipeline: unknown): StageSpec[] {
  if (!Array.isArray(pipeline))
    throw new MongoError(14, `'pipeline' option must be specified as an array, got ${typeName(pipeline)}`);
  if (pipeline.length > MAX_STAGES) throw failedToParse(`Pipeline length must be no longer than ${MAX_STAGES} stages`);
  return (pipeline as unknown[]).map((stage) => {
    if (!isDocument(stage)) throw new MongoError(14, "Each element of the 'pipeline' array must be an object");
    const [name, ...others] = Object.keys(stage);
    if (name === undefined || others.length > 0) {
      throw new MongoError(40323, 'A pipeline stage specification object must contain exactly one field.');
    }
    return [name, stage[name]] as const;
  });
}

function compileStages(specs: readonly StageSpec[], tools: StageTools): Stage[] {
  return specs.map(([name, spec], index) => {
    checkPlace(name, spec, index, specs);
    if (name === '$sort') return compileSortStage(spec, tools, name, limitBehind(specs, index));
    const compile = Object.hasOwn(stageCompilers, name) ? stageCompilers[name] : undefined;
    if (compile) return compile(spec, tools, name);
    const opened = tools.context.openSource?.(name, spec);
    if (opened)
      return { name, reads: new Set<string>(), replaces: true, run: () => toBatches(opened, tools.context.yieldNow) };
    throw new MongoError(40324, `Unrecognized pipeline stage name: '${name}'`);
  });
}

function checkPlace(name: string, spec: unknown, index: number, specs: readonly StageSpec[]): void {
  if (name === '$out' || name === '$merge') {
    if (index < specs.length - 1) throw new MongoError(40601, `${name} can only be the final stage in the pipeline`);
    throw new MongoError(51047, `${name} is not allowed within another stage's pipeline`);
  }
  if (index > 0 && name === '$documents')
    throw new MongoError(40602, '$documents is only valid as the first stage in a pipeline');
  if (index > 0 && name === '$match' && isDocument(spec) && '$text' in spec) {
    throw new MongoError(17313, '$match with $text is only allowed as the first pipeline stage');
  }
}

/** How many documents of a sort are needed: a `$limit` behind it, with `$skip`s in between added. */
function limitBehind(specs: readonly StageSpec[], at: number): number | null {
  let skipped = 0;
  for (const [name, spec] of specs.slice(at + 1)) {
    if (name !== '$skip' && name !== '$limit') return null;
    const count = toNumber(spec as Numeric);
    if (name === '$skip') skipped += count;
    else return Number.isInteger(count + skipped) && count > 0 ? count + skipped : null;
  }
  return null;
}

function toolsFor(context: PipelineContext, memory: MemoryMeter, depth: number): StageTools {
  if (depth > MAX_NESTING)
    throw new MongoError(5, `Maximum number of nested sub-pipelines exceeded. Limit is ${MAX_NESTING}`);
  return {
    context,
    memory,
    compileInner: (pipeline, variables) => {
      const inner = variables ? { ...context, let: { ...context.let, ...variables } } : context;
      return compileStages(readStages(pipeline), toolsFor(inner, memory, depth + 1));
    },
  };
}

/** What of a pipeline a query planner can do, and how much of each document the pipeline needs. */
export interface PipelineAnalysis {
  /** All leading `$match` stages joined, as one filter; `{}` without any. */
  readonly filter: Document;
  /** A `$sort` behind them (none of `skip` and `limit` before it). */
  readonly sort: Document | null;
  readonly skip: number;
  readonly limit: number | null;
  /** The stages left to run once a planner has done all of the above. */
  readonly rest: readonly Document[];
  /** Top-level fields read by the whole pipeline, filter and sort included; null: the documents are needed whole. */
  readonly fields: ReadonlySet<string> | null;
}

/** Splits a pipeline into what a planner can take and the rest. Throws what `runPipeline` throws for its shape. */
export function analyzePipeline(pipeline: readonly unknown[], context: PipelineContext = {}): PipelineAnalysis {
  const { stages } = compilePipeline(pipeline, context);
  const specs = readStages(pipeline);
  const matches: Document[] = [];
  let sort: Document | null = null;
  let skip = 0;
  let limit: number | null = null;
  let at = 0;
  for (; at < specs.length; at++) {
    const [name, spec] = specs[at] as StageSpec;
    if (name === '$match' && sort === null && skip === 0 && limit === null) matches.push(spec as Document);
    else if (name === '$sort' && sort === null && skip === 0 && limit === null) sort = spec as Document;
    else if (name === '$skip' && limit === null) skip += toNumber(spec as Numeric);
    else if (name === '$limit') limit = Math.min(limit ?? Infinity, toNumber(spec as Numeric));
    else break;
  }
  return {
    filter: matches.length > 1 ? { $and: matches } : (matches[0] ?? {}),
    sort,
    skip,
    limit,
    rest: (pipeline as Document[]).slice(at),
    fields: fieldsOf(stages),
  };
}
