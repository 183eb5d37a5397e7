import { type Document, isDocument } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { compileSort, sortDocuments, TopK } from '../../query/sort.js';
import { type Batches, type Stage, type StageTable, type StageTools, withAll } from '../stage.js';

/** `$sort`; with a `$limit` right behind it, only the best documents are held. */
export const sortStages: StageTable = {
  $sort: (spec, tools, name) => compileSortStage(spec, tools, name, null),
};

/** Compiles `$sort`, holding at most `limit` documents where given. */
export function compileSortStage(spec: unknown, tools: StageTools, name: string, limit: number | null): Stage {
  const { context, memory } = tools;
  if (!isDocument(spec)) throw new MongoError(15973, 'the $sort key specification must be an object');
  if (Object.keys(spec).length === 0) throw new MongoError(15976, '$sort stage must have at least one sort key');
  const sorter = compileSort(spec, context.collation, context.meta);
  return {
    name,
    reads: sorter.fields,
    replaces: false,
    run: (input) =>
      limit === null
        ? withAll(input, memory, (docs) => sortDocuments(docs, sorter, (doc) => doc))
        : keepBest(input, new TopK<Document>(sorter, limit)),
  };
}

async function* keepBest(input: Batches, best: TopK<Document>): Batches {
  for await (const batch of input) for (const doc of batch) best.add(doc, doc);
  yield best.result();
}
