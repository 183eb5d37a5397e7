import { Schema } from 'mongoose';
import { schemaOptions, type Stored } from '../database/schema-options.js';

export const LLM_SPEND_MODEL = 'LlmSpend';

/** What one UTC day cost; `_id` is the day, e.g. 2026-11-22. One counter, so that a check reads one document. */
export type LlmSpendDoc = Stored & { usd: number; calls: number };

export const llmSpendSchema = new Schema<LlmSpendDoc>(
  {
    _id: { type: String, required: true },
    usd: { type: Number, required: true, default: 0 },
    calls: { type: Number, required: true, default: 0 },
  },
  schemaOptions('llm_spend'),
);
