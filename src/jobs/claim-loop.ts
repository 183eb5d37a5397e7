import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { PinoLogger } from 'nestjs-pino';
import type { Clock } from '../common/clock.js';
import { AppError, errorMessage } from '../common/errors.js';
import type { QueueName, WakeUp } from '../common/wake-up.js';
import type { Claim, Claimable } from '../database/claim-queue.js';

/** What a claim loop needs of its queue; repositories implement it over ClaimQueue. */
export interface WorkQueue<T extends Claimable> {
  claimNext(owner: string): Promise<Claim<T> | null>;
  renew(id: string, fence: number): Promise<boolean>;
}

export interface ClaimLoopOptions<T extends Claimable> {
  queueName: QueueName;
  queue: WorkQueue<T>;
  /** Works on one claimed document; checkpoints, retries and quarantine are its business. It must not throw. */
  handle(claim: Claim<T>, signal: AbortSignal): Promise<void>;
  /** Documents worked on at once. */
  concurrency: number;
  leaseMs: number;
  /** False while work must stay queued (breaker open, draining). */
  mayClaim?(): boolean;
}

/** Name of this process in `owner` fields and leases. */
export const PROCESS_ID = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;

/** Time before the lease's end at which a step that could not renew stops by itself, in milliseconds. */
const SAFETY_MARGIN_SHARE = 1 / 6;

/**
 * Claims due documents up to `concurrency` and hands them over, renewing each lease every third of it. Runs on ticks
 * (`tick()` from a scheduled job, every replica) and at once on a wake-up signal. A step whose lease is lost, or could not be
 * renewed in time by a clock that never jumps, is aborted through its signal.
 */
export class ClaimLoop<T extends Claimable> {
  private readonly running = new Map<string, { abort: AbortController; done: Promise<void> }>();
  private claiming: Promise<void> | null = null;
  private again = false;
  private stopped = true;
  private unsubscribe: (() => void) | null = null;
  /** Monotonic time of the last completed look at the queue: liveness. */
  lastTickMs: number;

  constructor(
    private readonly options: ClaimLoopOptions<T>,
    private readonly clock: Clock,
    private readonly wakeUp: WakeUp,
    private readonly logger: PinoLogger,
  ) {
    this.lastTickMs = clock.monotonicMs();
  }

  get inFlight(): number {
    return this.running.size;
  }

  start(): void {
    this.stopped = false;
    this.unsubscribe = this.wakeUp.on(this.options.queueName, () => void this.tick());
    void this.tick();
  }

  /** Looks for work; joins a look that is under way and makes it look once more. */
  tick(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.again = true;
    this.claiming ??= this.claimAll().finally(() => (this.claiming = null));
    return this.claiming;
  }

  /** Stops claiming, waits up to `drainMs` for running work, then aborts the rest and waits for it to end. */
  async stop(drainMs: number): Promise<void> {
    this.stopped = true;
    this.unsubscribe?.();
    await this.claiming;
    const all = Promise.all([...this.running.values()].map((work) => work.done));
    const drained = new AbortController();
    const deadline = this.clock.sleep(drainMs, drained.signal).catch(() => undefined);
    await Promise.race([all.finally(() => drained.abort()), deadline]);
    for (const work of this.running.values()) {
      work.abort.abort(new AppError('UNAVAILABLE', 'The process is shutting down.', { retryable: true }));
    }
    await all;
  }

  private async claimAll(): Promise<void> {
    try {
      while (this.again && !this.stopped) {
        this.again = false;
        while (!this.stopped && this.running.size < this.options.concurrency && (this.options.mayClaim?.() ?? true)) {
          const claim = await this.options.queue.claimNext(PROCESS_ID);
          if (!claim) break;
          this.begin(claim);
        }
      }
      this.lastTickMs = this.clock.monotonicMs();
    } catch (error) {
      // The store is away: the next tick tries again, nothing is lost (saved state is the queue).
      this.logger.warn({ queue: this.options.queueName, error: errorMessage(error) }, 'claiming failed');
    }
  }

  private begin(claim: Claim<T>): void {
    const abort = new AbortController();
    const key = `${claim.doc._id}:${claim.fence}`;
    const renewal = this.keepLease(claim, abort);
    const done = this.options
      .handle(claim, abort.signal)
      .catch((error: unknown) =>
        this.logger.error(
          { queue: this.options.queueName, id: claim.doc._id, error: errorMessage(error) },
          'work failed',
        ),
      )
      .finally(() => {
        clearInterval(renewal);
        this.running.delete(key);
        void this.tick();
      });
    this.running.set(key, { abort, done });
  }

  private keepLease(claim: Claim<T>, abort: AbortController): NodeJS.Timeout {
    const { leaseMs, queue } = this.options;
    const lost = (): void => abort.abort(new AppError('LEASE_LOST', 'Another worker took over this item.'));
    let heldUntil = this.clock.monotonicMs() + leaseMs;
    return setInterval(() => {
      if (this.clock.monotonicMs() > heldUntil - leaseMs * SAFETY_MARGIN_SHARE) return lost();
      const askedAt = this.clock.monotonicMs();
      queue.renew(claim.doc._id, claim.fence).then(
        (held) => (held ? (heldUntil = askedAt + leaseMs) : lost()),
        () => undefined, // the store is away: the deadline above ends the step if that lasts
      );
    }, leaseMs / 3);
  }
}
