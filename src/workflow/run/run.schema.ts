import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../../database/schema-options.js';
import type { Run } from './run.types.js';

export type RunDoc = Stored & Omit<Run, 'id'>;

export const RUN_MODEL = 'Run';

/** Runs tell what happened; after this many days the email's own history is enough. */
const KEEP_DAYS = 365;

const stepError = { _id: false, code: String, message: String };

export const runSchema = new Schema<RunDoc>(
  {
    _id: idField,
    emailId: { type: String, required: true },
    mailboxId: { type: String, required: true },
    trigger: { type: String, required: true },
    startedAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
    outcome: { type: String, default: null },
    steps: {
      type: [
        {
          _id: false,
          name: String,
          startedAt: Date,
          ms: Number,
          attempt: Number,
          outcome: String,
          error: { type: stepError, default: null },
        },
      ],
      default: [],
    },
    errors: { type: [{ _id: false, step: String, code: String, message: String, at: Date }], default: [] },
  },
  { ...schemaOptions('runs'), suppressReservedKeysWarning: true },
);
runSchema.index({ emailId: 1, _id: 1 });
runSchema.index({ outcome: 1, _id: 1 });
runSchema.index({ mailboxId: 1, _id: 1 });
runSchema.index({ startedAt: 1 }, { expireAfterSeconds: KEEP_DAYS * 86_400 });
