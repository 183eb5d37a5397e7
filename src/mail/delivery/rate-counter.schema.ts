import { Schema } from 'mongoose';
import { schemaOptions, type Stored } from '../../database/schema-options.js';

export const RATE_COUNTER_MODEL = 'RateCounter';

export type RateCounterDoc = Stored & {
  n: number;
  expiresAt: Date;
};

/** One document per counter and window; `_id` is `scope|subject|window number`. */
export const rateCounterSchema = new Schema<RateCounterDoc>(
  {
    _id: { type: String, required: true },
    n: { type: Number, required: true },
    expiresAt: { type: Date, required: true },
  },
  schemaOptions('rate_counters'),
);
// Cleans up only: a window is over because its key is no longer asked for.
rateCounterSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
