import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../../database/schema-options.js';
import { RAW_SOURCES, type RawMessage } from './raw-message.types.js';

export const RAW_MESSAGE_MODEL = 'RawMessage';

/** `bytes` is null when they are in the file bucket `raw` under the same id. */
export type RawMessageDoc = Stored &
  Omit<RawMessage, 'id' | 'createdAt'> & {
    bytes: Buffer | null;
  };

export const rawMessageSchema = new Schema<RawMessageDoc>(
  {
    _id: idField,
    mailboxId: { type: String, required: true },
    source: { type: String, enum: RAW_SOURCES, required: true },
    folder: { type: String, default: null },
    uidValidity: { type: String, default: null },
    uid: { type: Number, default: null },
    contentKey: { type: String, required: true },
    size: { type: Number, required: true },
    oversize: { type: Boolean, required: true, default: false },
    receivedAt: { type: Date, required: true },
    emailId: { type: String, default: null },
    bytes: { type: Buffer, default: null },
  },
  schemaOptions('raw_messages'),
);
// The same UID is fetched again after a lost answer; sources without UIDs are left out.
rawMessageSchema.index(
  { mailboxId: 1, folder: 1, uidValidity: 1, uid: 1 },
  { unique: true, partialFilterExpression: { uid: { $type: 'number' } } },
);
rawMessageSchema.index({ mailboxId: 1, contentKey: 1 }, { unique: true });
rawMessageSchema.index({ emailId: 1, createdAt: 1 });
