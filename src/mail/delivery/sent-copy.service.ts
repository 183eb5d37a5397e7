import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../../common/clock.js';
import { errorMessage } from '../../common/errors.js';
import { failpoint } from '../../common/failpoint.js';
import { MailboxRepository } from '../mailbox/mailbox.repository.js';
import { SentFolderService } from '../mailbox/sent-folder.service.js';
import { backoffMs } from './gate.js';
import { OutboxRepository } from './outbox.repository.js';
import type { OutboxItem } from './outbox.types.js';

/** Tries before a copy is given up; the mail itself is sent all the same. */
const MAX_TRIES = 12;

/** Puts copies of sent replies into the Sent folder: a step of its own, that can be repeated and never sends anything. */
@Injectable()
export class SentCopyService {
  constructor(
    private readonly outbox: OutboxRepository,
    private readonly mailboxes: MailboxRepository,
    private readonly sentFolder: SentFolderService,
    private readonly clock: Clock,
    @InjectPinoLogger(SentCopyService.name) private readonly logger: PinoLogger,
  ) {}

  /** One claimed item in state `sent`. */
  async copy(item: OutboxItem): Promise<void> {
    if (item.sentCopy !== 'pending') return this.done(item, item.sentCopy);
    const mailbox = await this.mailboxes.findById(item.mailboxId);
    if (!mailbox?.imap) return this.done(item, 'none');
    try {
      const result = await this.sentFolder.append(mailbox, item.messageId, item.mime);
      await failpoint('outbox.after_sent_copy');
      await this.done(item, result === 'no_folder' ? 'none' : 'done');
    } catch (error) {
      await this.again(item, error);
    }
  }

  private async done(item: OutboxItem, sentCopy: OutboxItem['sentCopy']): Promise<void> {
    await this.outbox.putBack(item.id, item.fence, null, { sentCopy });
  }

  private async again(item: OutboxItem, error: unknown): Promise<void> {
    const sentCopyTries = item.sentCopyTries + 1;
    const isGivenUp = sentCopyTries >= MAX_TRIES;
    this.logger.warn({ outboxId: item.id, isGivenUp, error: errorMessage(error) }, 'the copy to Sent failed');
    const runAt = isGivenUp ? null : new Date(this.clock.now().getTime() + backoffMs(sentCopyTries + 4));
    await this.outbox.putBack(item.id, item.fence, runAt, {
      sentCopyTries,
      sentCopy: isGivenUp ? 'failed' : 'pending',
    });
  }
}
