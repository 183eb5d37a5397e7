import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../../common/clock.js';
import { type AppError, errorMessage } from '../../common/errors.js';
import { emailsSendFailed, emailsSent } from '../../common/metrics.js';
import { AppConfig } from '../../config/app-config.js';
import { MailboxRepository } from '../mailbox/mailbox.repository.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { backoffMs, MAX_RETRY_MS } from './gate.js';
import { type AttemptEnd, OutboxRepository } from './outbox.repository.js';
import type { OutboxItem } from './outbox.types.js';
import type { FailureReason, Outcome } from './outcome.js';
import { RateLimitRepository } from './rate-limit.repository.js';
import type { SendResult } from './smtp-send.js';
import { wantsSentCopy } from './transports.js';

/** How long an item of a mailbox that the server does not let in waits before the next look. */
const AUTH_WAIT_MS = 60_000;
const MAX_RECEIPT_LENGTH = 200;
/** How long a result is tried to be saved while the store is away: an unsaved 250 would become an unknown mail. */
const SAVE_FOR_MS = 60_000;
const SAVE_PAUSE_MS = 500;

/** Turns the result of a try into the next state of the item. */
@Injectable()
export class AttemptRecorder {
  constructor(
    private readonly outbox: OutboxRepository,
    private readonly mailboxes: MailboxRepository,
    private readonly limits: RateLimitRepository,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    @InjectPinoLogger(AttemptRecorder.name) private readonly logger: PinoLogger,
  ) {}

  /** Saves what the server said. @returns the item afterwards; null when the claim was lost and nothing could be settled */
  async finished(item: OutboxItem, mailbox: Mailbox, result: SendResult, outcome: Outcome): Promise<OutboxItem | null> {
    const end: AttemptEnd = { phase: result.phase, responseCode: result.responseCode, error: describe(result) };
    if (outcome.next !== 'accepted') emailsSendFailed.inc({ mailbox: mailbox.name, reason: outcome.reason });
    this.logger.info(
      { outboxId: item.id, outcome: outcome.next, phase: end.phase, responseCode: end.responseCode },
      'send attempt ended',
    );
    switch (outcome.next) {
      case 'accepted':
        return this.accepted(item, mailbox, end, result);
      case 'refused':
        return this.save(() => this.outbox.finishAttempt(item, 'refused', end, { lastError: end.error }));
      case 'retry':
        return this.retry(item, end);
      case 'auth':
        return this.notLetIn(item, mailbox, end);
      case 'lost': {
        const now = this.clock.now();
        const runAt = new Date(now.getTime() + this.config.env.UNKNOWN_GRACE_SECONDS * 1000);
        const change = { runAt, unknownAt: now, lastError: end.error };
        return this.save(() => this.outbox.finishAttempt(item, 'lost', end, change));
      }
    }
  }

  /** Nothing was sent: the lease is lost, sending was switched off, the process stops, or the transport is set up wrongly. */
  async calledOff(item: OutboxItem, mailbox: Mailbox, error: AppError): Promise<OutboxItem | null> {
    const end: AttemptEnd = { phase: 'envelope', responseCode: null, error: error.message };
    this.logger.info({ outboxId: item.id, code: error.code }, 'send attempt called off');
    if (error.code === 'MAIL_AUTH') return this.notLetIn(item, mailbox, end);
    // Another replica, or this one at the next look, goes on.
    if (error.code === 'LEASE_LOST' || error.code === 'UNAVAILABLE') return this.putBack(item, end, this.clock.now());
    const reason: FailureReason = 'connection';
    emailsSendFailed.inc({ mailbox: mailbox.name, reason });
    return this.retry(item, end);
  }

