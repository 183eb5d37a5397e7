import { encode } from '../bson/codec.js';
import type { Document } from '../bson/values.js';
import { MAX_BSON_BYTES } from '../wire/limits.js';
import type { Batch, CursorSource, FillOptions } from './cursor-source.js';
import { checkSize } from './insert.js';

/** A cursor over the documents of a pipeline, computed as they are asked for. */
export class AsyncSource implements CursorSource {
  private held: Buffer | null = null;

  constructor(private readonly documents: AsyncGenerator<Document, void, undefined>) {}

  async fill({ limit, slice }: FillOptions): Promise<Batch> {
    const batch: Buffer[] = [];
    let bytes = 0;
    slice.resume();
    while (batch.length < limit) {
      const raw = this.held ?? (await this.pull());
      this.held = null;
      if (!raw) return { documents: batch, done: true };
      if (batch.length > 0 && bytes + raw.length > MAX_BSON_BYTES) {
        this.held = raw;
        break;
      }
      batch.push(raw);
      bytes += raw.length;
      if (slice.due()) await slice.pause();
    }
    return { documents: batch, done: false };
  }

  close(): void {
    // A pipeline that is waiting ends at its next step; nobody is left to hear how.
    this.documents.return().catch(() => undefined);
  }

  private async pull(): Promise<Buffer | null> {
    const step = await this.documents.next();
    if (step.done) return null;
    const raw = encode(step.value);
    checkSize(raw);
    return raw;
  }
}
