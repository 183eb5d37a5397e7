import type { Model } from 'mongoose';
import { AppError } from '../../common/errors.js';
import type { ChunkDoc, FileDoc } from './file-bucket.schema.js';

/** Bytes a chunk: GridFS's default, a document of it stays far below every limit. */
const CHUNK_BYTES = 255 * 1024;

/**
 * Files in GridFS layout with ids that the caller derives. Writing is idempotent: a repeated or concurrent write of the
 * same file replaces chunk by chunk, and the `files` document, written last, says that all of them are there.
 */
export class FileBucket {
  constructor(
    private readonly files: Model<FileDoc>,
    private readonly chunks: Model<ChunkDoc>,
  ) {}

  async write(
    id: string,
    bytes: Buffer,
    file: { filename: string; uploadDate: Date; metadata: Record<string, unknown> },
  ): Promise<void> {
    for (let n = 0; n * CHUNK_BYTES < bytes.length; n++) {
      const data = bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES);
      const _id = `${id}:${n}`;
      await this.chunks.updateOne({ _id }, { $set: { files_id: id, n, data } }, { upsert: true }).exec();
    }
    const done = { ...file, length: bytes.length, chunkSize: CHUNK_BYTES };
    await this.files.updateOne({ _id: id }, { $set: done }, { upsert: true }).exec();
  }

  async exists(id: string): Promise<boolean> {
    return (await this.files.exists({ _id: id }).exec()) !== null;
  }

  /** @throws AppError NOT_FOUND, or INTERNAL when chunks are missing */
  async read(id: string): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.stream(id)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** The chunks in order, one at a time in memory. @throws AppError as `read` */
  async *stream(id: string): AsyncGenerator<Buffer, void, undefined> {
    const file = await this.files.findById(id).lean<FileDoc>().exec();
    if (!file) throw new AppError('NOT_FOUND', 'The file is not there, or not completely written.');
    let length = 0;
    const cursor = this.chunks.find({ files_id: id }).sort({ n: 1 }).batchSize(8).lean<ChunkDoc>().cursor();
    for await (const chunk of cursor) {
      const data = toBuffer(chunk.data);
      length += data.length;
      yield data;
    }
    if (length !== file.length) throw new AppError('INTERNAL', 'Chunks of the stored file are missing.');
  }

  async delete(id: string): Promise<void> {
    await this.files.deleteOne({ _id: id }).exec();
    await this.chunks.deleteMany({ files_id: id }).exec();
  }
}

/** Lean documents hold BSON Binary where the schema says Buffer. */
export function toBuffer(value: Buffer | { buffer: Uint8Array; position: number }): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(value.buffer.buffer, value.buffer.byteOffset, value.position);
}
