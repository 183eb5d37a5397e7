import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../database/schema-options.js';
import type { EditStats } from './edit-distance.js';
import { REASON_CODES, type Review, REVIEW_ACTIONS } from './review.types.js';

export const REVIEW_MODEL = 'Review';

export type ReviewDoc = Stored & Omit<Review, 'id' | 'createdAt'>;

const editSchema = new Schema<EditStats>(
  { distance: Number, unit: { type: String, enum: ['character', 'word'] }, wordsAdded: Number, wordsRemoved: Number },
  { _id: false, strict: 'throw' },
);

export const reviewSchema = new Schema<ReviewDoc>(
  {
    _id: idField,
    replyId: { type: String, required: true },
    replyRevision: { type: Number, required: true },
    emailId: { type: String, required: true },
    mailboxId: { type: String, required: true },
    action: { type: String, required: true, enum: REVIEW_ACTIONS },
    reasonCodes: { type: [{ type: String, enum: REASON_CODES }], default: [] },
    comment: { type: String, default: null },
    draftText: { type: String, default: '' },
    finalText: { type: String, default: null },
    edit: { type: editSchema, default: null },
    reviewerId: { type: String, required: true },
    category: { type: String, default: null },
    language: { type: String, default: null },
    engine: { type: String, required: true, enum: ['openai', 'local', 'human'] },
    model: { type: String, default: null },
    promptVersion: { type: String, default: null },
  },
  schemaOptions('reviews'),
);
reviewSchema.index({ replyId: 1, replyRevision: 1 }, { unique: true });
reviewSchema.index({ emailId: 1 });
reviewSchema.index({ mailboxId: 1, category: 1, _id: -1 });
