import { type Document } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { type Matcher } from '../../query/match.js';
import { toBatches } from '../batches.js';
import { fieldOf } from '../expressions.js';
import { type Batches, type PipelineContext } from '../stage.js';

/** Reads another collection; none given means that the inner pipeline begins with `$documents`. */
export function open(context: PipelineContext, collection: string | undefined, filter?: Document): Batches {
  if (collection === undefined) return toBatches([], context.yieldNow); // the pipeline begins with $documents
  if (!context.readCollection) throw new MongoError(1, 'other collections cannot be read here');
  return toBatches(context.readCollection(collection, filter), context.yieldNow);
}

/** Values a document joins by: an array's elements (of `[]` none), null where the field is missing. */
export function localValues(doc: Document, path: readonly string[]): unknown[] {
  const value = fieldOf(doc, path, 0) ?? null;
  return Array.isArray(value) ? (value as unknown[]).flat() : [value];
}

/** The documents that satisfy a filter, all without one. */
export async function* matching(input: Batches, matcher: Matcher | undefined): Batches {
  for await (const batch of input) yield matcher ? batch.filter((doc) => matcher.matches(doc)) : batch;
}
