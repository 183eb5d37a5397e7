import { valuesAtPath } from '../../bson/path.js';
import { type Document, isDocument, typeName } from '../../bson/values.js';
import { failedToParse } from '../../errors.js';
import { describe } from '../../query/describe.js';
import { compileFilter } from '../../query/match.js';
import { compileExpression, splitFieldPath } from '../expressions.js';
import { equalityKey } from '../order.js';
import { type Batches, mergeFields, NO_FIELDS, type Stage, type StageTable, type StageTools } from '../stage.js';
import { graphLookup } from './graph-lookup.js';
import { localValues, matching, open } from './other-collection.js';
import { withValue } from './shape-stages.js';

/** Stages that read other collections: `$lookup $graphLookup $unionWith`. */
export const joinStages: StageTable = {
  $lookup: (spec, tools, name) => {
    const options = lookupOptions(spec);
    return options.pipeline ? lookupByPipeline(options, tools, name) : lookupByField(options, tools, name);
  },
  $unionWith: (spec, tools, name) => {
    const { coll, pipeline = [] } = typeof spec === 'string' ? { coll: spec } : isDocument(spec) ? spec : {};
    if (coll !== undefined && typeof coll !== 'string')
      throw failedToParse('the $unionWith stage specification must be an object or string');
    const inner = tools.compileInner(pipeline);
    return {
      name,
      reads: NO_FIELDS,
      replaces: false,
      run: async function* (input) {
        yield* input;
        yield* runInner(inner, open(tools.context, coll));
      },
    };
  },
  $graphLookup: (spec, tools, name) => graphLookup(spec, tools, name),
};

const runInner = (stages: readonly Stage[], input: Batches): Batches =>
  stages.reduce((batches, stage) => stage.run(batches), input);

interface LookupOptions {
  readonly from: string | undefined;
  readonly as: readonly string[];
  readonly localField: readonly string[] | null;
  readonly foreignField: string | null;
  readonly variables: Document;
  readonly pipeline: unknown;
}

function lookupOptions(spec: unknown): LookupOptions {
  if (!isDocument(spec))
    throw failedToParse(`the $lookup stage specification must be an object, but found ${typeName(spec)}`);
  for (const field of Object.keys(spec)) {
    if (!['from', 'as', 'localField', 'foreignField', 'let', 'pipeline'].includes(field))
      throw failedToParse(`unknown argument to $lookup: ${field}`);
  }
  const text = (field: string): string | null => {
    const value = spec[field];
    if (value !== undefined && typeof value !== 'string')
      throw failedToParse(
        `$lookup argument '${field}: ${describe(value)}' must be a string, is type ${typeName(value)}`,
      );
    return value ?? null;
  };
  const [from, as, localField, foreignField] = ['from', 'as', 'localField', 'foreignField'].map(text);
  if (!as) throw failedToParse("must specify 'as' field for a $lookup");
  if (!from && spec.pipeline === undefined) throw failedToParse("must specify 'from' field for a $lookup");
  if ((localField === null) !== (foreignField === null))
    throw failedToParse("$lookup requires both or neither of 'localField' and 'foreignField' to be specified");
  if (spec.pipeline === undefined && !localField)
    throw failedToParse("$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified");
  return {
    from: from ?? undefined,
    as: splitFieldPath(as),
    localField: localField ? splitFieldPath(localField) : null,
    foreignField: foreignField ?? null,
    variables: isDocument(spec.let) ? spec.let : {},
    pipeline: spec.pipeline,
  };
}

/** Equality join: one read of the other collection per batch, matched by hash. */
function lookupByField(options: LookupOptions, tools: StageTools, name: string): Stage {
  const localField = options.localField as readonly string[];
  const foreignField = options.foreignField as string;
  return {
    name,
    reads: new Set([localField[0] as string, options.as[0] as string]),
    replaces: false,
    run: async function* (input) {
      for await (const batch of input) {
        const joined = await joinBatch(batch, localField, foreignField, options.from, tools);
        yield batch.map((doc, i) => withValue(doc, options.as, joined[i]));
      }
    },
  };
}

async function joinBatch(
  batch: readonly Document[],
  localField: readonly string[],
  foreignField: string,
  from: string | undefined,
  { context }: StageTools,
): Promise<Document[][]> {
  const wanted = new Map<string, unknown>();
  const keys = batch.map((doc) =>
    localValues(doc, localField).map((value) => {
      const key = equalityKey(value);
      wanted.set(key, value);
      return key;
    }),
  );
  const found = new Map<string, { doc: Document; order: number }[]>();
  let order = 0;
  for await (const docs of open(context, from, { [foreignField]: { $in: [...wanted.values()] } })) {
    for (const doc of docs) {
      const entry = { doc, order: order++ };
      for (const key of new Set(valuesAtPath(doc, foreignField).map(equalityKey))) {
        if (!wanted.has(key)) continue;
        const known = found.get(key);
        if (known) known.push(entry);
        else found.set(key, [entry]);
      }
    }
  }
  return keys.map((each) => {
    const entries = new Set(each.flatMap((key) => found.get(key) ?? []));
    return [...entries].sort((a, b) => a.order - b.order).map(({ doc }) => doc);
  });
}

/** Join by an inner pipeline: run once per document, or once for all if it uses nothing of the document. */
function lookupByPipeline(options: LookupOptions, tools: StageTools, name: string): Stage {
  const { context } = tools;
  const names = Object.keys(options.variables);
  const values = names.map((variable) => compileExpression(options.variables[variable], context));
  const isCorrelated = names.length > 0 || options.localField !== null;
  // Compiled once with placeholders, so that errors appear before the first document.
  const uncorrelated = tools.compileInner(
    options.pipeline,
    Object.fromEntries(names.map((variable) => [variable, null])),
  );
  const joinOne = async (doc: Document): Promise<Document[]> => {
    const variables = Object.fromEntries(names.map((variable, i) => [variable, values[i]?.evaluate(doc)]));
    const stages = names.length > 0 ? tools.compileInner(options.pipeline, variables) : uncorrelated;
    const filter =
      options.localField && options.foreignField
        ? { [options.foreignField]: { $in: localValues(doc, options.localField) } }
        : undefined;
    const matcher = filter && compileFilter(filter, { collation: context.collation });
    return gather(runInner(stages, matching(open(context, options.from, filter), matcher)));
  };
  return {
    name,
    reads: mergeFields([
      ...values.map((value) => value.fields),
      new Set(options.localField?.slice(0, 1)),
      new Set(options.as.slice(0, 1)),
    ]),
    replaces: false,
    run: async function* (input) {
      let shared: Document[] | null = null;
      for await (const batch of input) {
        const result: Document[] = [];
        for (const doc of batch) {
          const joined: Document[] = shared ?? (await joinOne(doc));
          if (!isCorrelated) shared = joined;
          result.push(withValue(doc, options.as, joined));
        }
        yield result;
      }
    },
  };
}

async function gather(input: Batches): Promise<Document[]> {
  const all: Document[] = [];
  for await (const batch of input) for (const doc of batch) all.push(doc);
  return all;
}
