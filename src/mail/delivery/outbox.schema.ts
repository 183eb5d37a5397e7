import { Schema } from 'mongoose';
import { claimFields } from '../../database/claim-queue.js';
import { idField, schemaOptions, type Stored } from '../../database/schema-options.js';
import {
  EVIDENCE_KINDS,
  HELD_REASONS,
  OUTBOX_STATES,
  type OutboxHistoryEntry,
  type OutboxItem,
  SEND_PHASES,
  type SendAttempt,
} from './outbox.types.js';

export const OUTBOX_MODEL = 'Outbox';

export type OutboxDoc = Stored & Omit<OutboxItem, 'id' | 'createdAt' | 'updatedAt'>;

const text = { type: String, default: null } as const;
const date = { type: Date, default: null } as const;
const count = { type: Number, required: true, default: 0 } as const;

const attempt = new Schema<SendAttempt>(
  {
    no: { type: Number, required: true },
    fence: { type: Number, required: true },
    startedAt: { type: Date, required: true },
    host: { type: String, required: true },
    phase: { type: String, enum: [...SEND_PHASES, null], default: null },
    responseCode: { type: Number, default: null },
    error: text,
  },
  { _id: false, strict: 'throw' },
);

const historyEntry = new Schema<OutboxHistoryEntry>(
  {
    at: { type: Date, required: true },
    event: { type: String, required: true },
    to: { type: String, enum: OUTBOX_STATES, required: true },
  },
  { _id: false, strict: 'throw' },
);

export const outboxSchema = new Schema<OutboxDoc>(
  {
    _id: idField,
    mailboxId: { type: String, required: true },
    emailId: { type: String, required: true },
    replyId: { type: String, required: true },
    threadId: text,
    dedupeKey: { type: String, required: true },
    messageId: { type: String, required: true },
    serverMessageId: text,
    envelopeFrom: { type: String, required: true },
    recipient: { type: String, required: true },
    mime: { type: Buffer, required: true },
    mode: { type: String, enum: ['human', 'auto'], required: true },
    state: { type: String, enum: OUTBOX_STATES, required: true },
    heldReason: { type: String, enum: [...HELD_REASONS, null], default: null },
    ...claimFields,
    attempts: { type: [attempt], default: [] },
    tries: count,
    firstTriedAt: date,
    unknownAt: date,
    evidence: { type: String, enum: [...EVIDENCE_KINDS, null], default: null },
    receipt: text,
    lastError: text,
    rateConsumed: { type: Boolean, required: true, default: false },
    sentAt: date,
    sentCopy: { type: String, enum: ['pending', 'done', 'none', 'failed'], required: true, default: 'none' },
    sentCopyTries: count,
    history: { type: [historyEntry], default: [] },
  },
  schemaOptions('outbox'),
);
outboxSchema.index({ runAt: 1 });
outboxSchema.index({ dedupeKey: 1 }, { unique: true });
outboxSchema.index({ messageId: 1 }, { unique: true });
outboxSchema.index({ serverMessageId: 1 });
outboxSchema.index({ state: 1, _id: 1 });
outboxSchema.index({ state: 1, updatedAt: 1 });
outboxSchema.index({ emailId: 1 });
outboxSchema.index({ mailboxId: 1, _id: 1 });
