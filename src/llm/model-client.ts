import { Injectable } from '@nestjs/common';
import { type BaseMessage, SystemMessage } from '@langchain/core/messages';
import type { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import { AppConfig } from '../config/app-config.js';
import { ChatModelFactory } from './chat-model.factory.js';
import { type Answer, type Prices, readCompletion, type Usage } from './completion.js';
import { isFeatureRefused, toLlmError } from './llm-errors.js';
import { RecordedExchange } from './recorded-exchange.js';

export interface Question {
  /** Name of the schema in the request: letters, digits, underscore, hyphen. */
  name: string;
  messages: BaseMessage[];
  schema: z.ZodType;
}

/** How one call ended. */
export type CallOutcome =
  | { kind: 'answer'; answer: Answer; usage: Usage }
  /** `charged` false: the provider refused or was never reached, so that nothing was paid. */
  | { kind: 'failed'; error: unknown; charged: boolean };

type Method = 'jsonSchema' | 'jsonMode';
type StructuredModel = ReturnType<ChatOpenAI['withStructuredOutput']>;

/** Models that LangChain knows to have no schema mode. */
const WITHOUT_SCHEMA_MODE = /^gpt-(3|4$|4-)/;
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** One HTTP call to the model with structured output through LangChain; knows nothing of ledger, budget or gate. */
@Injectable()
export class ModelClient {
  private readonly prices: Prices;
  /** What the server understands; learned from its first refusal and kept for the life of the process. */
  private method: Method;
  /** By the translated schema, of which there is one a prompt (`plainSchema`). */
  private readonly structuredModels = new WeakMap<object, { method: Method; name: string; model: StructuredModel }>();

  constructor(
    config: AppConfig,
    private readonly models: ChatModelFactory,
    private readonly clock: Clock,
  ) {
    this.prices = { input: config.env.LLM_PRICE_INPUT, output: config.env.LLM_PRICE_OUTPUT };
    this.method = WITHOUT_SCHEMA_MODE.test(models.model) ? 'jsonMode' : 'jsonSchema';
  }

  /** Never throws: a failure is a value, with what it means for the bill. Ends at the signal or at LLM_TIMEOUT_SECONDS. */
  async ask(question: Question, signal: AbortSignal): Promise<CallOutcome> {
    const deadline = new AbortController();
    const timer = setTimeout(
      () => deadline.abort(new AppError('LLM_TIMEOUT', 'The model did not answer in time.', { retryable: true })),
      this.models.timeoutMs,
    );
    try {
      const outcome = await this.attempt(question, AbortSignal.any([signal, deadline.signal]));
      if (outcome.kind === 'failed' && signal.aborted) return { ...outcome, error: signal.reason };
      if (outcome.kind === 'failed' && deadline.signal.aborted) return { ...outcome, error: deadline.signal.reason };
      return outcome;
    } finally {
      clearTimeout(timer);
    }
  }

  private async attempt(question: Question, signal: AbortSignal): Promise<CallOutcome> {
    const exchange = new RecordedExchange();
    const jsonSchema = plainSchema(question.schema);
    const { method } = this;
    const messages = method === 'jsonSchema' ? question.messages : withSchemaInPrompt(question.messages, jsonSchema);
    const model = this.structured(question, jsonSchema);
    let thrown: unknown = null;
    try {
      await exchange.run(() => model.invoke(messages, { signal }));
    } catch (error) {
      thrown = error;
    }
    const { response } = exchange;
    if (response && response.status < 400) {
      // Paid for. The library may have stumbled over the content; it is read from the recorded body either way.
      return { kind: 'answer', ...readCompletion(response.body, promptLength(messages), this.prices) };
    }
    if (method === 'jsonSchema' && isFeatureRefused(thrown)) {
      this.method = 'jsonMode';
      return this.attempt(question, signal);
    }
    const cause = exchange.failure ?? thrown;
    if (cause instanceof AppError && cause.code === 'LLM_BAD_OUTPUT') return this.oversized(messages);
    const charged = exchange.requestSent && response === null && !neverConnected(thrown);
    return { kind: 'failed', error: toLlmError(cause, this.clock.now()), charged };
  }

  /** The model that answers in this shape: making client and chain anew for each call costs as much as the call. */
  private structured({ name }: Question, jsonSchema: Record<string, unknown>): StructuredModel {
    const { method } = this;
    const known = this.structuredModels.get(jsonSchema);
    if (known?.method === method && known.name === name) return known.model;
    const model = this.models.create(RecordedExchange.fetch).withStructuredOutput(jsonSchema, {
      method,
      name,
      includeRaw: true,
      ...(method === 'jsonSchema' && { strict: true }),
    });
    this.structuredModels.set(jsonSchema, { method, name, model });
    return model;
  }

  /** A body that was too large to read is an answer too: paid for, and bad. */
  private oversized(messages: BaseMessage[]): CallOutcome {
    const { usage } = readCompletion('', promptLength(messages), this.prices);
    return { kind: 'answer', answer: { content: '', finishReason: 'length', refusal: null }, usage };
  }
}

/**
 * The schema as a plain object. LangChain must not see it as a zod or Standard Schema: it would validate and throw, and
 * drop `additionalProperties: false`, which strict mode demands.
 */
function plainSchema(schema: z.ZodType): Record<string, unknown> {
  const known = plainSchemas.get(schema);
  if (known) return known;
  const { $schema: _, ...plain } = JSON.parse(JSON.stringify(z.toJSONSchema(schema))) as Record<string, unknown>;
  plainSchemas.set(schema, plain);
  return plain;
}

/** Prompts keep their schemas: each is translated once. */
const plainSchemas = new WeakMap<z.ZodType, Record<string, unknown>>();

/** For servers without schema mode: the schema goes into the system message (some templates allow only one of those). */
function withSchemaInPrompt(messages: BaseMessage[], schema: Record<string, unknown>): BaseMessage[] {
  const rule = `Answer with one JSON object and nothing else. It must fit this JSON Schema:\n${JSON.stringify(schema)}`;
  const [first, ...rest] = messages;
  if (first?.getType() !== 'system') return [new SystemMessage(rule), ...messages];
  return [new SystemMessage(`${first.text}\n\n${rule}`), ...rest];
}

const promptLength = (messages: BaseMessage[]): number =>
  messages.reduce((sum, message) => sum + message.text.length, 0);

/** Looks through the causes: fetch wraps the error of the socket, the client wraps that of fetch. */
function neverConnected(thrown: unknown): boolean {
  let error = thrown as { code?: unknown; cause?: unknown } | null | undefined;
  for (let depth = 0; typeof error === 'object' && error !== null && depth < 5; depth++) {
    if (typeof error.code === 'string' && NEVER_CONNECTED.has(error.code)) return true;
    error = error.cause as typeof error;
  }
  return false;
}
