import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AIMessage, type BaseMessage, HumanMessage } from '@langchain/core/messages';
import type { z } from 'zod';
import { AppError } from '../common/errors.js';
import { ChatModelFactory } from './chat-model.factory.js';
import { type Answer, readAnswer, type Usage } from './completion.js';
import { LedgeredCall } from './ledgered-call.js';
import { promptVersionOf, schemaOf, type StructuredPrompt } from './structured-prompt.js';
import { UntrustedContent } from './untrusted-content.js';

export interface StructuredRequest<I, T> {
  prompt: StructuredPrompt<I, T>;
  /** Plain JSON; everything that should make this another question (e.g. the round of a regeneration) is in it. */
  input: I;
  /** The mail that pays for it: caps and ledger count by it. */
  emailId: string;
  signal: AbortSignal;
  /** Makes a smaller input when the model says that the text is too long; tried once. */
  shorten?(input: I): I;
}

export interface StructuredResult<T> {
  value: T;
  model: string;
  /** `id@version` of the prompt. */
  promptVersion: string;
  /** Of all calls that this answer took. */
  usage: Usage;
  /** The answer was in the ledger: nothing was paid now. */
  reused: boolean;
}

/** Characters of a bad answer that the repair call shows to the model again. */
const MAX_REPEATED_ANSWER_CHARS = 4_000;

/**
 * The one way to ask a model: renders the prompt, pays through the ledger, reads the answer with the prompt's zod schema and
 * asks once for a repair when it does not fit.
 */
@Injectable()
export class StructuredCall {
  constructor(
    private readonly models: ChatModelFactory,
    private readonly ledgered: LedgeredCall,
  ) {}

  /**
   * @throws AppError LLM_RATE_LIMITED, LLM_UNAVAILABLE, LLM_TIMEOUT (retryable); LLM_QUOTA, LLM_BUDGET, LLM_REFUSED,
   *   LLM_BAD_OUTPUT, LLM_CONTEXT_TOO_LONG (not retryable: another engine or a person has to answer); the signal's reason
   */
  async run<I, T>(request: StructuredRequest<I, T>): Promise<StructuredResult<T>> {
    try {
      return await this.answer(request, request.input);
    } catch (error) {
      const tooLong = error instanceof AppError && error.code === 'LLM_CONTEXT_TOO_LONG';
      if (!tooLong || !request.shorten) throw error;
      return this.answer(request, request.shorten(request.input));
    }
  }

  private async answer<I, T>(request: StructuredRequest<I, T>, input: I): Promise<StructuredResult<T>> {
    const { prompt, emailId, signal } = request;
    const promptVersion = promptVersionOf(prompt);
    const schema = schemaOf(prompt, input);
    const messages = await prompt.template.formatMessages(prompt.variables(input, new UntrustedContent()));
    const ask = (operation: string, asked: BaseMessage[], keyInput: unknown) =>
      this.ledgered.ask({
        identity: {
          requestKey: this.requestKey(emailId, operation, promptVersion, keyInput),
          emailId,
          operation,
          promptVersion,
          provider: this.models.provider,
          model: this.models.model,
        },
        question: { name: prompt.operation, messages: asked, schema },
        signal,
      });

    const first = await ask(prompt.operation, messages, input);
    const read = readOrRefuse(first.answer, schema);
    if (read.ok) {
      return { value: read.value, model: this.models.model, promptVersion, usage: first.usage, reused: first.reused };
    }
    const repair = [...messages, ...repairMessages(first.answer, read.problem)];
    const second = await ask(`${prompt.operation}.repair`, repair, { input, answer: first.answer.content });
    const repaired = readOrRefuse(second.answer, schema);
    if (!repaired.ok) {
      throw new AppError('LLM_BAD_OUTPUT', 'The model gave no usable answer, also when it was asked again.', {
        details: { promptVersion, finishReason: second.answer.finishReason },
      });
    }
    return {
      value: repaired.value,
      model: this.models.model,
      promptVersion,
      usage: sum(first.usage, second.usage),
      reused: first.reused && second.reused,
    };
  }

  /** The same question of the same mail has the same key on every replica and after every crash. */
  private requestKey(emailId: string, operation: string, promptVersion: string, input: unknown): string {
    const { provider, model, params } = this.models;
    const parts = [emailId, operation, promptVersion, provider, model, params, input];
    return createHash('sha256').update(stableJson(parts)).digest('hex');
  }
}

/** @throws AppError LLM_REFUSED: a refusal is an answer, and asking again would not change it */
function readOrRefuse<T>(answer: Answer, schema: z.ZodType<T>) {
  if (answer.refusal !== null || answer.finishReason === 'content_filter') {
    throw new AppError('LLM_REFUSED', 'The model refused to answer.');
  }
  return readAnswer(answer, schema);
}

const repairMessages = (answer: Answer, problem: string): BaseMessage[] => [
  new AIMessage(answer.content.slice(0, MAX_REPEATED_ANSWER_CHARS)),
  new HumanMessage(
    `That answer cannot be used. ${problem}\nAnswer again with one JSON object that fits the schema exactly.`,
  ),
];

const sum = (a: Usage, b: Usage): Usage => ({
  inputTokens: a.inputTokens + b.inputTokens,
  outputTokens: a.outputTokens + b.outputTokens,
  cachedTokens: a.cachedTokens + b.cachedTokens,
  costUsd: a.costUsd + b.costUsd,
  estimated: a.estimated || b.estimated,
});

/** JSON with the keys of all objects sorted. */
export function stableJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
