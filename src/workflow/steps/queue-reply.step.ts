import { Injectable } from '@nestjs/common';
import { notFound } from '../../common/errors.js';
import { OutboxService } from '../../mail/delivery/outbox.service.js';
import { replyRecipient } from '../../mail/delivery/recipient.js';
import type { Approval, Email } from '../../mail/message/email.types.js';
import { ReplyRepository } from '../../reply/reply.repository.js';
import type { Reply, ReplyVersion } from '../../reply/reply.types.js';
import { MailboxCache } from '../mailbox-cache.js';
import { ReviewRecorder } from '../review/review-recorder.js';
import { move, parsedOf, type Step, type StepResult } from './step.js';

/** An approved version -> frozen bytes in the outbox. Run twice it finds the first: the outbox deduplicates. */
@Injectable()
export class QueueReplyStep implements Step {
  readonly name = 'queue';
  readonly from = 'approved';

  constructor(
    private readonly mailboxes: MailboxCache,
    private readonly replies: ReplyRepository,
    private readonly outbox: OutboxService,
    private readonly reviews: ReviewRecorder,
  ) {}

  async run(email: Email): Promise<StepResult> {
    const approval = email.approval!;
    await this.reviews.record(email);
    const [mailbox, reply] = await Promise.all([this.mailboxes.get(email.mailboxId), this.approved(approval)]);
    const mail = parsedOf(email);
    const recipient = replyRecipient(mail);
    if (!recipient) return move('escalated', {}, 'the mail has no valid sender address to answer to');
    const version = approvedVersion(reply, approval.version);
    const { item } = await this.outbox.submit({
      mailbox,
      emailId: email.id,
      replyId: reply.id,
      threadId: email.threadId,
      seq: approval.seq,
      recipient,
      subject: mail.subject,
      // A mail without a Message-ID has one that we made up: nobody else knows it (RFC 5322 section 3.6.4).
      inReplyTo: mail.flags.includes('message_id_missing') ? null : mail.messageId,
      references: mail.references,
      text: version.text,
      html: version.html,
      mode: 'human',
      isEngineDrafted: reply.versions.some(({ author }) => author !== 'human'),
      approvedAt: approval.at,
    });
    await this.replies.attachOutbox(reply.id, item.id);
    return move('queued');
  }

  /** The reply, brought to `approved` when a crash came between the email's transition and the reply's. */
  private async approved({ replyId, userId }: Approval): Promise<Reply> {
    const reply = await this.replies.findById(replyId);
    if (!reply) throw notFound('reply', replyId);
    if (reply.state !== 'draft' && reply.state !== 'in_review') return reply;
    return (await this.replies.approve(replyId, reply.revision, userId)) ?? reply;
  }
}

function approvedVersion(reply: Reply, version: number): ReplyVersion {
  const found = reply.versions.find((candidate) => candidate.version === version);
  if (!found) throw new Error(`reply ${reply.id} has no version ${version}`);
  return found;
}
