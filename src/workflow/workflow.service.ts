import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../common/clock.js';
import { AppError, errorMessage } from '../common/errors.js';
import { failpoint } from '../common/failpoint.js';
import { newId } from '../common/id.js';
import * as metrics from '../common/metrics.js';
import { AppConfig } from '../config/app-config.js';
import type { Claim } from '../database/claim-queue.js';
import { toPlain } from '../database/schema-options.js';
import type { EmailDoc } from '../mail/message/email.schema.js';
import type { Email, EmailState } from '../mail/message/email.types.js';
import { EmailRepository } from '../mail/message/email.repository.js';
import { isAtRest, nextState } from './email.machine.js';
import { ProcessedCounter } from './processed-counter.js';
import { onFailure } from './retry-policy.js';
import { RunRecorder } from './run/run-recorder.js';
import { RunRepository } from './run/run.repository.js';
import type { Made, Step, StepResult } from './steps/step.js';
import { StepRegistry } from './steps/step-registry.js';

/** More claims than this without a checkpoint: the mail kills the process that works on it. */
const MAX_CLAIMS = 5;

/** What begins a run in each state; any other state begins one when a dead letter is replayed. */
const TRIGGER: Partial<Record<EmailState, string>> = {
  received: 'new_mail',
  approved: 'approval',
  classified: 'regenerate',
};

interface Outcome {
  email: Email;
  /** False when the email is not ours any more, or waits. */
  goOn: boolean;
  /** Another worker or a person was first: what the step made was not saved. */
  isLost: boolean;
}

/**
 * Works on one claimed email: step after step until it comes to rest, waits or fails, with a checkpoint after each.
 * Every write is a compare-and-set on the claim's fence; losing it ends the work at once.
 */
@Injectable()
export class WorkflowService {
  constructor(
    private readonly emails: EmailRepository,
    private readonly runs: RunRepository,
    private readonly steps: StepRegistry,
    private readonly counter: ProcessedCounter,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    @InjectPinoLogger(WorkflowService.name) private readonly logger: PinoLogger,
  ) {}

  /** Never throws for reasons of the mail: those end in a retry, the built-in engine, or quarantine. */
  async process(claim: Claim<EmailDoc>, signal: AbortSignal): Promise<void> {
    let email = toPlain(claim.doc) as Email;
    const recorder = this.openRun(email, claim);
    try {
      if (claim.doc.claims > MAX_CLAIMS) {
        const error = new AppError('INTERNAL', `${MAX_CLAIMS} workers ended while working on this mail.`);
        await this.quarantine(email, claim.fence, error, recorder);
        return;
      }
      const made: Made = {};
      for (let outcome: Outcome = { email, goOn: true, isLost: false }; outcome.goOn; email = outcome.email) {
        outcome = await this.runStep(email, claim.fence, recorder, signal, made);
      }
    } finally {
      await recorder.save(this.runs);
    }
  }

  private openRun(email: Email, claim: Claim<EmailDoc>): RunRecorder {
    const isNew = email.runId === null;
    const id = email.runId ?? newId();
    if (isNew) metrics.workflowStarted.inc({ workflow: 'email' });
    const recorder = new RunRecorder(
      {
        id,
        emailId: email.id,
        mailboxId: email.mailboxId,
        trigger: TRIGGER[email.state] ?? 'replay',
        startedAt: this.clock.now(),
      },
      this.clock,
    );
    if (claim.doc.claims > 1) recorder.interrupted(email.state);
    return recorder;
  }

  private async runStep(
    email: Email,
    fence: number,
    recorder: RunRecorder,
    signal: AbortSignal,
    made: Made,
  ): Promise<Outcome> {
    const step = this.steps.for(email.state);
    const attempt = email.attempts + 1;
    const allowFallback = attempt > this.config.env.WORKFLOW_MAX_ATTEMPTS;
    const timer = recorder.begin(step.name, attempt);
    try {
      await failpoint(`workflow.before_${step.name}`);
      const result = await step.run(email, { signal, allowFallback, runId: recorder.head.id, made });
      signal.throwIfAborted();
      await failpoint(`workflow.after_${step.name}`);
      const outcome = await this.save(email, fence, step, result, recorder);
      if (outcome.isLost) this.lost(step, timer);
      else if (result.kind === 'wait') timer.waited();
      else timer.ok();
      return outcome;
    } catch (error) {
      return this.fail(email, fence, step, attempt, error, recorder, timer);
    }
  }

