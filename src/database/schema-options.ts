import type { SchemaOptions } from 'mongoose';
import { newId } from '../common/id.js';

/**
 * Options of every schema. Unknown keys in documents and filters throw instead of being dropped: a dropped filter key
 * would match more documents than meant. Indexes are built once at start by database/index-builder.ts.
 */
export const schemaOptions = (collection: string) =>
  ({
    collection,
    timestamps: true,
    versionKey: false,
    minimize: false,
    strict: 'throw',
    strictQuery: 'throw',
    autoIndex: false,
    autoCreate: false,
    id: false,
  }) as const satisfies SchemaOptions;

/** The `_id` of every schema: a string made by newId(). */
export const idField = { type: String, default: () => newId() } as const;

/** What mongoose keeps beside the named fields. */
export interface Stored {
  _id: string;
  createdAt: Date;
  updatedAt: Date;
}

/** A lean document with `_id` as `id`: what repositories return. */
export type Plain<T extends { _id: string }> = Omit<T, '_id'> & { id: string };

export function toPlain<T extends { _id: string }>(doc: T): Plain<T> {
  const { _id, ...rest } = doc;
  return { id: _id, ...rest };
}
