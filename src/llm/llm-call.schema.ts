import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../database/schema-options.js';
import type { Answer, Usage } from './completion.js';

export const LLM_CALL_MODEL = 'LlmCall';

/** started: the provider may have been asked; done: its answer is here; failed: it answered with an error. */
export type LlmCallState = 'started' | 'done' | 'failed';

/** One paid question: what a crash must not ask again. */
export type LlmCallDoc = Stored & {
  requestKey: string;
  emailId: string;
  operation: string;
  promptVersion: string;
  provider: string;
  model: string;
  state: LlmCallState;
  /** Times the provider was asked and may have charged: the cap of an email counts these. */
  calls: number;
  startedAt: Date;
  finishedAt: Date | null;
  answer: Answer | null;
  usage: Usage | null;
  errorCode: string | null;
  expiresAt: Date;
};

const answerSchema = new Schema<Answer>(
  { content: { type: String, default: '' }, finishReason: String, refusal: { type: String, default: null } },
  { _id: false, strict: 'throw' },
);
const usageSchema = new Schema<Usage>(
  { inputTokens: Number, outputTokens: Number, cachedTokens: Number, costUsd: Number, estimated: Boolean },
  { _id: false, strict: 'throw' },
);

export const llmCallSchema = new Schema<LlmCallDoc>(
  {
    _id: idField,
    requestKey: { type: String, required: true },
    emailId: { type: String, required: true },
    operation: { type: String, required: true },
    promptVersion: { type: String, required: true },
    provider: { type: String, required: true },
    model: { type: String, required: true },
    state: { type: String, required: true, enum: ['started', 'done', 'failed'] satisfies LlmCallState[] },
    calls: { type: Number, required: true },
    startedAt: { type: Date, required: true },
    finishedAt: { type: Date, default: null },
    answer: { type: answerSchema, default: null },
    usage: { type: usageSchema, default: null },
    errorCode: { type: String, default: null },
    expiresAt: { type: Date, required: true },
  },
  schemaOptions('llm_calls'),
);
llmCallSchema.index({ requestKey: 1 }, { unique: true });
llmCallSchema.index({ emailId: 1 });
// Answers quote mail: they go with it, long after any crash that could need them.
llmCallSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
