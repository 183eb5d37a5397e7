import type { Model, UpdateQuery, UpdateWithAggregationPipeline } from 'mongoose';
import type { Stored } from './schema-options.js';

/**
 * Writes of the hot path (every mail makes some twenty) straight through the driver. Mongoose would make a document object,
 * cast and validate each field that our own code has just built with the right types; that costs more CPU than the write
 * itself. Write concern, `strict` types (TypeScript's) and `updatedAt` stay; defaults are the caller's to give.
 */
const OPTIONS = { ignoreUndefined: true } as const;

/** The native collection, typed by the documents of the model. */
const collectionOf = <T extends Stored>(model: Model<T>) => model.collection;

type Update<T> = Exclude<UpdateQuery<T>, UpdateWithAggregationPipeline>;
type Filter = Record<string, unknown>;

/** A whole document, with every field of the schema. @throws MongoServerError 11000 for a duplicate key */
export async function insertDirect<T extends Stored>(model: Model<T>, doc: T): Promise<T> {
  await collectionOf(model).insertOne(doc as never, OPTIONS);
  return doc;
}

/** @returns how many documents matched (0 or 1), or were inserted by `upsert` */
export async function updateDirect<T extends Stored>(
  model: Model<T>,
  filter: Filter,
  update: Update<T>,
  now: Date,
  { upsert = false } = {},
): Promise<number> {
  const stamped = { ...update, $set: { ...update.$set, updatedAt: now } };
  const options = { ...OPTIONS, upsert };
  const result = await collectionOf(model).updateOne(filter as never, stamped as never, options);
  return result.matchedCount + result.upsertedCount;
}

/** @returns the document afterwards, or null when none matched */
export async function findAndUpdateDirect<T extends Stored>(
  model: Model<T>,
  filter: Filter,
  update: Update<T>,
  now: Date,
  sort: Record<string, 1 | -1> = {},
): Promise<T | null> {
  const stamped = { ...update, $set: { ...update.$set, updatedAt: now } };
  const options = { ...OPTIONS, sort, returnDocument: 'after' as const, includeResultMetadata: false as const };
  return (await collectionOf(model).findOneAndUpdate(filter as never, stamped as never, options)) as T | null;
}
