import { Schema } from 'mongoose';
import { schemaOptions, type Stored } from '../database/schema-options.js';

export const LOGIN_ATTEMPT_MODEL = 'LoginAttempt';

/** Failures of one account or one network; `_id` is the key of the counter. */
export type LoginAttemptDoc = Stored & {
  failures: number;
  blockedUntil: Date | null;
  expiresAt: Date;
};

export const loginAttemptSchema = new Schema<LoginAttemptDoc>(
  {
    _id: { type: String, required: true },
    failures: { type: Number, required: true, default: 0 },
    blockedUntil: { type: Date, default: null },
    expiresAt: { type: Date, required: true },
  },
  schemaOptions('login_attempts'),
);
loginAttemptSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
