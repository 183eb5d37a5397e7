import { encode } from '../bson/codec.js';
import { type Document, isDocument } from '../bson/values.js';

/** A document inside a reply that is raw BSON already. */
export class RawDocument {
  constructor(readonly raw: Buffer) {}
}

/** An array of raw documents inside a reply: the batch of a cursor. */
export class RawArray {
  constructor(readonly documents: readonly Buffer[]) {}
}

const TYPE = { document: 3, array: 4 } as const;
const ZERO = Buffer.from([0]);
/** Element heads `<type 3><index>\0` of array positions; nearly all batches are small. */
const HEADS = Array.from({ length: 1024 }, (_, i) => Buffer.from(`\x03${i}\0`, 'latin1'));
const headOf = (i: number): Buffer => HEADS[i] ?? Buffer.from(`\x03${i}\0`, 'latin1');

/**
 * Encodes a reply whose top-level fields, or the fields of a top-level document (`cursor.firstBatch`), may be raw BSON.
 * Documents travel from the store to the socket without being decoded.
 */
export function encodeReply(doc: Document): Buffer {
  if (!hasRaw(doc) && !Object.values(doc).some((value) => isDocument(value) && hasRaw(value))) return encode(doc);
  const parts: Buffer[] = [];
  appendFields(parts, doc);
  return close(parts);
}

const isRaw = (value: unknown): value is RawDocument | RawArray =>
  value instanceof RawDocument || value instanceof RawArray;

const hasRaw = (doc: Document): boolean => Object.values(doc).some(isRaw);

function appendFields(parts: Buffer[], doc: Document): void {
  let plain: Document = {};
  const flush = (): void => {
    const encoded = encode(plain);
    if (encoded.length > 5) parts.push(encoded.subarray(4, -1));
    plain = {};
  };
  for (const [name, value] of Object.entries(doc)) {
    if (isRaw(value)) {
      flush();
      appendRaw(parts, name, value);
    } else if (isDocument(value) && hasRaw(value)) {
      flush();
      const inner: Buffer[] = [];
      appendFields(inner, value);
      parts.push(elementHead(TYPE.document, name), close(inner));
    } else {
      plain[name] = value;
    }
  }
  flush();
}

function appendRaw(parts: Buffer[], name: string, value: RawDocument | RawArray): void {
  if (value instanceof RawDocument) {
    parts.push(elementHead(TYPE.document, name), value.raw);
    return;
  }
  const items: Buffer[] = [];
  value.documents.forEach((document, i) => items.push(headOf(i), document));
  parts.push(elementHead(TYPE.array, name), close(items));
}

const elementHead = (type: number, name: string): Buffer => Buffer.from(`${String.fromCharCode(type)}${name}\0`, 'utf8');

function close(parts: Buffer[]): Buffer {
  const size = Buffer.allocUnsafe(4);
  const whole = Buffer.concat([size, ...parts, ZERO]);
  whole.writeInt32LE(whole.length, 0);
  return whole;
}
