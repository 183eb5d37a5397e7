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
const NOTHING = Buffer.alloc(0);
/** Element heads `<type 3><index>\0` of array positions; nearly all batches are small. */
const HEADS = Array.from({ length: 1024 }, (_, i) => Buffer.from(`\x03${i}\0`, 'latin1'));
const headOf = (i: number): Buffer => HEADS[i] ?? Buffer.from(`\x03${i}\0`, 'latin1');

/** The elements of a document without its length and end: what `encodeReply` appends. */
export const encodedFields = (doc: Document): Buffer => encode(doc).subarray(4, -1);

/**
 * Encodes a reply whose top-level fields, or the fields of a top-level document (`cursor.firstBatch`), may be raw BSON.
 * Documents travel from the store to the socket without being decoded, and are copied once.
 *
 * @param suffix encoded fields every reply ends with
 */
export function encodeReply(doc: Document, suffix: Buffer = NOTHING): Buffer {
  const pieces = new Pieces();
  const end = pieces.open();
  pieces.fields(doc);
  pieces.push(suffix);
  end();
  return pieces.join();
}

const isRaw = (value: unknown): value is RawDocument | RawArray =>
  value instanceof RawDocument || value instanceof RawArray;

function hasRaw(doc: Document): boolean {
  for (const name of Object.keys(doc)) if (isRaw(doc[name])) return true;
  return false;
}

/** The pieces of an encoded document, joined at the end; lengths are filled in when they are known. */
class Pieces {
  private readonly pieces: Buffer[] = [];
  private length = 0;

  push(piece: Buffer): void {
    this.pieces.push(piece);
    this.length += piece.length;
  }

  /** Begins a document or array; the function it answers ends it. */
  open(): () => void {
    const size = Buffer.allocUnsafe(4);
    const start = this.length;
    this.push(size);
    return () => {
      this.push(ZERO);
      size.writeInt32LE(this.length - start, 0);
    };
  }

  fields(doc: Document): void {
    let plain: Document = {};
    let hasPlain = false;
    const flush = (): void => {
      if (hasPlain) this.push(encodedFields(plain));
      plain = {};
      hasPlain = false;
    };
    for (const name of Object.keys(doc)) {
      const value = doc[name];
      if (isRaw(value)) {
        flush();
        this.raw(name, value);
      } else if (isDocument(value) && hasRaw(value)) {
        flush();
        this.push(elementHead(TYPE.document, name));
        const end = this.open();
        this.fields(value);
        end();
      } else {
        plain[name] = value;
        hasPlain = true;
      }
    }
    flush();
  }

  join(): Buffer {
    return Buffer.concat(this.pieces, this.length);
  }

  private raw(name: string, value: RawDocument | RawArray): void {
    if (value instanceof RawDocument) {
      this.push(elementHead(TYPE.document, name));
      this.push(value.raw);
      return;
    }
    this.push(elementHead(TYPE.array, name));
    const end = this.open();
    value.documents.forEach((document, i) => {
      this.push(headOf(i));
      this.push(document);
    });
    end();
  }
}

const elementHead = (type: number, name: string): Buffer =>
  Buffer.from(`${String.fromCharCode(type)}${name}\0`, 'utf8');
