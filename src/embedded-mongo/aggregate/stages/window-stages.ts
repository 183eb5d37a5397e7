import { compareValues } from '../../bson/compare.js';
import { toNumber } from '../../bson/numbers.js';
import { type Document, isDocument, isNumeric, typeName } from '../../bson/values.js';
import { failedToParse, MongoError } from '../../errors.js';
import { compileSort, sortDocuments, type Sorter } from '../../query/sort.js';
import { compileExpression, type Expression, splitFieldPath } from '../expressions.js';
import { compileAccumulator, isAccumulator } from '../group-accumulators.js';
import { addUnits, type DateUnit } from '../operators/date-arithmetic.js';
import { equalityKey } from '../order.js';
import { mergeFields, type PipelineContext, type StageTable, withAll } from '../stage.js';
import { timeZoneOf } from '../time-zone.js';
import { type Partition, type WindowFunction, windowFunctions } from '../window-functions.js';
import { withValue } from './shape-stages.js';

/** `$setWindowFields`. */
export const windowStages: StageTable = {
  $setWindowFields: (spec, { context, memory }, name) => {
    if (!isDocument(spec))
      throw failedToParse(`the $setWindowFields stage specification must be an object, found ${typeName(spec)}`);
    const { partitionBy, sortBy, output } = spec;
    if (!isDocument(output))
      throw new MongoError(40414, "BSON field '$setWindowFields.output' is missing but a required field");
    const partition = partitionBy === undefined ? null : compileExpression(partitionBy, context);
    const sorter = isDocument(sortBy) ? compileSort(sortBy, context.collation) : null;
    const fields = Object.keys(output).map((path) => compileOutput(path, output[path], sorter, context));
    return {
      name,
      reads: mergeFields([
        partition?.fields ?? new Set(),
        sorter?.fields ?? new Set(),
        ...fields.map((field) => field.reads),
      ]),
      replaces: false,
      run: (input) => withAll(input, memory, (docs) => computeWindows(docs, partition, sorter, fields, context)),
    };
  },
};

interface OutputField {
  readonly path: readonly string[];
  readonly reads: ReadonlySet<string> | null;
  readonly compute: (partition: Partition) => unknown[];
}

type RangeOf = (partition: Partition) => (index: number) => readonly [number, number];

function compileOutput(path: string, spec: unknown, sorter: Sorter | null, context: PipelineContext): OutputField {
  if (!isDocument(spec)) throw failedToParse(`The field '${path}' must be an object`);
  const { window, ...functions } = spec;
  const [name, ...others] = Object.keys(functions);
  if (name === undefined || others.length > 0) throw failedToParse(`Expected exactly one window function in '${path}'`);
  const compiled = compileFunction(name, functions[name], context);
  const rangeOf = compileWindow(window, sorter);
  return {
    path: splitFieldPath(path),
    reads: compiled.reads,
    compute: (partition) => compiled.compute(partition, rangeOf(partition)),
  };
}

function compileFunction(name: string, operand: unknown, context: PipelineContext): WindowFunction {
  const compile = Object.hasOwn(windowFunctions, name) ? windowFunctions[name] : undefined;
  if (compile) return compile(operand, context, name);
  if (!isAccumulator(name)) throw failedToParse(`Unrecognized window function, ${name}`);
  const accumulator = compileAccumulator(name, operand, context);
  return {
    reads: accumulator.reads,
    compute: ({ docs }, range) => accumulate(docs as Document[], range, () => accumulator.create()),
  };
}

/** Windows that only grow (from the partition's start) are computed in one pass, all others anew for each document. */
function accumulate(
  docs: readonly Document[],
  range: (index: number) => readonly [number, number],
  create: () => { add(doc: Document): void; result(): unknown },
): unknown[] {
  let running = create();
  let added = 0;
  return docs.map((_, i) => {
    const [from, to] = range(i);
    if (from !== 0 || to < added) {
      const fresh = create();
      for (const doc of docs.slice(from, to)) fresh.add(doc);
      return fresh.result();
    }
    if (i === 0) running = create();
    while (added < to) running.add(docs[added++] as Document);
    const result = running.result();
    return Array.isArray(result) ? [...(result as unknown[])] : result;
  });
}

const WHOLE: RangeOf =
  ({ docs }) =>
  () => [0, docs.length];

