import type { Clock } from '../../common/clock.js';
import * as metrics from '../../common/metrics.js';
import type { RunRepository } from './run.repository.js';
import type { Run, RunStep } from './run.types.js';

type Head = Pick<Run, 'id' | 'emailId' | 'mailboxId' | 'trigger' | 'startedAt'>;

/** Times the steps of one pass in memory; the workflow stores them when the pass stops, in one write. */
export class RunRecorder {
  private readonly steps: RunStep[] = [];
  private readonly startedMs: number;
  /** Set when the pass came to rest. */
  end: { endedAt: Date; outcome: string } | null = null;

  constructor(
    readonly head: Head,
    private readonly clock: Clock,
  ) {
    this.startedMs = clock.monotonicMs();
  }

  /** Starts the clock of one try; the returned functions stop it. */
  begin(name: string, attempt: number) {
    const startedAt = this.clock.now();
    const startedMs = this.clock.monotonicMs();
    metrics.workflowsInProgress.inc({ step: name });
    const finish = (outcome: RunStep['outcome'], error: RunStep['error']): void => {
      const ms = Math.round(this.clock.monotonicMs() - startedMs);
      metrics.workflowsInProgress.dec({ step: name });
      metrics.workflowStepDuration.observe({ step: name, outcome }, ms / 1000);
      this.steps.push({ name, startedAt, ms, attempt, outcome, error });
    };
    return {
      ok: () => finish('ok', null),
      /** It looked and waits on: not worth an entry each time. */
      waited: () => metrics.workflowsInProgress.dec({ step: name }),
      leaseLost: () => finish('lease_lost', null),
      failed: (code: string, message: string, willRetry: boolean) =>
        finish(willRetry ? 'retried' : 'failed', { code, message }),
    };
  }

  /** The worker before this one ended without a checkpoint: its timings are lost, that it was there is not. */
  interrupted(state: string): void {
    const error = { code: 'INTERRUPTED', message: 'A worker ended before it could save this step.' };
    this.steps.push({ name: state, startedAt: this.clock.now(), ms: 0, attempt: 1, outcome: 'retried', error });
  }

  close(outcome: string): void {
    this.end = { endedAt: this.clock.now(), outcome };
    metrics.workflowExecutionDuration.observe(
      { workflow: 'email', outcome },
      (this.clock.monotonicMs() - this.startedMs) / 1000,
    );
  }

  /** Stores what was recorded, in one write; nothing when nothing happened. */
  async save(runs: RunRepository): Promise<void> {
    if (this.steps.length > 0 || this.end) await runs.append(this.head, this.steps, this.end);
  }
}
