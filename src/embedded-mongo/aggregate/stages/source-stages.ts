import { type Document, isDocument, setField } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { toBatches } from '../batches.js';
import { evaluateConstant } from '../expressions.js';
import {
  type Batches,
  collectAll,
  mergeFields,
  NO_FIELDS,
  type Stage,
  type StageTable,
  type StageTools,
} from '../stage.js';

const NOT_IN_FACET = new Set([
  '$facet',
  '$out',
  '$merge',
  '$geoNear',
  '$collStats',
  '$indexStats',
  '$documents',
  '$changeStream',
]);

/** Stages with inputs of their own: `$documents`, `$facet`. */
export const sourceStages: StageTable = {
  $documents: (spec, { context }, name) => {
    const docs = evaluateConstant(spec, { ...context });
    if (!Array.isArray(docs) || !docs.every((doc) => isDocument(doc))) {
      throw new MongoError(5858203, 'an array of documents is expected as the argument to $documents');
    }
    return { name, reads: NO_FIELDS, replaces: true, run: () => toBatches(docs) };
  },
  $facet: (spec, tools, name) => {
    if (!isDocument(spec) || Object.keys(spec).length === 0)
      throw new MongoError(40169, 'the $facet specification must be a non-empty object');
    const facets = Object.keys(spec).map((facet) => [facet, innerStages(facet, spec[facet], tools)] as const);
    return {
      name,
      reads: mergeFields(facets.map(([, stages]) => fieldsOf(stages))),
      replaces: true,
      run: async function* (input) {
        const docs = await collectAll(input, tools.memory);
        const result: Document = {};
        for (const [facet, stages] of facets) {
          const output = stages.reduce<Batches>(
            (batches, stage) => stage.run(batches),
            toBatches(docs, tools.context.yieldNow),
          );
          setField(result, facet, await collectAll(output, tools.memory));
        }
        yield [result];
      },
    };
  },
};

function innerStages(facet: string, pipeline: unknown, tools: StageTools): readonly Stage[] {
  if (!Array.isArray(pipeline)) throw new MongoError(40170, `arguments to $facet must be arrays, ${facet} is not`);
  if (facet.startsWith('$') || facet.includes('.'))
    throw new MongoError(40169, `facet names may not contain '.' or start with '$': ${facet}`);
  const stages = tools.compileInner(pipeline);
  for (const stage of stages) {
    if (NOT_IN_FACET.has(stage.name))
      throw new MongoError(40600, `${stage.name} is not allowed to be used within a $facet stage`);
  }
  return stages;
}

/** Top-level fields a sequence of stages reads of its input; null: any, or all documents pass whole. */
export function fieldsOf(stages: readonly Stage[]): ReadonlySet<string> | null {
  const read: (ReadonlySet<string> | null)[] = [];
  for (const stage of stages) {
    read.push(stage.reads);
    if (stage.replaces) return mergeFields(read);
  }
  return null;
}
