import { Injectable } from '@nestjs/common';
import { AuditService } from '../../auth/audit.service.js';
import { Clock } from '../../common/clock.js';
import { conflict } from '../../common/errors.js';
import type { Principal } from '../../common/http/access.decorators.js';
import { WakeUp } from '../../common/wake-up.js';
import { AppConfig } from '../../config/app-config.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import type { MailAddress } from '../message/parsed-mail.types.js';
import { composeReply } from './compose-reply.js';
import { DeliveryEvents } from './delivery-events.js';
import { MailTokens } from './loop-token.js';
import { OutboxRepository } from './outbox.repository.js';
import type { OutboxItem } from './outbox.types.js';
import { domainOf } from './recipient.js';

/** An approved reply. */
export interface ReplyToSend {
  mailbox: Mailbox;
  emailId: string;
  replyId: string;
  threadId: string | null;
  /** From 1; the second answer to the same email has 2. */
  seq: number;
  /** From `replyRecipient`, never from a model. */
  recipient: MailAddress;
  subject: string;
  /** Message-ID and References of the mail that is answered. */
  inReplyTo: string | null;
  references: string[];
  text: string;
  html: string;
  /** auto: sent without a person; human: a person approved or wrote it. */
  mode: 'human' | 'auto';
  /** An engine drafted it, whoever approved it; false only for what a person wrote wholly. */
  isEngineDrafted: boolean;
  /** When it was approved: the Date header, and the beginning of the undo window. */
  approvedAt: Date;
}

/** What people and the workflow do with outgoing mail. */
@Injectable()
export class OutboxService {
  constructor(
    private readonly outbox: OutboxRepository,
    private readonly tokens: MailTokens,
    private readonly audit: AuditService,
    private readonly events: DeliveryEvents,
    private readonly wakeUp: WakeUp,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /**
   * Freezes the bytes of an approved reply and puts it in the outbox, once: a second call for the same email and `seq` finds
   * the first (`isNew` false). It leaves after the undo window.
   * @throws AppError INVALID_INPUT for an unusable address, TOO_LARGE above 2 MB
   */
  async submit(reply: ReplyToSend): Promise<{ item: OutboxItem; isNew: boolean }> {
    const { mailbox, emailId, seq } = reply;
    const messageId = this.tokens.messageId(mailbox.id, emailId, seq, domainOf(mailbox.address));
    const composed = await composeReply({
      mailbox: { name: mailbox.name, address: mailbox.address },
      recipient: reply.recipient,
      subject: reply.subject,
      inReplyTo: reply.inReplyTo,
      references: reply.references,
      text: reply.text,
      html: reply.html,
      autoSubmitted: reply.isEngineDrafted,
      messageId,
      loopToken: reply.isEngineDrafted ? this.tokens.loopToken(messageId) : null,
      date: reply.approvedAt,
    });
    const undoSeconds = mailbox.policy.undoWindowSeconds ?? this.config.env.UNDO_WINDOW_SECONDS;
    const stored = await this.outbox.enqueue({
      ...composed,
      mailboxId: mailbox.id,
      emailId,
      replyId: reply.replyId,
      threadId: reply.threadId,
      dedupeKey: `${emailId}|reply|${seq}`,
      mode: reply.mode,
      runAt: new Date(reply.approvedAt.getTime() + undoSeconds * 1000),
    });
    if (stored.item.runAt && stored.item.runAt <= this.clock.now()) this.wakeUp.signal('outbox');
    return stored;
  }

  /** Undo. @throws AppError NOT_FOUND, CONFLICT when it is being sent or is settled */
  async cancel(id: string, actor: Principal): Promise<OutboxItem> {
    return this.change(id, actor, 'cancel', () => this.outbox.cancel(id));
  }

  /** A person settles a held mail: the same bytes again, or never. @throws AppError NOT_FOUND, CONFLICT when it is not held */
  async resolve(id: string, action: 'resend' | 'close', actor: Principal): Promise<OutboxItem> {
    const item = await this.change(id, actor, action, () => this.outbox.resolve(id, action));
    this.wakeUp.signal('outbox');
    return item;
  }

  private async change(
    id: string,
    actor: Principal,
    action: string,
    move: () => Promise<OutboxItem | null>,
  ): Promise<OutboxItem> {
    const before = await this.outbox.getById(id);
    const after = await move();
    if (!after) {
      const { state } = await this.outbox.getById(id);
      throw conflict(`This cannot be done: the mail is ${STATE_TEXT[state]}.`, { state });
    }
    await this.audit.record({
      actor,
      action: `outbox.${action}`,
      target: `outbox:${id}`,
      before: { state: before.state },
      after: { state: after.state },
    });
    this.events.settled(after);
    return after;
  }
}

const STATE_TEXT: Record<OutboxItem['state'], string> = {
  scheduled: 'scheduled',
  sending: 'being sent already',
  sent: 'sent already',
  retry_wait: 'waiting for its next try',
  rejected: 'rejected by the mail server',
  unknown: 'sent or not, which is still being found out',
  held: 'held for a person',
  cancelled: 'cancelled',
};
