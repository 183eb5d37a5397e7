import { MAX_BSON_BYTES } from '../wire/limits.js';
import { PAUSE, type Pause, type TimeSlice } from '../storage/time-slice.js';
import { RawBatch } from '../bson/raw.js';
import type { Document } from '../bson/values.js';

/** One answer of a cursor. */
export interface Batch {
  documents: Buffer[] | RawBatch;
  /** Nothing can follow: the cursor is closed. */
  done: boolean;
  /** Further fields of `cursor` in the reply (`postBatchResumeToken`). */
  extra?: Document;
}

export interface FillOptions {
  /** Most documents to return; Infinity for as many as fit. */
  limit: number;
  slice: TimeSlice;
  /** How long a tailing cursor may wait for a first document, in ms. */
  waitMs: number;
  /** Aborted when the client is gone or the cursor is killed. */
  signal: AbortSignal;
}

/** Where the documents of a cursor come from. */
export interface CursorSource {
  fill(options: FillOptions): Promise<Batch>;
  close(): void;
}

/** Documents of a batch together stay below 16 MB, as one of them alone does. */
const MAX_BATCH_BYTES = MAX_BSON_BYTES;

/**
 * A cursor over an iterator of raw documents that pauses when its turn is over. A document is copied before the next is
 * asked for.
 */
export class IteratorSource implements CursorSource {
  private held: Buffer | null = null;

  /** @param limit after so many documents the cursor is known to be at its end */
  constructor(
    private readonly documents: Iterator<Buffer | Pause>,
    private left = Infinity,
  ) {}

  async fill({ limit, slice }: FillOptions): Promise<Batch> {
    const batch = new RawBatch();
    slice.resume();
    while (batch.length < limit) {
      if (this.left <= 0) return this.finish(batch);
      const document = this.held ?? this.next();
      this.held = null;
      // Awaiting each document would cost more than reading it: only a pause is awaited.
      if (document === PAUSE) {
        await slice.pause();
        continue;
      }
      if (!document) return this.finish(batch);
      if (batch.length > 0 && batch.size + document.length > MAX_BATCH_BYTES) {
        this.held = Buffer.from(document);
        break;
      }
      batch.add(document);
      this.left--;
    }
    return this.left <= 0 ? this.finish(batch) : { documents: batch, done: false };
  }

  close(): void {
    this.documents.return?.();
  }

  private next(): Buffer | Pause | null {
    const step = this.documents.next();
    return step.done ? null : step.value;
  }

  private finish(documents: RawBatch): Batch {
    this.close();
    return { documents, done: true };
  }
}

/** A cursor over documents that are all there already. */
export class ListSource implements CursorSource {
  private at = 0;

  constructor(private readonly documents: Buffer[]) {}

  async fill({ limit }: FillOptions): Promise<Batch> {
    const batch: Buffer[] = [];
    let bytes = 0;
    while (batch.length < limit && this.at < this.documents.length) {
      const document = this.documents[this.at] as Buffer;
      if (batch.length > 0 && bytes + document.length > MAX_BATCH_BYTES) break;
      batch.push(document);
      bytes += document.length;
      this.at++;
    }
    return { documents: batch, done: this.at >= this.documents.length };
  }

  close(): void {
    this.documents.length = 0;
  }
}
