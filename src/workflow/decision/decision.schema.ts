import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../../database/schema-options.js';
import type { Decision } from './decision.types.js';

export type DecisionDoc = Stored & Omit<Decision, 'id' | 'createdAt'>;

export const DECISION_MODEL = 'Decision';

export const decisionSchema = new Schema<DecisionDoc>(
  {
    _id: idField,
    emailId: { type: String, required: true },
    mailboxId: { type: String, required: true },
    replyId: { type: String, default: null },
    runId: { type: String, default: null },
    verdict: { type: String, required: true },
    decidedBy: { type: String, default: null },
    // The record must be evaluated again as it was: stored as it is, without a schema that could change it.
    rules: { type: Schema.Types.Mixed, required: true },
    input: { type: Schema.Types.Mixed, required: true },
    policyVersion: { type: Number, required: true },
  },
  schemaOptions('decisions'),
);
decisionSchema.index({ emailId: 1, _id: 1 });
decisionSchema.index({ mailboxId: 1, _id: 1 });
decisionSchema.index({ verdict: 1, _id: 1 });
