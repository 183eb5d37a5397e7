import type { SMTPServerDataStream } from 'smtp-server';

/** Bytes that may wait in memory at once over all connections. */
export class ByteBudget {
  private used = 0;

  constructor(private readonly limit: number) {}

  /** False, and nothing taken, when it would be exceeded. */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false;
    this.used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.used -= bytes;
  }
}

export type CollectedData = { kind: 'mail'; bytes: Buffer } | { kind: 'too-large' } | { kind: 'no-room' };

/**
 * Reads the DATA of one mail to its end (SMTP has no way to stop a sender earlier), keeping it only while it is within the
 * limits. The caller gives the bytes back to the budget when it is done with them.
 * @throws when the connection ends before the final dot
 */
export async function collectData(
  stream: SMTPServerDataStream,
  maxBytes: number,
  budget: ByteBudget,
): Promise<CollectedData> {
  let chunks: Buffer[] = [];
  let size = 0;
  let refused: 'too-large' | 'no-room' | null = null;
  const drop = (why: 'too-large' | 'no-room'): void => {
    refused = why;
    budget.giveBack(size);
    chunks = [];
    size = 0;
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (refused) continue;
      if (size + chunk.length > maxBytes) drop('too-large');
      else if (!budget.take(chunk.length)) drop('no-room');
      else {
        chunks.push(chunk);
        size += chunk.length;
      }
    }
  } catch (error) {
    budget.giveBack(size);
    throw error;
  }
  return refused ? { kind: refused } : { kind: 'mail', bytes: Buffer.concat(chunks, size) };
}
