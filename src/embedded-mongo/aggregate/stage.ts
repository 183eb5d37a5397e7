import { type Document } from '../bson/values.js';
import { type Collation } from '../query/collation.js';
import { type FilterContext } from '../query/match.js';
import { type ExpressionContext } from './expression-types.js';
import { type MemoryMeter } from './memory.js';

/** What a pipeline needs from the command layer. */
export interface PipelineContext extends Omit<ExpressionContext, 'collation'> {
  readonly collation?: Collation | null;
  /**
   * Reads another collection of the database for `$lookup`, `$unionWith` and `$graphLookup`. `filter` says which
   * documents are needed, so that an index can be used; more may be given, they are checked again.
   */
  readonly readCollection?: (name: string, filter?: Document) => AsyncIterable<Document> | Iterable<Document>;
  /** Opens stages that produce documents themselves (`$collStats`, `$indexStats`, ...); null: not such a stage. */
  readonly openSource?: (name: string, spec: unknown) => AsyncIterable<Document> | null;
  readonly text?: FilterContext['text'];
  /** Memory for blocking stages in bytes; default 100 MB, beyond it error 292. */
  readonly memoryLimit?: number;
  /** Called between batches, so that a long pipeline lets other work run (and can be stopped by throwing). */
  readonly yieldNow?: () => Promise<void>;
}

/** Documents travel in batches: one promise per batch instead of one per document. */
export type Batches = AsyncIterable<Document[]>;

/** A compiled stage. */
export interface Stage {
  readonly name: string;
  run(input: Batches): Batches;
  /** Top-level fields of its input it reads for sure or maybe; null: any. */
  readonly reads: ReadonlySet<string> | null;
  /** Its output depends on nothing but `reads` (so fields read by later stages are its own). */
  readonly replaces: boolean;
}

/** What a stage's compiler gets besides its specification. */
export interface StageTools {
  readonly context: PipelineContext;
  readonly memory: MemoryMeter;
  /** Compiles an inner pipeline (`$lookup`, `$facet`, `$unionWith`), perhaps with variables on top of `let`. */
  compileInner(pipeline: unknown, variables?: Document): readonly Stage[];
}

export type StageCompiler = (spec: unknown, tools: StageTools, name: string) => Stage;
export type StageTable = Readonly<Record<string, StageCompiler>>;

/** A stage that handles each document alone: answers none, one or several. */
export async function* flatMapBatches(input: Batches, change: (doc: Document) => readonly Document[]): Batches {
  for await (const batch of input) yield batch.flatMap((doc) => change(doc));
}

export async function* mapBatches(input: Batches, change: (doc: Document) => Document): Batches {
  for await (const batch of input) yield batch.map((doc) => change(doc));
}

export async function* filterBatches(input: Batches, accepts: (doc: Document) => boolean): Batches {
  for await (const batch of input) {
    const kept = batch.filter((doc) => accepts(doc));
    if (kept.length > 0) yield kept;
  }
}

/** A stage that needs all its input first. */
export async function* withAll(
  input: Batches,
  memory: MemoryMeter,
  compute: (docs: Document[]) => Document[],
): Batches {
  yield compute(await collectAll(input, memory));
}

/** Reads everything, counted against the memory limit. */
export async function collectAll(input: Batches, memory: MemoryMeter): Promise<Document[]> {
  const all: Document[] = [];
  for await (const batch of input) {
    for (const doc of batch) {
      memory.add(doc);
      all.push(doc);
    }
  }
  return all;
}

export const NO_FIELDS: ReadonlySet<string> = new Set();

/** Union of field sets; null (any field) wins. */
export function mergeFields(sets: readonly (ReadonlySet<string> | null)[]): ReadonlySet<string> | null {
  const merged = new Set<string>();
  for (const fields of sets) {
    if (fields === null) return null;
    for (const field of fields) merged.add(field);
  }
  return merged;
}
