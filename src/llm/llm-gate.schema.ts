import { Schema } from 'mongoose';
import { schemaOptions, type Stored } from '../database/schema-options.js';

export const LLM_GATE_MODEL = 'LlmGate';

/** What all replicas know about one provider and model; `_id` is `provider|model`. */
export type LlmGateDoc = Stored & {
  /** A 429 asked everybody to wait until then. */
  notBefore: Date | null;
  /** The account was refused (quota, key): nobody calls until then, and then one worker probes. */
  blockedUntil: Date | null;
  /** Refusals in a row. */
  strikes: number;
};

export const llmGateSchema = new Schema<LlmGateDoc>(
  {
    _id: { type: String, required: true },
    notBefore: { type: Date, default: null },
    blockedUntil: { type: Date, default: null },
    strikes: { type: Number, required: true, default: 0 },
  },
  schemaOptions('llm_gate'),
);
