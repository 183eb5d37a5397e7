import { giveBuffer, takeBuffer } from './buffer-pool.js';

/** A document that is BSON already: `encode` copies it as it is. */
export class RawDocument {
  constructor(readonly raw: Buffer) {}
}

/** An array of documents that are BSON already: the batch of a cursor. */
export class RawArray {
  constructor(readonly documents: readonly Buffer[]) {}
}

const FIRST_BYTES = 16 * 1024;
/** Element heads `<type 3><index>\0` of array positions; nearly all batches are small. */
const HEADS = Array.from({ length: 1024 }, (_, i) => headOf(i));

/**
 * An array of documents, copied as they are added: the documents may lie in memory that is overwritten next. Encoded
 * once; that gives its memory back.
 */
export class RawBatch {
  private bytes: Buffer | null = null;
  private used = 0;
  length = 0;

  add(raw: Buffer): void {
    const head = HEADS[this.length] ?? headOf(this.length);
    const needed = this.used + head.length + raw.length;
    if (!this.bytes || needed > this.bytes.length) this.bytes = this.grown(needed);
    this.bytes.set(head, this.used);
    this.bytes.set(raw, this.used + head.length);
    this.used = needed;
    this.length++;
  }

  /** Bytes of the documents so far. */
  get size(): number {
    return this.used;
  }

  /** Hands the elements of the array to `write` and forgets them. */
  drainTo(write: (elements: Uint8Array) => void): void {
    if (!this.bytes) return;
    write(this.bytes.subarray(0, this.used));
    giveBuffer(this.bytes);
    this.bytes = null;
  }

  private grown(needed: number): Buffer {
    const larger = takeBuffer(Math.max(FIRST_BYTES, needed));
    if (this.bytes) {
      this.bytes.copy(larger, 0, 0, this.used);
      giveBuffer(this.bytes);
    }
    return larger;
  }
}

function headOf(index: number): Buffer {
  return Buffer.from(`\x03${index}\0`, 'latin1');
}