function compileWindow(window: unknown, sorter: Sorter | null): RangeOf {
  if (window === undefined) return WHOLE;
  if (!isDocument(window)) throw failedToParse(`'window' field must be an object, found ${typeName(window)}`);
  const { documents, range, unit } = window;
  if ((documents === undefined) === (range === undefined))
    throw failedToParse("'window' field can have either 'documents' or 'range', not both");
  const bounds = documents ?? range;
  if (!Array.isArray(bounds) || bounds.length !== 2) throw failedToParse('Window bounds must be a 2-element array');
  const [lower, upper] = bounds as unknown[];
  const isUnbounded = lower === 'unbounded' && upper === 'unbounded';
  if (!sorter && !isUnbounded) throw new MongoError(5339901, 'Document-based bounds require a sortBy');
  if (documents !== undefined) {
    const [from, to] = [documentBound(lower, -Infinity), documentBound(upper, Infinity)];
    return ({ docs }) =>
      (index) =>
        clamp(index + from, index + to + 1, docs.length);
  }
  return rangeWindow(lower, upper, typeof unit === 'string' ? (unit as DateUnit) : null);
}

const clamp = (from: number, to: number, length: number): readonly [number, number] => {
  const start = Math.min(Math.max(from, 0), length);
  return [start, Math.max(start, Math.min(to, length))];
};

function documentBound(bound: unknown, unbounded: number): number {
  if (bound === 'current') return 0;
  if (bound === 'unbounded') return unbounded;
  const offset = isNumeric(bound) ? toNumber(bound) : NaN;
  if (!Number.isInteger(offset)) throw failedToParse('Numeric document-based bounds must be an integer');
  return offset;
}

/** Window of sort values between the document's own plus the bounds. */
function rangeWindow(lower: unknown, upper: unknown, unit: DateUnit | null): RangeOf {
  const limit = (value: unknown, bound: unknown): unknown => {
    if (bound === 'current') return value;
    if (!isNumeric(bound)) throw failedToParse('Range-based bounds expression must be a number');
    const offset = toNumber(bound);
    if (unit !== null) return value instanceof Date ? addUnits(value, unit, offset, timeZoneOf(undefined)) : value;
    return isNumeric(value) ? toNumber(value) + offset : value;
  };
  return ({ docs, sortValue }) => {
    const values = docs.map((doc) => sortValue?.evaluate(doc) ?? null);
    return (index) => {
      const low = lower === 'unbounded' ? undefined : limit(values[index], lower);
      const high = upper === 'unbounded' ? undefined : limit(values[index], upper);
      const from = low === undefined ? 0 : values.findIndex((value) => compareValues(value, low) >= 0);
      const last =
        high === undefined ? values.length - 1 : values.findLastIndex((value) => compareValues(value, high) <= 0);
      return from < 0 ? [0, 0] : clamp(from, last + 1, values.length);
    };
  };
}

function computeWindows(
  docs: readonly Document[],
  partition: Expression | null,
  sorter: Sorter | null,
  fields: readonly OutputField[],
  context: PipelineContext,
): Document[] {
  const partitions = new Map<string, { key: unknown; docs: Document[] }>();
  for (const doc of docs) {
    const key = partition?.evaluate(doc) ?? null;
    if (Array.isArray(key)) throw typeError(key);
    const known = partitions.get(equalityKey(key));
    if (known) known.docs.push(doc);
    else partitions.set(equalityKey(key), { key, docs: [doc] });
  }
  const [firstKey] = sorter?.keys ?? [];
  const sortValue = firstKey ? compileExpression(`$${firstKey.path}`, context) : null;
  return [...partitions.values()]
    .sort((a, b) => compareValues(a.key, b.key))
    .flatMap(({ docs: members }) => {
      const sorted = sorter ? sortDocuments(members, sorter, (doc) => doc) : members;
      const columns = fields.map((field) => field.compute({ docs: sorted, sorter, sortValue }));
      return sorted.map((doc, i) =>
        fields.reduce((result, field, at) => withValue(result, field.path, columns[at]?.[i]), doc),
      );
    });
}

const typeError = (key: unknown): MongoError =>
  new MongoError(14, `An expression used to partition cannot evaluate to value of type ${typeName(key)}`);
