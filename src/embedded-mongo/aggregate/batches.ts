import { type Document } from '../bson/values.js';
import { type Batches } from './stage.js';

/** Batches grow up to this: small ones first, so that a `$limit` reads little too much. */
const MAX_BATCH_SIZE = 256;
const FIRST_BATCH_SIZE = 16;

/** Groups a stream of documents into batches; `yieldNow` runs between them. */
export async function* toBatches(
  source: AsyncIterable<Document> | Iterable<Document>,
  yieldNow?: () => Promise<void>,
): Batches {
  let batch: Document[] = [];
  let size = FIRST_BATCH_SIZE;
  if (Symbol.asyncIterator in source) {
    for await (const doc of source) {
      batch.push(doc);
      if (batch.length < size) continue;
      yield batch;
      batch = [];
      size = Math.min(size * 2, MAX_BATCH_SIZE);
      await yieldNow?.();
    }
  } else {
    for (const doc of source) {
      batch.push(doc);
      if (batch.length < size) continue;
      yield batch;
      batch = [];
      size = Math.min(size * 2, MAX_BATCH_SIZE);
      await yieldNow?.();
    }
  }
  if (batch.length > 0) yield batch;
}

/** The documents of the batches, one by one. */
export async function* fromBatches(batches: Batches): AsyncGenerator<Document, void, undefined> {
  for await (const batch of batches) yield* batch;
}
