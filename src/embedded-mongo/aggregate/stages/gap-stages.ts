import { compareValues } from '../../bson/compare.js';
import { addNumbers, type Numeric, toNumber } from '../../bson/numbers.js';
import { type Document, isDocument, isNumeric, setField, typeName } from '../../bson/values.js';
import { failedToParse, MongoError } from '../../errors.js';
import { fieldOf, splitFieldPath } from '../expressions.js';
import { addUnits, type DateUnit } from '../operators/date-arithmetic.js';
import { widen } from '../operators/arithmetic.js';
import { equalityKey } from '../order.js';
import { mergeFields, type Stage, type StageTable, type StageTools, withAll } from '../stage.js';
import { timeZoneOf } from '../time-zone.js';
import { shapeStages, withValue } from './shape-stages.js';
import { windowStages } from './window-stages.js';

/** Stages that close gaps in series: `$densify` adds documents, `$fill` values. */
export const gapStages: StageTable = {
  $densify: (spec, { memory }, name) => {
    const options = densifyOptions(spec);
    return {
      name,
      reads: new Set([options.field[0] as string, ...options.partitions.map((path) => path[0] as string)]),
      replaces: false,
      run: (input) => withAll(input, memory, (docs) => densify(docs, options)),
    };
  },
  $fill: (spec, tools, name) => fillStage(spec, tools, name),
};

const MAX_GENERATED = 500_000;

interface DensifyOptions {
  readonly field: readonly string[];
  readonly partitions: readonly (readonly string[])[];
  readonly next: (value: unknown) => unknown;
  readonly bounds: 'full' | 'partition' | readonly [unknown, unknown];
}

function densifyOptions(spec: unknown): DensifyOptions {
  if (!isDocument(spec)) throw new MongoError(5733201, 'The $densify stage specification must be an object');
  const { field, range, partitionByFields = [] } = spec;
  if (typeof field !== 'string' || !isDocument(range))
    throw new MongoError(40414, "BSON field '$densify.field' and '$densify.range' are required");
  const { step, unit, bounds } = range;
  if (!isNumeric(step) || toNumber(step) <= 0)
    throw new MongoError(5733401, 'the step parameter in a range statement must be a strictly positive numeric value');
  const isPair = Array.isArray(bounds) && bounds.length === 2;
  if (bounds !== 'full' && bounds !== 'partition' && !isPair)
    throw new MongoError(
      5733402,
      "a bounding array in a range statement must have exactly two elements, or be 'full' or 'partition'",
    );
  return {
    field: splitFieldPath(field),
    partitions: (partitionByFields as string[]).map((path) => splitFieldPath(path)),
    bounds: bounds as DensifyOptions['bounds'],
    next: (value) =>
      value instanceof Date && typeof unit === 'string'
        ? addUnits(value, unit as DateUnit, toNumber(step), timeZoneOf(undefined))
        : widen(addNumbers, value as Numeric, step),
  };
}

function densify(docs: readonly Document[], options: DensifyOptions): Document[] {
  const valueOf = (doc: Document): unknown => fieldOf(doc, options.field, 0);
  const partitions = new Map<string, Document[]>();
  const without: Document[] = [];
  for (const doc of docs) {
    const value = valueOf(doc);
    if (value === undefined || value === null) {
      without.push(doc);
      continue;
    }
    if (!isNumeric(value) && !(value instanceof Date))
      throw new MongoError(
        5733201,
        `PlanExecutor error during aggregation :: caused by :: Densify field type must be numeric or a date, found ${typeName(value)}`,
      );
    const key = equalityKey(options.partitions.map((path) => fieldOf(doc, path, 0) ?? null));
    const known = partitions.get(key);
    if (known) known.push(doc);
    else partitions.set(key, [doc]);
  }
  const sortedPartitions = [...partitions.values()].map((members) =>
    members.sort((a, b) => compareValues(valueOf(a), valueOf(b))),
  );
  const ends = sortedPartitions
    .flatMap((members) => [valueOf(members[0] as Document), valueOf(members.at(-1) as Document)])
    .sort((a, b) => compareValues(a, b));
  return [
    ...without,
    ...sortedPartitions.flatMap((members) => {
      const [low, high] =
        options.bounds === 'full'
          ? [ends[0], ends.at(-1)]
          : options.bounds === 'partition'
            ? [valueOf(members[0] as Document), valueOf(members.at(-1) as Document)]
            : options.bounds;
      // An explicit upper bound is exclusive, the others are values that exist.
      return fillPartition(members, valueOf, options, low, high, Array.isArray(options.bounds));
    }),
  ];
}

function fillPartition(
  members: readonly Document[],
  valueOf: (doc: Document) => unknown,
  options: DensifyOptions,
  low: unknown,
  high: unknown,
  isHighExclusive: boolean,
): Document[] {
  const result: Document[] = [];
  const sample = members[0] as Document;
  let at = 0;
  let generated = 0;
  for (let value = low; compareValues(value, high) < (isHighExclusive ? 0 : 1); value = options.next(value)) {
    while (at < members.length && compareValues(valueOf(members[at] as Document), value) < 0)
      result.push(members[at++] as Document);
    if (at < members.length && compareValues(valueOf(members[at] as Document), value) === 0) continue;
    if (++generated > MAX_GENERATED)
      throw new MongoError(5897900, `Generated ${MAX_GENERATED} documents in $densify, which is over the limit`);
    let doc: Document = {};
    for (const path of options.partitions) {
      const partition = fieldOf(sample, path, 0);
      if (partition !== undefined) doc = withValue(doc, path, partition);
    }
    result.push(withValue(doc, options.field, value));
  }
  return [...result, ...members.slice(at)];
}

/** `$fill` is `$addFields` with `$ifNull` for values and `$setWindowFields` for methods. */
function fillStage(spec: unknown, tools: StageTools, name: string): Stage {
  if (!isDocument(spec) || !isDocument(spec.output))
    throw new MongoError(40414, "BSON field '$fill.output' is missing but a required field");
  const { sortBy, partitionBy, partitionByFields, output } = spec;
  const values: Document = {};
  const methods: Document = {};
  for (const field of Object.keys(output)) {
    const { value, method } = isDocument(output[field]) ? output[field] : {};
    if ((value === undefined) === (method === undefined))
      throw failedToParse(`Must specify either value or method for field '${field}' in $fill`);
    if (value !== undefined) setField(values, field, { $ifNull: [`$${field}`, value] });
    else if (method === 'linear' || method === 'locf')
      setField(methods, field, { [method === 'linear' ? '$linearFill' : '$locf']: `$${field}` });
    else throw failedToParse(`Method must be either locf or linear`);
  }
  const stages: Stage[] = [];
  if (Object.keys(methods).length > 0) {
    const byFields = Array.isArray(partitionByFields)
      ? Object.fromEntries((partitionByFields as string[]).map((field) => [field.replaceAll('.', '_'), `$${field}`]))
      : undefined;
    const partition = partitionBy ?? byFields;
    const window = {
      ...(partition === undefined ? {} : { partitionBy: partition }),
      ...(sortBy === undefined ? {} : { sortBy }),
      output: methods,
    };
    stages.push(windowStages.$setWindowFields?.(window, tools, '$setWindowFields') as Stage);
  }
  if (Object.keys(values).length > 0) stages.push(shapeStages.$addFields?.(values, tools, '$addFields') as Stage);
  return {
    name,
    reads: mergeFields(stages.map((stage) => stage.reads)),
    replaces: false,
    run: (input) => stages.reduce((batches, stage) => stage.run(batches), input),
  };
}
