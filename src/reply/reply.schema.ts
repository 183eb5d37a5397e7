import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../database/schema-options.js';
import { type Citation, type DraftCheck, type Reply, REPLY_STATES, type ReplyVersion } from './reply.types.js';

export const REPLY_MODEL = 'Reply';

/** States in which a reply takes the one place that an email has for it. */
export const OPEN_STATES = ['draft', 'in_review', 'approved'] as const satisfies Reply['state'][];

/** Value of `slot` while a reply is open; a closed one holds its own id there, so that the next may be written. */
export const OPEN_SLOT = 'open';

export type ReplyDoc = Stored & Omit<Reply, 'id' | 'createdAt' | 'updatedAt'> & { slot: string };

const embedded = { _id: false, strict: 'throw' } as const;

const citationSchema = new Schema<Citation>(
  { passageId: String, title: String, claim: { type: String, default: '' } },
  embedded,
);
const evidenceSchema = new Schema<NonNullable<DraftCheck['evidence']>>(
  { start: Number, end: Number, text: String },
  embedded,
);
const checkSchema = new Schema<DraftCheck>(
  {
    code: { type: String, required: true },
    severity: { type: String, required: true, enum: ['block', 'warn'] },
    evidence: { type: evidenceSchema, default: null },
    hint: { type: String, required: true },
  },
  embedded,
);
const versionSchema = new Schema<ReplyVersion>(
  {
    version: { type: Number, required: true },
    text: { type: String, required: true },
    html: { type: String, required: true },
    citations: { type: [citationSchema], default: [] },
    author: { type: String, required: true, enum: ['openai', 'local', 'human'] },
    userId: { type: String, default: null },
    model: { type: String, default: null },
    promptVersion: { type: String, default: null },
    instruction: { type: String, default: null },
    checks: { type: [checkSchema], default: [] },
    at: { type: Date, required: true },
  },
  embedded,
);

export const replySchema = new Schema<ReplyDoc>(
  {
    _id: idField,
    emailId: { type: String, required: true },
    mailboxId: { type: String, required: true },
    threadId: { type: String, default: null },
    state: { type: String, required: true, enum: REPLY_STATES },
    slot: { type: String, required: true },
    versions: { type: [versionSchema], required: true },
    missingInformation: { type: [String], default: [] },
    revision: { type: Number, required: true },
    approvedBy: { type: String, default: null },
    approvedAt: { type: Date, default: null },
    outboxId: { type: String, default: null },
  },
  schemaOptions('replies'),
);
// One open reply an email, whatever crashes or races: a plain unique index on a value that tells open from closed.
replySchema.index({ emailId: 1, slot: 1 }, { unique: true });
replySchema.index({ state: 1, _id: -1 });
replySchema.index({ threadId: 1, _id: 1 });
replySchema.index({ mailboxId: 1, _id: -1 });
