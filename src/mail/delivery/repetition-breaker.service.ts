import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { MailTokens } from './loop-token.js';
import { RateLimitRepository } from './rate-limit.repository.js';
import type { RateWindow } from './rate-limits.js';

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
/** The same text that often from one sender in an hour is an automaton; the next one trips the breaker. */
const MAX_SAME_IN_AN_HOUR = 2;

/**
 * Stops conversations with automata that no header gives away: a sender whose mails repeat themselves is held for a day
 * (RFC 3834 section 2; other products count loops in the same way). Counted for all replicas; addresses as pseudonyms.
 */
@Injectable()
export class RepetitionBreaker {
  constructor(
    private readonly counters: RateLimitRepository,
    private readonly tokens: MailTokens,
  ) {}

  /**
   * Counts one mail. A step that runs twice counts twice: the safe side.
   * @returns true when the sender has to be held
   */
  async isRepeating(sender: string, text: string): Promise<boolean> {
    const hold = this.window('sender_hold', sender, 1, DAY_S);
    const content = this.window('same_content', `${sender}|${fingerprint(text)}`, MAX_SAME_IN_AN_HOUR, HOUR_S);
    const [isHeld, full] = await Promise.all([this.counters.isFull(hold), this.counters.consume([content])]);
    if (full) await this.counters.consume([hold]);
    return isHeld || full !== null;
  }

  private window(scope: RateWindow['scope'], subject: string, max: number, seconds: number): RateWindow {
    return { scope, subject: this.tokens.pseudonym(subject), max, seconds };
  }
}

/** Case, digits (ticket numbers, dates) and spacing do not make another text. */
function fingerprint(text: string): string {
  const normalised = text.toLowerCase().replace(/\d+/g, '#').replace(/\s+/g, ' ').trim();
  return createHash('sha256').update(normalised).digest('base64url');
}
