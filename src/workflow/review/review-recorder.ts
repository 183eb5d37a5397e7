import { Injectable } from '@nestjs/common';
import { reviewWaitDuration } from '../../common/metrics.js';
import { EmailQueryRepository } from '../../mail/message/email-query.repository.js';
import { EmailRepository } from '../../mail/message/email.repository.js';
import type { Email, PendingReview } from '../../mail/message/email.types.js';
import { editStats } from '../../reply/edit-distance.js';
import { ReplyRepository } from '../../reply/reply.repository.js';
import type { Reply, ReplyVersion } from '../../reply/reply.types.js';
import { ReviewRepository } from '../../reply/review.repository.js';
import type { ReasonCode } from '../../reply/review.types.js';
import { MailboxCache } from '../mailbox-cache.js';

const MAX_LEFTOVERS = 100;

/**
 * Carries what a person did over from the email to the reply and the reviews. The email's transition is the decisive write;
 * this follows it and may be repeated, so that a crash in between loses no feedback.
 */
@Injectable()
export class ReviewRecorder {
  constructor(
    private readonly emails: EmailRepository,
    private readonly queries: EmailQueryRepository,
    private readonly replies: ReplyRepository,
    private readonly reviews: ReviewRepository,
    private readonly mailboxes: MailboxCache,
  ) {}

  /** Stores the pending review of an email, brings its reply to the state that follows from it, and clears it. */
  async record(email: Email): Promise<void> {
    const pending = email.pendingReview;
    if (!pending) return;
    const reply = await this.replies.findById(pending.replyId);
    if (reply) {
      const isNew = await this.reviews.insertIfNew(toReview(email, reply, pending));
      if (isNew) await this.observeWait(email, reply);
      await this.follow(reply, pending);
    }
    await this.emails.clearPendingReview(email.id, pending.replyRevision);
  }

  /** What a crash left: called by a job. */
  async recordLeftovers(): Promise<number> {
    const emails = await this.queries.findWithPendingReview(MAX_LEFTOVERS);
    for (const email of emails) await this.record(email);
    return emails.length;
  }

  private async follow(reply: Reply, pending: PendingReview): Promise<void> {
    if (reply.state !== 'draft' && reply.state !== 'in_review') return;
    if (pending.action === 'rejected') await this.replies.reject(reply.id, reply.revision);
    else await this.replies.approve(reply.id, reply.revision, pending.reviewerId);
  }

  private async observeWait(email: Email, reply: Reply): Promise<void> {
    const decidedAt = email.history.findLast(({ to }) => to === 'in_review')?.at ?? reply.createdAt;
    const actedAt = email.history.at(-1)?.at ?? email.updatedAt;
    const { name } = await this.mailboxes.get(email.mailboxId);
    reviewWaitDuration.observe({ mailbox: name }, Math.max(0, actedAt.getTime() - decidedAt.getTime()) / 1000);
  }
}

function toReview(email: Email, reply: Reply, pending: PendingReview): Parameters<ReviewRepository['insertIfNew']>[0] {
  const draft = lastByEngine(reply) ?? reply.versions[0]!;
  const approved = pending.action === 'rejected' ? null : approvedText(email, reply);
  return {
    replyId: reply.id,
    replyRevision: pending.replyRevision,
    emailId: email.id,
    mailboxId: email.mailboxId,
    action: pending.action,
    reasonCodes: pending.reasonCodes as ReasonCode[],
    comment: pending.comment,
    draftText: draft.text,
    finalText: approved,
    edit: approved === null ? null : editStats(draft.text, approved),
    reviewerId: pending.reviewerId,
    category: email.classification?.category ?? null,
    language: email.classification?.language ?? null,
    engine: draft.author,
    model: draft.model,
    promptVersion: draft.promptVersion,
  };
}

const lastByEngine = (reply: Reply): ReplyVersion | undefined =>
  reply.versions.findLast(({ author }) => author !== 'human');

function approvedText(email: Email, reply: Reply): string {
  const version = reply.versions.find((candidate) => candidate.version === email.approval?.version);
  return (version ?? reply.versions.at(-1)!).text;
}
