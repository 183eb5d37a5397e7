import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import { PROCESS_ID } from './claim-loop.js';
import { LeaseRepository } from './lease.repository.js';

/** Share of the time to live before the end of a lease at which its holder stops by itself. */
const SAFETY_MARGIN_SHARE = 1 / 6;

/** A lease that is kept until released or lost. */
export interface HeldLease {
  readonly name: string;
  readonly fence: number;
  /** Aborted when the lease is lost or could not be renewed in time: stop at once. */
  readonly signal: AbortSignal;
  /** Stops renewing and frees the lease for others. */
  release(): Promise<void>;
}

/**
 * Lets one replica at a time do something for long, e.g. hold a mailbox connection. It saves work, it is not what makes
 * results right: writes are guarded by fences and unique indexes.
 */
@Injectable()
export class LeaseService {
  constructor(
    private readonly leases: LeaseRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes the lease and renews it every third of `ttlMs`.
   * @param owner name of the holder; default this process
   * @returns null when somebody else holds it
   */
  async hold(name: string, ttlMs: number, owner: string = PROCESS_ID): Promise<HeldLease | null> {
    const askedAt = this.clock.monotonicMs();
    const fence = await this.leases.acquire(name, owner, ttlMs);
    return fence === null ? null : this.keep({ name, owner, fence, ttlMs }, askedAt);
  }

  private keep(lease: { name: string; owner: string; fence: number; ttlMs: number }, askedAt: number): HeldLease {
    const { name, owner, fence, ttlMs } = lease;
    const abort = new AbortController();
    // Counted on a clock that never jumps, from before the question: never longer than what the store granted.
    let heldUntil = askedAt + ttlMs;
    const lose = (): void => {
      clearInterval(renewal);
      abort.abort(new AppError('LEASE_LOST', `Another replica took over ${name}.`));
    };
    const renewal = setInterval(() => {
      const now = this.clock.monotonicMs();
      if (now > heldUntil - ttlMs * SAFETY_MARGIN_SHARE) return lose();
      this.leases.renew(name, owner, fence, ttlMs).then(
        (held) => (held ? (heldUntil = now + ttlMs) : lose()),
        () => undefined, // the store is away: the deadline above ends it if that lasts
      );
    }, ttlMs / 3);
    return {
      name,
      fence,
      signal: abort.signal,
      release: async () => {
        clearInterval(renewal);
        await this.leases.release(name, owner, fence);
      },
    };
  }
}
