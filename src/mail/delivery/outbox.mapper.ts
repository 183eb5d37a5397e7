import { toPlain } from '../../database/schema-options.js';
import type { OutboxDoc } from './outbox.schema.js';
import type { OutboxItem, OutboxSummary } from './outbox.types.js';

/** Lean documents hold BSON Binary where the schema says Buffer. */
function toBuffer(value: Buffer | { buffer: Uint8Array; position: number }): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer.subarray(0, value.position));
}

export function toItem(doc: OutboxDoc): OutboxItem {
  return { ...toPlain(doc), mime: toBuffer(doc.mime) };
}

/** Of a document read without its bytes. */
export function toSummary(doc: Omit<OutboxDoc, 'mime'>): OutboxSummary {
  return toPlain(doc);
}
