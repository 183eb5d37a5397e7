import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../../common/clock.js';
import { errorMessage } from '../../common/errors.js';
import { WakeUp } from '../../common/wake-up.js';
import { AppConfig } from '../../config/app-config.js';
import { MailboxRepository } from '../mailbox/mailbox.repository.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { SentFolderService } from '../mailbox/sent-folder.service.js';
import { DeliveryEvents } from './delivery-events.js';
import { OutboxQueryRepository } from './outbox-query.repository.js';
import { OutboxRepository } from './outbox.repository.js';
import type { EvidenceKind, OutboxItem } from './outbox.types.js';
import { MailTransports, wantsSentCopy } from './transports.js';

/** Between two looks at a Sent folder that cannot be reached. */
const LOOK_AGAIN_MS = 5 * 60_000;
/** Attempts by a transport that may simply repeat itself; more of them mean that the mail ends the process. */
const MAX_HARMLESS_ATTEMPTS = 5;
/** How long an unreachable Sent folder is waited for before a person decides without it. */
const MAX_LOOKING_MS = 24 * 3600_000;

/**
 * Settles mails whose fate is unknown. They wait for the grace period, in which every old connection dies (20 minutes: above the
 * idle limit of SMTP servers, RFC 5321 section 4.5.3.2.7, and of TCP retransmission), and are then sent only if there is no
 * evidence and the policy or a person says so.
 */
@Injectable()
export class ReconcileService {
  constructor(
    private readonly outbox: OutboxRepository,
    private readonly queries: OutboxQueryRepository,
    private readonly mailboxes: MailboxRepository,
    private readonly transports: MailTransports,
    private readonly sentFolder: SentFolderService,
    private readonly events: DeliveryEvents,
    private readonly wakeUp: WakeUp,
    private readonly clock: Clock,
    private readonly config: AppConfig,
    @InjectPinoLogger(ReconcileService.name) private readonly logger: PinoLogger,
  ) {}

  /** One claimed item in state `unknown`. @returns the item afterwards; null when it goes on waiting or was taken over */
  async settle(item: OutboxItem): Promise<OutboxItem | null> {
    const now = this.clock.now();
    const since = item.unknownAt ?? now;
    const mailbox = await this.mailboxes.findById(item.mailboxId);
    const isHarmless = mailbox !== null && this.transports.for(mailbox).isIdempotent;
    if (isHarmless && item.attempts.length < MAX_HARMLESS_ATTEMPTS) {
      return this.outbox.settle(item.id, item.fence, 'resend', { runAt: now });
    }
    const graceEnd = new Date(since.getTime() + this.config.env.UNKNOWN_GRACE_SECONDS * 1000);
    if (now < graceEnd) return this.wait(item, graceEnd);

    const isInSent = mailbox ? await this.isInSent(item, mailbox) : false;
    if (isInSent) return this.outbox.settleByEvidence(item.messageId, 'sent_folder', 'done');
    if (isInSent === null && now.getTime() - graceEnd.getTime() < MAX_LOOKING_MS) {
      return this.wait(item, new Date(now.getTime() + LOOK_AGAIN_MS));
    }
    if (this.config.env.UNKNOWN_SEND_POLICY === 'resend') {
      return this.outbox.settle(item.id, item.fence, 'resend', { runAt: now, unknownAt: null });
    }
    return this.outbox.settle(item.id, item.fence, 'hold', { heldReason: 'no_evidence' });
  }

  /**
   * Inbound mail that quotes one of our Message-IDs proves that the reply left. Call it for every bounce and answer; ids that
   * are not ours, or whose mail is settled already, are ignored.
   * @param messageId with angle brackets
   * @returns true when it settled something
   */
  async recordEvidence(messageId: string, kind: EvidenceKind): Promise<boolean> {
    const item = await this.queries.findByMessageId(messageId);
    if (!item || item.attempts.length === 0) return false;
    const mailbox = await this.mailboxes.findById(item.mailboxId);
    const sentCopy = mailbox && wantsSentCopy(mailbox) ? 'pending' : 'none';
    const settled = await this.outbox.settleByEvidence(item.messageId, kind, sentCopy);
    if (!settled) return false;
    this.logger.info({ outboxId: settled.id, kind }, 'evidence settled an unknown mail');
    this.events.settled(settled);
    this.wakeUp.signal('outbox');
    return true;
  }

  /** Null when it could not be looked up. */
  private async isInSent(item: OutboxItem, mailbox: Mailbox): Promise<boolean | null> {
    try {
      return await this.sentFolder.hasMessage(mailbox, item.messageId);
    } catch (error) {
      this.logger.warn({ outboxId: item.id, error: errorMessage(error) }, 'the Sent folder could not be searched');
      return null;
    }
  }

  private async wait(item: OutboxItem, until: Date): Promise<null> {
    await this.outbox.putBack(item.id, item.fence, until);
    return null;
  }
}