  private async save(
    email: Email,
    fence: number,
    step: Step,
    result: StepResult,
    recorder: RunRecorder,
  ): Promise<Outcome> {
    if (result.kind === 'wait') {
      const runAt = new Date(this.clock.now().getTime() + result.delayMs);
      const note = result.note ? { stateReason: result.note } : {};
      const held = await this.emails.release(email.id, fence, runAt, { runId: recorder.head.id, attempts: 0, ...note });
      return { email, goOn: false, isLost: !held };
    }
    const to = nextState(email.state, result.event);
    if (!to)
      throw new AppError(
        'INTERNAL',
        `Step ${step.name} gave the event ${result.event}, which ${email.state} does not have.`,
      );
    const moved = await this.moveTo(email, fence, to, result.event, result.reason ?? null, result.set ?? {}, recorder);
    if (moved && isAtRest(to)) this.counter.count(moved);
    await failpoint(`workflow.checkpointed_${step.name}`);
    return moved ? { email: moved, goOn: !isAtRest(to), isLost: false } : { email, goOn: false, isLost: true };
  }

  /** @returns the email as saved, or null when the claim was lost */
  private async moveTo(
    email: Email,
    fence: number,
    to: EmailState,
    event: string,
    reason: string | null,
    set: Partial<Email>,
    recorder: RunRecorder,
  ): Promise<Email | null> {
    const now = this.clock.now();
    const atRest = isAtRest(to);
    const leaseEnds = new Date(now.getTime() + this.config.env.WORKFLOW_LEASE_SECONDS * 1000);
    const entry = { at: now, from: email.state, event, to, reason };
    const change = {
      lastError: null,
      ...set,
      state: to,
      stateReason: reason,
      attempts: 0,
      // A pass that rests ends its run; the next one is a new run.
      runId: atRest ? null : recorder.head.id,
      runAt: atRest ? null : leaseEnds,
      owner: atRest ? null : email.owner,
    };
    if (!(await this.emails.checkpoint(email.id, fence, email.state, change, entry))) return null;
    if (atRest) recorder.close(to);
    return { ...email, ...change, history: [...email.history, entry] };
  }

  private async fail(
    email: Email,
    fence: number,
    step: Step,
    attempt: number,
    error: unknown,
    recorder: RunRecorder,
    timer: ReturnType<RunRecorder['begin']>,
  ): Promise<Outcome> {
    const code = error instanceof AppError ? error.code : 'INTERNAL';
    const stopped: Outcome = { email, goOn: false, isLost: false };
    if (code === 'LEASE_LOST') {
      this.lost(step, timer);
      return { ...stopped, isLost: true };
    }
    const failure = onFailure(error, attempt, this.config.env.WORKFLOW_MAX_ATTEMPTS);
    this.logger.warn(
      {
        emailId: email.id,
        step: step.name,
        attempt,
        code,
        action: failure.action,
        kind: error instanceof Error ? error.name : typeof error,
      },
      'step failed',
    );
    metrics.workflowFailures.inc({ step: step.name, reason: code, retryable: String(failure.action === 'retry') });
    timer.failed(code, errorMessage(error), failure.action !== 'quarantine');
    if (failure.action === 'quarantine' || attempt > this.config.env.WORKFLOW_MAX_ATTEMPTS) {
      await this.quarantine(email, fence, error, recorder);
      return stopped;
    }
    metrics.workflowRetries.inc({ step: step.name, reason: code });
    const now = this.clock.now();
    // The built-in engine is asked at once: an attempt past the last one allows it.
    const attempts = failure.action === 'fallback' ? this.config.env.WORKFLOW_MAX_ATTEMPTS : attempt;
    const delayMs = failure.action === 'fallback' ? 0 : failure.delayMs;
    await this.emails.release(email.id, fence, new Date(now.getTime() + delayMs), {
      attempts,
      runId: recorder.head.id,
      lastError: { step: step.name, code, message: errorMessage(error), at: now },
    });
    return stopped;
  }

  private lost(step: Step, timer: ReturnType<RunRecorder['begin']>): void {
    timer.leaseLost();
    metrics.workflowLeaseLost.inc({ step: step.name });
  }

  private async quarantine(email: Email, fence: number, error: unknown, recorder: RunRecorder): Promise<void> {
    const code = error instanceof AppError ? error.code : 'INTERNAL';
    const lastError = { step: email.state, code, message: errorMessage(error), at: this.clock.now() };
    const moved = await this.moveTo(email, fence, 'quarantined', 'quarantined', code, { lastError }, recorder);
    if (!moved) {
      metrics.workflowLeaseLost.inc({ step: this.steps.for(email.state).name });
      return;
    }
    this.counter.count(moved);
    this.logger.error({ emailId: email.id, state: email.state, code }, 'mail quarantined');
  }
}
