import { Injectable } from '@nestjs/common';
import { errorMessage } from '../common/errors.js';
import { emailsProcessed } from '../common/metrics.js';
import type { Email, EmailState } from '../mail/message/email.types.js';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { MailboxCache } from './mailbox-cache.js';

/** How the metric names the states in which the workflow ends. Drafts that wait for a person are counted when decided. */
const OUTCOME: Partial<Record<EmailState, string>> = {
  done: 'approved',
  ignored: 'ignored',
  needs_human: 'human',
  rejected: 'rejected',
  quarantined: 'quarantined',
};

/** Counts emails whose workflow ended. A failure to count never fails the work. */
@Injectable()
export class ProcessedCounter {
  constructor(
    private readonly mailboxes: MailboxCache,
    @InjectPinoLogger(ProcessedCounter.name) private readonly logger: PinoLogger,
  ) {}

  count(email: Email): void {
    const outcome = email.state === 'done' ? (email.stateReason ?? 'approved') : OUTCOME[email.state];
    if (!outcome) return;
    this.mailboxes.get(email.mailboxId).then(
      (mailbox) =>
        emailsProcessed.inc({ mailbox: mailbox.name, category: email.classification?.category ?? 'none', outcome }),
      (error: unknown) => this.logger.warn({ emailId: email.id, error: errorMessage(error) }, 'not counted'),
    );
  }
}
