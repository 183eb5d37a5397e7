import { Schema } from 'mongoose';
import { schemaOptions } from '../../database/schema-options.js';

/** Names of the file buckets: raw mails that are too large for a document, and attachments. */
export const RAW_BUCKET = 'raw';
export const ATTACHMENT_BUCKET = 'attachments';

/** Collections of one bucket in GridFS layout (`<bucket>.files`, `<bucket>.chunks`): readable by every MongoDB tool. */
export interface FileDoc {
  _id: string;
  length: number;
  chunkSize: number;
  uploadDate: Date;
  filename: string;
  metadata: Record<string, unknown>;
}

export interface ChunkDoc {
  /** `<files_id>:<n>`: writing a chunk again replaces it. */
  _id: string;
  files_id: string;
  n: number;
  data: Buffer;
}

export const filesModel = (bucket: string): string => `${bucket}.files`;
export const chunksModel = (bucket: string): string => `${bucket}.chunks`;

export const filesSchema = (bucket: string): Schema<FileDoc> =>
  new Schema<FileDoc>(
    {
      _id: { type: String, required: true },
      length: { type: Number, required: true },
      chunkSize: { type: Number, required: true },
      uploadDate: { type: Date, required: true },
      filename: { type: String, default: '' },
      metadata: { type: Schema.Types.Mixed, default: {} },
    },
    { ...schemaOptions(`${bucket}.files`), timestamps: false },
  );

export const chunksSchema = (bucket: string): Schema<ChunkDoc> => {
  const schema = new Schema<ChunkDoc>(
    {
      _id: { type: String, required: true },
      files_id: { type: String, required: true },
      n: { type: Number, required: true },
      data: { type: Buffer, required: true },
    },
    { ...schemaOptions(`${bucket}.chunks`), timestamps: false },
  );
  schema.index({ files_id: 1, n: 1 }, { unique: true });
  return schema;
};
