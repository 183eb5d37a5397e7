import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../../database/schema-options.js';
import { type Thread, THREAD_STATUSES } from './thread.types.js';

export const THREAD_MODEL = 'Thread';

export type ThreadDoc = Stored &
  Omit<Thread, 'id' | 'createdAt' | 'updatedAt'> & {
    /** The last emails that were added: adding one again changes nothing. */
    recentEmailIds: string[];
  };

export const threadSchema = new Schema<ThreadDoc>(
  {
    _id: idField,
    mailboxId: { type: String, required: true },
    subject: { type: String, default: '' },
    status: { type: String, enum: THREAD_STATUSES, required: true, default: 'open' },
    assignee: { type: String, default: null },
    participants: { type: [String], default: [] },
    rootEmailId: { type: String, required: true },
    linkedThreadId: { type: String, default: null },
    messageIds: { type: [String], default: [] },
    sentMessageIds: { type: [String], default: [] },
    recentEmailIds: { type: [String], default: [] },
    emailCount: { type: Number, required: true, default: 0 },
    sentCount: { type: Number, required: true, default: 0 },
    lastMessageAt: { type: Date, required: true },
    deliveryFailedAt: { type: Date, default: null },
  },
  schemaOptions('threads'),
);
threadSchema.index({ rootEmailId: 1 }, { unique: true });
threadSchema.index({ messageIds: 1 });
threadSchema.index({ lastMessageAt: -1, _id: -1 });
threadSchema.index({ status: 1, lastMessageAt: -1, _id: -1 });
threadSchema.index({ mailboxId: 1, lastMessageAt: -1, _id: -1 });