  private async accepted(
    item: OutboxItem,
    mailbox: Mailbox,
    end: AttemptEnd,
    result: SendResult,
  ): Promise<OutboxItem | null> {
    const now = this.clock.now();
    const isCopyWanted = wantsSentCopy(mailbox);
    const sentCopy = isCopyWanted ? 'pending' : 'none';
    const change = {
      sentAt: now,
      receipt: result.response?.slice(0, MAX_RECEIPT_LENGTH) ?? null,
      serverMessageId: result.serverMessageId,
      lastError: null,
      sentCopy,
      runAt: isCopyWanted ? now : null,
    } as const;
    const saved = await this.save(() => this.outbox.finishAttempt(item, 'accepted', end, change));
    // The claim was lost while the server thought about it: its 250 still is proof.
    const sent = saved ?? (await this.save(() => this.outbox.settleByEvidence(item.messageId, 'late_reply', sentCopy)));
    emailsSent.inc({ mailbox: mailbox.name, mode: item.mode });
    if (item.mode === 'human' && item.threadId !== null) await this.limits.resetThread(item.threadId);
    return sent;
  }

  private retry(item: OutboxItem, end: AttemptEnd): Promise<OutboxItem | null> {
    const now = this.clock.now().getTime();
    const firstTriedAt = item.firstTriedAt ?? new Date(now);
    const tries = item.tries + 1;
    const change = { tries, firstTriedAt, lastError: end.error };
    if (now - firstTriedAt.getTime() >= MAX_RETRY_MS) {
      const held = { ...change, heldReason: 'retries_exhausted' } as const;
      return this.save(() => this.outbox.finishAttempt(item, 'hold', end, held));
    }
    const runAt = new Date(now + backoffMs(tries));
    return this.save(() => this.outbox.finishAttempt(item, 'retry', end, { ...change, runAt }));
  }

  /** The mail is fine, the login is not: the mailbox stops and the mail stays queued, its day not counted. */
  private async notLetIn(item: OutboxItem, mailbox: Mailbox, end: AttemptEnd): Promise<OutboxItem | null> {
    const paused = { paused: true, pausedReason: 'The SMTP server refused the login: check user and password.' };
    // Only if it runs: what a person paused stays a person's decision.
    await this.mailboxes.recordSync(mailbox.id, paused, { paused: false });
    this.logger.warn({ mailboxId: mailbox.id }, 'SMTP login refused: the mailbox is paused');
    const runAt = new Date(this.clock.now().getTime() + AUTH_WAIT_MS);
    return this.putBack({ ...item, firstTriedAt: null }, end, runAt);
  }

  private putBack(item: OutboxItem, end: AttemptEnd, runAt: Date): Promise<OutboxItem | null> {
    const change = { runAt, firstTriedAt: item.firstTriedAt, lastError: end.error };
    if (item.state === 'sending') return this.save(() => this.outbox.finishAttempt(item, 'retry', end, change));
    return this.save(async () => {
      const { runAt: dueAt, ...rest } = change;
      await this.outbox.putBack(item.id, item.fence, dueAt, rest);
      return null;
    });
  }

  /** Saves with patience: each write is a compare-and-set on the fence, so that repeating it is harmless. */
  private async save(write: () => Promise<OutboxItem | null>): Promise<OutboxItem | null> {
    const deadline = this.clock.monotonicMs() + SAVE_FOR_MS;
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (this.clock.monotonicMs() >= deadline) throw error;
        this.logger.warn({ error: errorMessage(error) }, 'the result of a send attempt could not be saved yet');
        await this.clock.sleep(SAVE_PAUSE_MS);
      }
    }
  }
}

/** What the server said in codes only: its text may hold addresses. Null when it accepted. */
function describe({ isAccepted, responseCode, response, command, errorCode, phase }: SendResult): string | null {
  if (isAccepted) return null;
  if (responseCode === null) return `No answer from the mail server (${errorCode ?? 'closed'}, ${phase}).`;
  const status = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/.exec(response ?? '')?.[1];
  return `The mail server answered ${responseCode}${status ? ` ${status}` : ''}${command ? ` to ${command}` : ''}.`;
}
