import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { Readable } from 'node:stream';
import { Clock } from '../../common/clock.js';
import { FileBucket } from './file-bucket.repository.js';
import { ATTACHMENT_BUCKET, type ChunkDoc, chunksModel, type FileDoc, filesModel } from './file-bucket.schema.js';
import type { ParsedAttachment } from './parse/parsed-outcome.types.js';
import type { Attachment } from './parsed-mail.types.js';

/** Bytes of attachments, never looked into. Ids follow from the mail, so that writing again makes no second copy. */
@Injectable()
export class AttachmentRepository {
  private readonly bucket: FileBucket;

  constructor(
    @InjectModel(filesModel(ATTACHMENT_BUCKET)) files: Model<FileDoc>,
    @InjectModel(chunksModel(ATTACHMENT_BUCKET)) chunks: Model<ChunkDoc>,
    private readonly clock: Clock,
  ) {
    this.bucket = new FileBucket(files, chunks);
  }

  /** Stores the attachments of a raw message; idempotent, also when a crash cut the first try short. */
  async store(rawId: string, parts: readonly ParsedAttachment[]): Promise<Attachment[]> {
    const stored: Attachment[] = [];
    for (const [index, { bytes, ...attachment }] of parts.entries()) {
      const fileId = `${rawId}-${index}`;
      await this.bucket.write(fileId, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
        filename: attachment.filename,
        uploadDate: this.clock.now(),
        metadata: { rawId, contentType: attachment.contentType },
      });
      stored.push({ fileId, ...attachment });
    }
    return stored;
  }

  exists(fileId: string): Promise<boolean> {
    return this.bucket.exists(fileId);
  }

  /** A chunk at a time in memory. The stream fails with AppError NOT_FOUND when the bytes are gone (erased). */
  openStream(fileId: string): Readable {
    return Readable.from(this.bucket.stream(fileId), { objectMode: false });
  }

  async delete(attachments: readonly Attachment[]): Promise<void> {
    for (const { fileId } of attachments) await this.bucket.delete(fileId);
  }
}
