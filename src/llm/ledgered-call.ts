import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import { failpoint } from '../common/failpoint.js';
import { llmCallsRepeated, llmCost, llmRequestDuration, llmRequests, llmTokens } from '../common/metrics.js';
import { type Answer, readAnswer, type Usage } from './completion.js';
import { LlmBudget } from './llm-budget.js';
import { type LlmCallIdentity, LlmCallRepository } from './llm-call.repository.js';
import { type CallOutcome, ModelClient, type Question } from './model-client.js';
import { ProviderGate } from './provider-gate.js';

export interface PaidQuestion {
  identity: LlmCallIdentity;
  question: Question;
  signal: AbortSignal;
}

export interface PaidAnswer {
  answer: Answer;
  usage: Usage;
  /** It was in the ledger already. */
  reused: boolean;
}

/**
 * One paid question, at most once a crash: ledger, caps, gate, call, ledger. The answer is stored in a write of its own
 * before the caller's checkpoint, so that calls <= steps + crashes.
 */
@Injectable()
export class LedgeredCall {
  constructor(
    private readonly ledger: LlmCallRepository,
    private readonly budget: LlmBudget,
    private readonly gate: ProviderGate,
    private readonly client: ModelClient,
    private readonly clock: Clock,
    @InjectPinoLogger(LedgeredCall.name) private readonly logger: PinoLogger,
  ) {}

  /** @throws AppError LLM_*; the signal's reason when it aborts */
  async ask({ identity, question, signal }: PaidQuestion): Promise<PaidAnswer> {
    const { done, made } = await this.ledger.lookUp(identity);
    if (done?.answer && done.usage) return { answer: done.answer, usage: done.usage, reused: true };
    await this.budget.assertAllowed(made);

    return this.gate.run(signal, async () => {
      const begin = await this.ledger.begin(identity);
      if (begin.kind === 'done' && begin.call.answer && begin.call.usage) {
        return { answer: begin.call.answer, usage: begin.call.usage, reused: true };
      }
      if (begin.kind === 'repeat') llmCallsRepeated.inc();
      await failpoint('llm.before_call');
      const outcome = await this.timed(identity, question, signal);
      if (outcome.kind === 'failed') {
        await this.ledger.fail(identity.requestKey, codeOf(outcome.error), outcome.charged);
        throw outcome.error;
      }
      await failpoint('llm.after_call');
      await this.ledger.finish(identity.requestKey, outcome.answer, outcome.usage);
      await this.budget.book(outcome.usage.costUsd);
      await failpoint('llm.after_ledger');
      return { answer: outcome.answer, usage: outcome.usage, reused: false };
    });
  }

  private async timed(identity: LlmCallIdentity, question: Question, signal: AbortSignal): Promise<CallOutcome> {
    const startedMs = this.clock.monotonicMs();
    const outcome = await this.client.ask(question, signal);
    const ms = this.clock.monotonicMs() - startedMs;
    const { provider, model, operation } = identity;
    const labels = { provider, model, operation, outcome: describe(outcome, question) };
    llmRequests.inc(labels);
    llmRequestDuration.observe(labels, ms / 1000);
    if (outcome.kind === 'answer') {
      const { inputTokens, outputTokens, cachedTokens, costUsd } = outcome.usage;
      llmTokens.inc({ provider, model, type: 'input' }, inputTokens);
      llmTokens.inc({ provider, model, type: 'output' }, outputTokens);
      llmTokens.inc({ provider, model, type: 'cached' }, cachedTokens);
      llmCost.inc({ provider, model }, costUsd);
    }
    this.logger.debug(
      { emailId: identity.emailId, operation, outcome: labels.outcome, ms: Math.round(ms) },
      'model call',
    );
    return outcome;
  }
}

const codeOf = (error: unknown): string => (error instanceof AppError ? error.code : 'ABORTED');

/** Label of an outcome in the metrics: ok, bad_output, refused, rate_limited, quota, unavailable, timeout, ... */
function describe(outcome: CallOutcome, question: Question): string {
  if (outcome.kind === 'failed') return codeOf(outcome.error).replace(/^LLM_/, '').toLowerCase();
  if (outcome.answer.refusal !== null) return 'refused';
  return readAnswer(outcome.answer, question.schema).ok ? 'ok' : 'bad_output';
}
