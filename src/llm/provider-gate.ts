import { Injectable } from '@nestjs/common';
import {
  BrokenCircuitError,
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  handleWhen,
  IterableBackoff,
  SamplingBreaker,
} from 'cockatiel';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import { llmCircuitState } from '../common/metrics.js';
import { AppConfig } from '../config/app-config.js';
import { ChatModelFactory } from './chat-model.factory.js';
import { type GateState, LlmGateRepository } from './llm-gate.repository.js';
import { Semaphore } from './semaphore.js';

/** The breaker opens when half of the calls of the last minute failed, and there were at least ten. */
const BREAKER_WINDOW_MS = 60_000;
const BREAKER_MIN_CALLS = 10;
/** cockatiel opens above the threshold: this is "half or more". */
const BREAKER_THRESHOLD = 0.499;
/** How long the breaker, or a block after a refusal, lasts before one call may try; the last value repeats. */
const OPEN_MS = [30_000, 60_000, 120_000, 240_000, 300_000];
/** How old the shared state may be when it is believed. */
const STATE_MAX_AGE_MS = 1_000;
/** Put off for this long when another call is the probe. */
const PROBE_WAIT_MS = 5_000;

const openFor = (times: number): number => OPEN_MS[Math.min(Math.max(times, 1), OPEN_MS.length) - 1]!;

/** Failures that say that the provider is down; a refusal, a bad answer or our own abort says nothing of the kind. */
const isProviderFailure = (error: unknown): boolean =>
  error instanceof AppError && error.retryable && (error.code === 'LLM_UNAVAILABLE' || error.code === 'LLM_TIMEOUT');

/**
 * Decides whether the provider may be called now. Three things close the gate: a 429 pauses all replicas (shared document),
 * a refused account blocks all replicas until one probe succeeds (shared document), and a high failure rate opens the
 * breaker of this process. LLM_CONCURRENCY bounds the calls under way.
 */
@Injectable()
export class ProviderGate {
  private readonly id: string;
  private readonly semaphore: Semaphore;
  private readonly breaker: CircuitBreakerPolicy;
  private state: GateState = { notBefore: null, blockedUntil: null, strikes: 0 };
  private stateReadAtMs = -Infinity;

  constructor(
    config: AppConfig,
    private readonly models: ChatModelFactory,
    private readonly gates: LlmGateRepository,
    private readonly clock: Clock,
    @InjectPinoLogger(ProviderGate.name) private readonly logger: PinoLogger,
  ) {
    this.id = `${models.provider}|${models.model}`;
    this.semaphore = new Semaphore(config.env.LLM_CONCURRENCY);
    this.breaker = circuitBreaker(handleWhen(isProviderFailure), {
      breaker: new SamplingBreaker({
        threshold: BREAKER_THRESHOLD,
        duration: BREAKER_WINDOW_MS,
        minimumRps: BREAKER_MIN_CALLS / (BREAKER_WINDOW_MS / 1000),
      }),
      halfOpenAfter: new IterableBackoff(OPEN_MS),
    });
    this.breaker.onStateChange((state) => {
      this.logger.warn(
        { provider: models.provider, model: models.model, state: CircuitState[state] },
        'circuit changed',
      );
      this.report();
    });
    this.report();
  }

  /**
   * True while a call would be refused: the workflow does not claim model steps then, or lets the local engine answer. Never
   * stays true by itself: when the time is over, the next call is the probe.
   */
  isOpen(): boolean {
    const now = this.clock.now().getTime();
    return this.pausedUntil() > now || this.blockedUntil() > now || this.breakerOpenUntil() > now;
  }

  /**
   * Runs one call through the gate. `call` throws what `toLlmError` made of a failure.
   * @throws AppError LLM_RATE_LIMITED or LLM_UNAVAILABLE (retryable, with the wait), LLM_QUOTA (not retryable) when closed;
   *   the reason of `signal` when it aborts in the line
   */
  run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    return this.semaphore.run(signal, async () => {
      const seen = await this.pass();
      try {
        const result = await this.breaker.execute(call);
        if (seen.strikes > 0) await this.reopen();
        return result;
      } catch (error) {
        throw await this.note(error, seen);
      }
    });
  }

  /** Returns the state under which the call may go on. */
  private async pass(): Promise<GateState> {
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.stateReadAtMs > STATE_MAX_AGE_MS) await this.refresh();
    const now = this.clock.now().getTime();
    if (this.pausedUntil() > now) {
      throw new AppError('LLM_RATE_LIMITED', 'The model provider asked to slow down.', {
        retryable: true,
        retryAfterMs: this.pausedUntil() - now,
      });
    }
    if (this.state.blockedUntil) await this.probe(this.state.blockedUntil, now);
    if (this.breaker.state === CircuitState.HalfOpen) throw this.closed(PROBE_WAIT_MS);
    return this.state;
  }

  /** After a block one worker of all replicas may try; the rest is told that the account is still refused. */
  private async probe(blockedUntil: Date, now: number): Promise<void> {
    const untilNext = new Date(now + this.models.timeoutMs + PROBE_WAIT_MS);
    if (blockedUntil.getTime() <= now && (await this.gates.claimProbe(this.id, blockedUntil, untilNext))) return;
    throw new AppError('LLM_QUOTA', 'The model provider refused the account; it is tried again later.');
  }

  private async note(error: unknown, seen: GateState): Promise<unknown> {
    if (error instanceof BrokenCircuitError) {
      return this.closed(Math.max(this.breakerOpenUntil() - this.clock.now().getTime(), 1_000));
    }
    if (!(error instanceof AppError)) return error;
    const now = this.clock.now().getTime();
    if (error.code === 'LLM_RATE_LIMITED') {
      await this.gates.pause(this.id, new Date(now + (error.retryAfterMs ?? PROBE_WAIT_MS)));
      await this.refresh();
    }
    if (error.code === 'LLM_QUOTA') {
      const blockedMs = openFor(seen.strikes + 1);
      await this.gates.strike(this.id, seen.strikes, new Date(now + blockedMs));
      await this.refresh();
      this.logger.error(
        { provider: this.models.provider, details: error.details, blockedMs },
        'model provider refuses the account',
      );
    }
    return error;
  }

  private async reopen(): Promise<void> {
    await this.gates.unblock(this.id);
    await this.refresh();
    this.logger.info(
      { provider: this.models.provider, model: this.models.model },
      'model provider accepts the account again',
    );
  }

  private async refresh(): Promise<void> {
    this.state = await this.gates.read(this.id);
    this.stateReadAtMs = this.clock.monotonicMs();
    this.report();
  }

  private pausedUntil(): number {
    return this.state.notBefore?.getTime() ?? 0;
  }

  private blockedUntil(): number {
    return this.state.blockedUntil?.getTime() ?? 0;
  }

  private breakerOpenUntil(): number {
    if (this.breaker.state !== CircuitState.Open) return 0;
    const { openedAt, attemptNo } = (this.breaker.toJSON() as { ownState: { openedAt: number; attemptNo: number } })
      .ownState;
    return openedAt + openFor(attemptNo);
  }

  private closed(retryAfterMs: number): AppError {
    return new AppError('LLM_UNAVAILABLE', 'The model provider failed too often; calls are held back.', {
      retryable: true,
      retryAfterMs,
    });
  }

  private report(): void {
    const blocked = this.state.blockedUntil !== null;
    const value =
      blocked || this.breaker.state === CircuitState.Open ? 2 : this.breaker.state === CircuitState.HalfOpen ? 1 : 0;
    llmCircuitState.set({ provider: this.models.provider, model: this.models.model }, value);
  }
}
