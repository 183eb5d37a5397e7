import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import { authFailures } from '../common/metrics.js';
import { LoginAttemptRepository } from './login-attempt.repository.js';
import type { VerifyGuard } from './password-hasher.js';

/** One counter: its key and how many failures cost nothing. */
export interface ThrottleCounter {
  key: string;
  freeFailures: number;
}

const FREE_PER_ACCOUNT = 5;
/** An office behind one address mistypes more often than one person. */
const FREE_PER_NETWORK = 20;
const MAX_DELAY_SECONDS = 15 * 60;
/** Failures are forgotten this long after the last one; longer than the longest block. */
const MEMORY_MS = 60 * 60_000;

/** The names people type are not stored: some type a password there. */
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/**
 * The network that shares a counter: /24 of IPv4, /64 of IPv6 (what one customer line usually has), so that changing the
 * last digits of an address does not help.
 */
export function networkOf(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (isIP(plain) === 4) return plain.split('.').slice(0, 3).join('.') + '.0/24';
  if (isIP(plain) !== 6) return 'unknown';
  const [head = '', tail = ''] = new URL(`http://[${plain}]/`).hostname.slice(1, -1).split('::');
  const before = head.split(':').filter(Boolean);
  const after = tail.split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].slice(0, 4).join(':') + '::/64';
}

/** Counters of a login: the account, whether it exists or not, and the network. */
export const loginCounters = (username: string, ip: string): ThrottleCounter[] => [
  accountCounter(username),
  { key: `network:${networkOf(ip)}`, freeFailures: FREE_PER_NETWORK },
];

export const accountCounter = (username: string): ThrottleCounter => ({
  key: `account:${digest(username)}`,
  freeFailures: FREE_PER_ACCOUNT,
});

/** Counter of the current password that a password change asks for: guessing there must not lock the login. */
export const passwordChangeCounter = (userId: string): ThrottleCounter => ({
  key: `password:${userId}`,
  freeFailures: FREE_PER_ACCOUNT,
});

/** Seconds to wait after so many failures: none, then 2, 4, 8 ... up to 15 minutes. */
export const delaySeconds = (failures: number, freeFailures: number): number =>
  failures < freeFailures ? 0 : Math.min(MAX_DELAY_SECONDS, 2 ** (failures - freeFailures + 1));

/**
 * Makes guessing slow: counters in the store, so that they hold for all replicas (OWASP ASVS 5.0, 6.3.1). It stands before
 * passwords only; who has a valid token is never kept out.
 */
@Injectable()
export class LoginThrottle {
  constructor(
    private readonly attempts: LoginAttemptRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Goes with the check of a password. Both halves run while the check holds one of the few slots, so that a burst of
   * guesses gets no more tries than there are free failures and slots together.
   */
  guard(counters: ThrottleCounter[]): VerifyGuard {
    return { before: () => this.check(counters), failed: () => this.failed(counters) };
  }

  /** @throws AppError TOO_MANY_REQUESTS with the time to wait, while any of the counters is blocked */
  async check(counters: ThrottleCounter[]): Promise<void> {
    const now = this.clock.now();
    const until = await this.attempts.blockedUntil(
      counters.map(({ key }) => key),
      now,
    );
    if (!until) return;
    authFailures.inc({ reason: 'throttled' });
    throw new AppError('TOO_MANY_REQUESTS', 'Too many failed attempts; wait before the next one.', {
      retryable: true,
      retryAfterMs: until.getTime() - now.getTime(),
    });
  }

  /** Counts one failure on each counter. */
  async failed(counters: ThrottleCounter[]): Promise<void> {
    const now = this.clock.now().getTime();
    for (const { key, freeFailures } of counters) {
      const failures = await this.attempts.addFailure(key, new Date(now), new Date(now + MEMORY_MS));
      const delay = delaySeconds(failures, freeFailures);
      if (delay > 0) await this.attempts.block(key, new Date(now + delay * 1000));
    }
  }

  /** The right password was given: its failures are forgotten. Those of the network stay, or one account would open it. */
  succeeded(counter: ThrottleCounter): Promise<void> {
    return this.attempts.clear(counter.key);
  }
}
