import type { Connection } from 'mongoose';
import { AppError, errorMessage } from '../common/errors.js';
import { isDuplicateKey } from './errors.js';

/**
 * Builds the indexes of every registered schema. Uniqueness carries correctness here (no mail twice, no reply twice), so a
 * failed build stops the start.
 * @throws AppError UNAVAILABLE that names the collection, the index and the offending keys
 */
export async function buildIndexes(connection: Connection): Promise<void> {
  for (const model of Object.values(connection.models)) {
    for (const [fields, options] of model.schema.indexes()) {
      const spec = Object.entries(fields as Record<string, 1 | -1>);
      try {
        // `background` is a mongoose default that servers since MongoDB 4.2 ignore.
        const { background: _ignored, ...rest } = (options ?? {}) as Record<string, unknown>;
        await model.collection.createIndex(spec, rest);
      } catch (error) {
        throw new AppError('UNAVAILABLE', explain(model.collection.name, spec, error), { cause: error });
      }
    }
  }
}

function explain(collection: string, spec: [string, 1 | -1][], error: unknown): string {
  const index = spec.map(([field, direction]) => `${field}:${direction}`).join(', ');
  if (!isDuplicateKey(error)) return `Index {${index}} of ${collection} could not be built: ${errorMessage(error)}`;
  const keyValue = (error as { keyValue?: Record<string, unknown> }).keyValue;
  const keys = keyValue ? JSON.stringify(keyValue) : errorMessage(error);
  return `Unique index {${index}} of ${collection} could not be built: several documents hold ${keys}. Remove the extra ones and start again.`;
}
