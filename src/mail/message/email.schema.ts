import { Schema } from 'mongoose';
import { claimFields } from '../../database/claim-queue.js';
import { idField, schemaOptions, type Stored } from '../../database/schema-options.js';
import { RAW_SOURCES } from './raw-message.types.js';
import { EMAIL_STATES, type Email, type HistoryEntry } from './email.types.js';

export const EMAIL_MODEL = 'Email';

export type EmailDoc = Stored & Omit<Email, 'id' | 'createdAt' | 'updatedAt'>;

// Results of steps are written whole by one step each and checked by its types: no sub-schema would add to that.
const stepResult = { type: Schema.Types.Mixed, default: null } as const;
const reference = { type: String, default: null } as const;

const historyEntry = new Schema<HistoryEntry>(
  {
    at: { type: Date, required: true },
    from: { type: String, enum: EMAIL_STATES, required: true },
    event: { type: String, required: true },
    to: { type: String, enum: EMAIL_STATES, required: true },
    reason: { type: String, default: null },
  },
  { _id: false, strict: 'throw' },
);

export const emailSchema = new Schema<EmailDoc>(
  {
    _id: idField,
    mailboxId: { type: String, required: true },
    rawId: { type: String, required: true },
    source: { type: String, enum: RAW_SOURCES, required: true },
    threadId: reference,
    state: { type: String, enum: EMAIL_STATES, required: true },
    stateReason: { type: String, default: null },
    receivedAt: { type: Date, required: true },
    ...claimFields,
    attempts: { type: Number, required: true, default: 0 },
    wfVersion: { type: Number, required: true },
    parsed: stepResult,
    screening: stepResult,
    classification: stepResult,
    replyId: reference,
    decisionId: reference,
    runId: reference,
    bouncedReplyId: reference,
    approval: stepResult,
    regenerate: stepResult,
    pendingReview: stepResult,
    lastError: stepResult,
    history: { type: [historyEntry], default: [] },
  },
  schemaOptions('emails'),
);
emailSchema.index({ runAt: 1 });
emailSchema.index({ rawId: 1 }, { unique: true });
emailSchema.index({ mailboxId: 1, _id: 1 });
emailSchema.index({ state: 1, _id: 1 });
emailSchema.index({ threadId: 1, receivedAt: 1 });
emailSchema.index({ 'classification.category': 1, _id: 1 });
emailSchema.index({ 'classification.priority': 1, _id: 1 });
emailSchema.index({ mailboxId: 1, 'parsed.messageId': 1 });
emailSchema.index(
  { 'pendingReview.replyId': 1 },
  { partialFilterExpression: { 'pendingReview.replyId': { $exists: true } } },
);
emailSchema.index({ 'parsed.searchKeys': 1 });
