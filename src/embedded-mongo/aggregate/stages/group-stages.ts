import { compareValues } from '../../bson/compare.js';
import { toNumber } from '../../bson/numbers.js';
import { type Document, isDocument, isNumeric, setField, typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { compileExpression, evaluateConstant, type Expression } from '../expressions.js';
import { compileAccumulator, type GroupAccumulator } from '../group-accumulators.js';
import { equalityKeys } from '../order.js';
import {
  type Batches,
  mergeFields,
  type PipelineContext,
  type Stage,
  type StageTable,
  type StageTools,
  withAll,
} from '../stage.js';

/** Stages that gather documents: `$group $sortByCount $bucket $bucketAuto`. */
export const groupStages: StageTable = {
  $group: (spec, tools, name) => {
    if (!isDocument(spec)) throw new MongoError(15947, "a group's fields must be specified in an object");
    if (!('_id' in spec)) throw new MongoError(15955, 'a group specification must include an _id');
    const { _id, ...outputs } = spec;
    return groupStage(name, compileExpression(_id, tools.context), compileOutputs(outputs, tools.context), tools);
  },
  $sortByCount: (spec, tools, name) => {
    const isExpression =
      (typeof spec === 'string' && spec.startsWith('$')) || (isDocument(spec) && Object.keys(spec)[0]?.startsWith('$'));
    if (!isExpression)
      throw new MongoError(
        40147,
        'the sortByCount field must be defined as a $-prefixed path or an expression inside an object',
      );
    const group = groupStage(
      name,
      compileExpression(spec, tools.context),
      compileOutputs({ count: { $sum: 1 } }, tools.context),
      tools,
    );
    return {
      ...group,
      run: (input) =>
        withAll(group.run(input), tools.memory, (docs) => docs.sort((a, b) => compareValues(b.count, a.count))),
    };
  },
  $bucket: (spec, tools, name) => bucketStage(spec, tools, name),
  $bucketAuto: (spec, tools, name) => bucketAutoStage(spec, tools, name),
};

type Outputs = readonly (readonly [string, GroupAccumulator])[];

function compileOutputs(outputs: Document, context: PipelineContext): Outputs {
  return Object.keys(outputs).map((field) => {
    const spec = outputs[field];
    if (field.includes('.')) throw new MongoError(40235, `The field name '${field}' cannot contain '.'`);
    if (field.startsWith('$')) throw new MongoError(40236, `The field name '${field}' cannot be an operator name`);
    if (!isDocument(spec)) throw new MongoError(40234, `The field '${field}' must be an accumulator object`);
    const [operator, ...others] = Object.keys(spec);
    if (operator === undefined || others.length > 0)
      throw new MongoError(40238, `The field '${field}' must specify one accumulator`);
    return [field, compileAccumulator(operator, spec[operator], context)] as const;
  });
}

interface Group {
  readonly id: unknown;
  readonly collectors: { add(doc: Document): void; result(): unknown }[];
}

function groupStage(name: string, id: Expression, outputs: Outputs, tools: StageTools): Stage {
  return {
    name,
    reads: mergeFields([id.fields, ...outputs.map(([, accumulator]) => accumulator.reads)]),
    replaces: true,
    run: (input) => runGroup(input, id, outputs, tools),
  };
}

async function* runGroup(input: Batches, id: Expression, outputs: Outputs, { context, memory }: StageTools): Batches {
  const groups = new Map<string, Group>();
  const keyOf = equalityKeys(context.collation);
  const keepsInput = outputs.some(([, accumulator]) => accumulator.keepsInput);
  for await (const batch of input) {
    for (const doc of batch) {
      const value = id.evaluate(doc) ?? null;
      const key = keyOf(value);
      let group = groups.get(key);
      if (!group) {
        group = { id: value, collectors: outputs.map(([, accumulator]) => accumulator.create()) };
        groups.set(key, group);
        memory.add(value);
      }
      if (keepsInput) memory.add(doc);
      for (const collector of group.collectors) collector.add(doc);
    }
  }
  yield [...groups.values()].map((group) => groupDocument(group.id, group, outputs));
}

function groupDocument(id: unknown, { collectors }: Group, outputs: Outputs): Document {
  const result: Document = { _id: id };
  outputs.forEach(([field], i) => setField(result, field, collectors[i]?.result()));
  return result;
}

const DEFAULT_OUTPUT: Document = { count: { $sum: 1 } };

function bucketStage(spec: unknown, tools: StageTools, name: string): Stage {
  if (!isDocument(spec))
    throw new MongoError(40201, `Argument to $bucket stage must be an object, but found type: ${typeName(spec)}.`);
  const { groupBy, boundaries, output = DEFAULT_OUTPUT } = spec;
  if (groupBy === undefined || boundaries === undefined)
    throw new MongoError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  if (!Array.isArray(boundaries)) throw new MongoError(40200, "The $bucket 'boundaries' field must be an array");
  const bounds = (boundaries as unknown[]).map((bound) => evaluateConstant(bound, tools.context));
  if (bounds.length < 2) throw new MongoError(40192, "The $bucket 'boundaries' field must have at least 2 values");
  for (let i = 1; i < bounds.length; i++) {
    if (compareValues(bounds[i - 1], bounds[i]) >= 0)
      throw new MongoError(40194, "The 'boundaries' option to $bucket must be sorted");
  }
  const hasDefault = 'default' in spec;
  const otherwise = hasDefault ? evaluateConstant(spec.default, tools.context) : undefined;
  const value = compileExpression(groupBy, tools.context);
  const bucketOf = (doc: unknown): unknown => {
    const key = value.evaluate(doc) ?? null;
    const at = bounds.findLastIndex((bound) => compareValues(bound, key, tools.context.collation) <= 0);
    if (at >= 0 && at < bounds.length - 1) return bounds[at];
    if (hasDefault) return otherwise;
    throw new MongoError(40066, '$switch could not find a matching branch for an input, and no default was specified.');
  };
  const id: Expression = { evaluate: bucketOf, isTrue: () => true, fields: value.fields };
  const group = groupStage(name, id, compileOutputs(output as Document, tools.context), tools);
  return {
    ...group,
    run: (input) => withAll(group.run(input), tools.memory, (docs) => docs.sort((a, b) => compareValues(a._id, b._id))),
  };
}

function bucketAutoStage(spec: unknown, tools: StageTools, name: string): Stage {
  if (!isDocument(spec))
    throw new MongoError(40240, `The argument to $bucketAuto must be an object, but found type: ${typeName(spec)}.`);
  const { groupBy, buckets, output = DEFAULT_OUTPUT, granularity } = spec;
  const count = isNumeric(buckets) ? toNumber(buckets) : NaN;
  if (groupBy === undefined || buckets === undefined)
    throw new MongoError(40246, "$bucketAuto requires 'groupBy' and 'buckets' to be specified");
  if (!Number.isInteger(count))
    throw new MongoError(
      40241,
      `The $bucketAuto 'buckets' field must be a numeric value, but found type: ${typeName(buckets)}.`,
    );
  if (count <= 0)
    throw new MongoError(40243, `The $bucketAuto 'buckets' field must be greater than 0, but found: ${count}.`);
  if (granularity !== undefined) throw new MongoError(40261, `granularity is not supported by this server`);
  const value = compileExpression(groupBy, tools.context);
  const outputs = compileOutputs(output as Document, tools.context);
  return {
    name,
    reads: mergeFields([value.fields, ...outputs.map(([, accumulator]) => accumulator.reads)]),
    replaces: true,
    run: (input) => withAll(input, tools.memory, (docs) => distribute(docs, value, count, outputs)),
  };
}

/** Documents in order, cut into buckets of about the same size; equal values stay together. */
function distribute(docs: readonly Document[], value: Expression, count: number, outputs: Outputs): Document[] {
  const entries = docs
    .map((doc) => ({ doc, key: value.evaluate(doc) ?? null }))
    .sort((a, b) => compareValues(a.key, b.key));
  const size = Math.max(1, Math.round(entries.length / count));
  const result: { min: unknown; group: Group; max: unknown }[] = [];
  for (let at = 0; at < entries.length;) {
    const isLast = result.length === count - 1;
    let end = isLast ? entries.length : Math.min(at + size, entries.length);
    while (end < entries.length && compareValues(entries[end]?.key, entries[end - 1]?.key) === 0) end++;
    const group: Group = { id: null, collectors: outputs.map(([, accumulator]) => accumulator.create()) };
    for (const { doc } of entries.slice(at, end)) for (const collector of group.collectors) collector.add(doc);
    // The upper bound is the next bucket's lower one, of the last bucket its largest value.
    result.push({ min: entries[at]?.key, group, max: entries[Math.min(end, entries.length - 1)]?.key });
    at = end;
  }
  return result.map(({ min, max, group }) => groupDocument({ min, max }, group, outputs));
}
