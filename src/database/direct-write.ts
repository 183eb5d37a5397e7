import type { Model, UpdateQuery } from 'mongoose';
import type { Stored } from './schema-options.js';

/**
 * Writes of the hot path (every mail makes some twenty) straight through the driver. Mongoose would make a document object,
 * cast and validate each field that our own code has just built with the right types; that costs more CPU than the write
 * itself. Write concern, `strict` types (TypeScript's) and `updatedAt` stay; defaults are the caller's to give.
 */
const OPTIONS = { ignoreUndefined: true } as const;

type Filter = Record<string, unknown>;
/** The parts of an update that the time stamps are added to. */
type Stamped = Record<string, unknown> & { $set?: object; $setOnInsert?: object };

/** A whole document, with every field of the schema. @throws MongoServerError 11000 for a duplicate key */
export async function insertDirect<T extends Stored>(model: Model<T>, doc: T): Promise<T> {
  await model.collection.insertOne(doc as never, OPTIONS);
  return doc;
}

/** Whole documents in one command, in order. @throws MongoBulkWriteError 11000 at the first duplicate: those before are stored */
export async function insertManyDirect<T extends Stored>(model: Model<T>, docs: readonly T[]): Promise<void> {
  if (docs.length > 0) await model.collection.insertMany(docs as never, OPTIONS);
}

/** Sets fields of several documents by id, in one command. */
export async function setManyDirect<T extends Stored>(
  model: Model<T>,
  changes: readonly { id: string; set: Partial<T> }[],
  now: Date,
): Promise<void> {
  const operations = changes.map(({ id, set }) => ({
    updateOne: { filter: { _id: id }, update: withUpdatedAt({ $set: set }, now) },
  }));
  if (operations.length > 0) await model.collection.bulkWrite(operations as never, OPTIONS);
}

/** @returns how many documents matched (0 or 1), or were inserted by `upsert` */
export async function updateDirect<T extends Stored>(
  model: Model<T>,
  filter: Filter,
  update: UpdateQuery<T>,
  now: Date,
  { upsert = false } = {},
): Promise<number> {
  const { $setOnInsert } = update as Stamped;
  const stamped = {
    ...withUpdatedAt(update, now),
    ...(upsert && { $setOnInsert: { ...$setOnInsert, createdAt: now } }),
  };
  const options = { ...OPTIONS, upsert };
  const result = await model.collection.updateOne(filter, stamped, options);
  return result.matchedCount + result.upsertedCount;
}

/** @returns the document afterwards, or null when none matched */
export async function findAndUpdateDirect<T extends Stored>(
  model: Model<T>,
  filter: Filter,
  update: UpdateQuery<T>,
  now: Date,
  sort: Record<string, 1 | -1> = {},
): Promise<T | null> {
  const stamped = withUpdatedAt(update, now);
  const options = { ...OPTIONS, sort, returnDocument: 'after' as const, includeResultMetadata: false as const };
  return (await model.collection.findOneAndUpdate(filter, stamped, options)) as T | null;
}

const withUpdatedAt = (update: Stamped, now: Date): Stamped => ({
  ...update,
  $set: { ...update.$set, updatedAt: now },
});
