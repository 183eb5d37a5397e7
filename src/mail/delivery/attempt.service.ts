import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppError, errorMessage } from '../../common/errors.js';
import { failpoint } from '../../common/failpoint.js';
import { smtpSendDuration } from '../../common/metrics.js';
import { PROCESS_ID } from '../../jobs/claim-loop.js';
import { SettingsService } from '../../settings/settings.service.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { AttemptRecorder } from './attempt-recorder.service.js';
import { gate } from './gate.js';
import { OutboxRepository } from './outbox.repository.js';
import type { OutboxItem } from './outbox.types.js';
import { outcomeOf } from './outcome.js';
import type { SendHooks, SendResult } from './smtp-send.js';
import { MailTransports } from './transports.js';

/**
 * Longest time from asking for the attempt record to the first byte of the mail. A worker that was stopped in between (and
 * whose item others call unknown by now) must not wake up and send: monotonic, so that no clock change fools it.
 */
const MAX_RECORD_AGE_MS = 60_000;

/** One try to send one claimed item. */
@Injectable()
export class AttemptService {
  constructor(
    private readonly outbox: OutboxRepository,
    private readonly transports: MailTransports,
    private readonly settings: SettingsService,
    private readonly recorder: AttemptRecorder,
    private readonly clock: Clock,
  ) {}

  /** Sends, and records what came of it. @returns the item afterwards; null when another worker or a person has it now */
  async attempt(item: OutboxItem, mailbox: Mailbox, signal: AbortSignal): Promise<OutboxItem | null> {
    const startedMs = this.clock.monotonicMs();
    const record: AttemptRecord = { item, askedMs: 0 };
    let result: SendResult;
    try {
      result = await this.transports.for(mailbox).send(item, mailbox, this.hooks(record, mailbox, signal), signal);
    } catch (error) {
      // Whatever stopped it, nothing was sent: the transport throws only before the first byte.
      return this.recorder.calledOff(record.item, mailbox, toAppError(error));
    }
    const outcome = outcomeOf(result);
    const seconds = (this.clock.monotonicMs() - startedMs) / 1000;
    smtpSendDuration.observe({ mailbox: mailbox.name, outcome: outcome.next }, seconds);
    if (outcome.next === 'accepted') await failpoint('outbox.after_250');
    return this.recorder.finished(record.item, mailbox, result, outcome);
  }

  private hooks(record: AttemptRecord, mailbox: Mailbox, signal: AbortSignal): SendHooks {
    return {
      beforeMail: async () => {
        await failpoint('outbox.before_attempt_record');
        signal.throwIfAborted();
        // Connecting took time: the kill switch counts as it stands now.
        const now = gate(record.item, mailbox, await this.settings.get(), this.clock.now());
        if (now.verdict !== 'go') throw new AppError('UNAVAILABLE', 'Sending was switched off.', { retryable: true });
        record.askedMs = this.clock.monotonicMs();
        const begun = await this.outbox.beginAttempt(record.item, PROCESS_ID);
        if (!begun) throw new AppError('LEASE_LOST', 'The mail was cancelled or taken over.');
        record.item = begun;
        await failpoint('outbox.after_attempt_record');
      },
      beforeData: async () => {
        await failpoint('outbox.before_data');
        signal.throwIfAborted();
        if (this.clock.monotonicMs() - record.askedMs >= MAX_RECORD_AGE_MS) {
          throw new AppError('LEASE_LOST', 'The attempt took too long to begin.', { retryable: true });
        }
      },
    };
  }
}

/** The item as last stored by this attempt, and when its record was asked for. */
interface AttemptRecord {
  item: OutboxItem;
  askedMs: number;
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('INTERNAL', errorMessage(error), { retryable: true, cause: error });
}
