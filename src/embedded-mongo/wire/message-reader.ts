import { HEADER_BYTES, MAX_MESSAGE_BYTES } from './limits.js';
import { ProtocolError } from './message.js';

/**
 * Cuts the bytes of a connection into messages by their length prefix. Chunks are kept as they came and joined once
 * per message, so a 48 MB message that arrives in 64 KB pieces is copied once.
 */
export class MessageReader {
  private chunks: Buffer[] = [];
  private buffered = 0;

  constructor(private maxBytes: number = MAX_MESSAGE_BYTES) {}

  /** Messages up to this size are read from now on. */
  allow(maxBytes: number): void {
    this.maxBytes = maxBytes;
  }

  /**
   * Adds bytes and returns the messages they complete.
   * @throws ProtocolError when a length prefix is impossible or too large
   */
  push(chunk: Buffer): Buffer[] {
    this.chunks.push(chunk);
    this.buffered += chunk.length;
    const messages: Buffer[] = [];
    for (let size = this.nextSize(); size !== undefined && this.buffered >= size; size = this.nextSize()) {
      messages.push(this.take(size));
    }
    return messages;
  }

  private nextSize(): number | undefined {
    if (this.buffered < 4) return undefined;
    let first = this.chunks[0] as Buffer;
    if (first.length < 4) {
      first = Buffer.concat(this.chunks);
      this.chunks = [first];
    }
    const size = first.readInt32LE(0);
    if (size < HEADER_BYTES || size > this.maxBytes) {
      throw new ProtocolError(`message of ${size} bytes; between ${HEADER_BYTES} and ${this.maxBytes} are accepted`);
    }
    return size;
  }

  private take(size: number): Buffer {
    const first = this.chunks[0] as Buffer;
    const joined = first.length >= size ? first : Buffer.concat(this.chunks);
    const rest = joined.subarray(size);
    if (first.length >= size) this.chunks.shift();
    else this.chunks = [];
    if (rest.length > 0) this.chunks.unshift(rest);
    this.buffered -= size;
    return joined.subarray(0, size);
  }
}
