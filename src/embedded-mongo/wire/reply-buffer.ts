import { giveBuffer, takeBuffer } from '../bson/buffer-pool.js';
import type { Document } from '../bson/values.js';
import { writeDocumentAt } from '../bson/write-value.js';

/** Room for the longest head of a message in front of the document. */
export const HEADROOM = 36;

/** An encoded reply with room for the head of its message in front, in memory that is used again. */
export class ReplyBuffer {
  private constructor(
    private readonly whole: Buffer,
    private readonly size: number,
  ) {}

  /** @param suffix encoded elements every reply ends with */
  static encode(reply: Document, suffix: Uint8Array): ReplyBuffer {
    const { buffer, size } = writeDocumentAt(reply, suffix, HEADROOM, takeBuffer);
    return new ReplyBuffer(buffer, size);
  }

  get document(): Buffer {
    return this.whole.subarray(HEADROOM, HEADROOM + this.size);
  }

  /** The document with the last `bytes` bytes of the room in front of it. */
  withHead(bytes: number): Buffer {
    return this.whole.subarray(HEADROOM - bytes, HEADROOM + this.size);
  }

  /** The reply was sent, or will not be: its memory may be used for another. */
  release(): void {
    giveBuffer(this.whole);
  }
}
