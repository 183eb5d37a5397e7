import { Injectable } from '@nestjs/common';
import { AuditService } from '../../auth/audit.service.js';
import { Clock } from '../../common/clock.js';
import { conflict, notFound } from '../../common/errors.js';
import type { Principal } from '../../common/http/access.decorators.js';
import { EmailRepository } from '../../mail/message/email.repository.js';
import type { Approval, Email, PendingReview } from '../../mail/message/email.types.js';
import { ReplyRepository } from '../../reply/reply.repository.js';
import type { Reply } from '../../reply/reply.types.js';
import { DraftContextService } from '../draft-context.service.js';
import type { ApproveBody, EditBody, RegenerateBody, RejectBody } from './review.dto.js';
import { EmailMoveService } from './email-move.service.js';
import { ReviewRecorder } from './review-recorder.js';

/**
 * What people do with drafts. The transition of the email is the decisive write: it carries the approval and the review, so
 * that whatever crashes afterwards, nothing a person did is lost and nothing is done twice.
 */
@Injectable()
export class ReviewService {
  constructor(
    private readonly emails: EmailRepository,
    private readonly replies: ReplyRepository,
    private readonly contexts: DraftContextService,
    private readonly moves: EmailMoveService,
    private readonly recorder: ReviewRecorder,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<Reply> {
    const reply = await this.replies.findById(id);
    if (!reply) throw notFound('reply', id);
    return reply;
  }

  /** Approves the newest version, or the given text as a new one; it is sent after the undo window. */
  async approve(id: string, body: ApproveBody, actor: Principal): Promise<Reply> {
    const { email, reply } = await this.inReview(id, body.revision);
    const isEdit = body.text !== undefined && body.text !== reply.versions.at(-1)!.text;
    const approved = isEdit ? await this.addHumanVersion(email, reply, body.text!, actor) : reply;
    const wasEdited = approved.versions.at(-1)!.author === 'human';
    const review = this.review(approved, wasEdited ? 'edited' : 'approved', body.reasonCodes, body.comment, actor);
    const moved = await this.moves.move(
      email,
      'approved',
      { approval: this.approval(email, approved, actor), pendingReview: review },
      null,
    );
    await this.recorder.record(moved);
    await this.audited(actor, 'reply.approve', id, { version: approved.versions.length, edited: wasEdited });
    return this.get(id);
  }

  /** Stores a person's text as the newest version; it waits on for approval. */
  async edit(id: string, body: EditBody, actor: Principal): Promise<Reply> {
    const { email, reply } = await this.inReview(id, body.revision);
    const edited = await this.addHumanVersion(email, reply, body.text, actor);
    await this.audited(actor, 'reply.edit', id, { version: edited.versions.length });
    return edited;
  }

  async reject(id: string, body: RejectBody, actor: Principal): Promise<Reply> {
    const { email, reply } = await this.inReview(id, body.revision);
    const review = this.review(reply, 'rejected', body.reasonCodes, body.comment, actor);
    const moved = await this.moves.move(
      email,
      'rejected',
      { pendingReview: review, replyId: null },
      body.reasonCodes.join(', '),
    );
    await this.recorder.record(moved);
    await this.audited(actor, 'reply.reject', id, { reasonCodes: body.reasonCodes });
    return this.get(id);
  }

  /** Sends the email back to drafting with an instruction; the new draft becomes the next version. */
  async regenerate(id: string, body: RegenerateBody, actor: Principal): Promise<Reply> {
    const { email, reply } = await this.inReview(id, body.revision);
    const regenerate = { instruction: body.instruction, version: reply.versions.length + 1 };
    await this.moves.move(email, 'regenerate_asked', { regenerate }, null);
    await this.audited(actor, 'reply.regenerate', id, { version: regenerate.version });
    return this.get(id);
  }

  /** Answers an email in a person's own words: where there is no draft, or it was rejected. */
  async write(emailId: string, text: string, actor: Principal): Promise<Reply> {
    const email = await this.emails.getById(emailId);
    if (email.state !== 'needs_human' && email.state !== 'rejected') {
      throw conflict(`Only an email that needs a person can be answered like this; it is ${email.state}.`, {
        state: email.state,
      });
    }
    const first = await this.contexts.humanVersion(email, text, actor.id, null);
    const { id: mailId, mailboxId, threadId } = email;
    const open = await this.replies.insertIfNone({
      emailId: mailId,
      mailboxId,
      threadId,
      first,
      missingInformation: [],
    });
    const reply = open.isNew ? open.reply : await this.replies.addVersion(open.reply.id, open.reply.revision, first);
    if (!reply) throw conflict('Somebody else is changing this reply; load it again.');
    await this.moves.move(
      email,
      'approved',
      { replyId: reply.id, approval: this.approval(email, reply, actor) },
      'written by a person',
    );
    await this.replies.approve(reply.id, reply.revision, actor.id);
    await this.audited(actor, 'reply.write', reply.id, { emailId });
    return this.get(reply.id);
  }

  private async inReview(id: string, revision: number | undefined): Promise<{ email: Email; reply: Reply }> {
    const reply = await this.get(id);
    const email = await this.emails.getById(reply.emailId);
    if (email.state !== 'in_review' || email.replyId !== reply.id) {
      throw conflict(
        `The reply does not wait for a person (any more): it is ${reply.state}, its email ${email.state}.`,
        {
          state: reply.state,
          emailState: email.state,
        },
      );
    }
    if (revision !== undefined && revision !== reply.revision) throw changed(reply);
    return { email, reply };
  }

  private async addHumanVersion(email: Email, reply: Reply, text: string, actor: Principal): Promise<Reply> {
    const version = await this.contexts.humanVersion(email, text, actor.id, reply);
    const edited = await this.replies.addVersion(reply.id, reply.revision, version);
    if (!edited) throw changed(await this.get(reply.id));
    return edited;
  }

  private approval(email: Email, reply: Reply, actor: Principal): Approval {
    return {
      replyId: reply.id,
      version: reply.versions.length,
      userId: actor.id,
      at: this.clock.now(),
      seq: (email.approval?.seq ?? 0) + 1,
    };
  }

  private review(
    reply: Reply,
    action: PendingReview['action'],
    reasonCodes: string[],
    comment: string | undefined,
    actor: Principal,
  ): PendingReview {
    return {
      replyId: reply.id,
      replyRevision: reply.revision,
      action,
      reasonCodes,
      comment: comment ?? null,
      reviewerId: actor.id,
    };
  }

  private audited(actor: Principal, action: string, id: string, after: Record<string, unknown>): Promise<void> {
    return this.audit.record({ actor, action, target: `reply:${id}`, after });
  }
}

const changed = (reply: Reply): Error =>
  conflict('Somebody changed this reply meanwhile; load it again.', { revision: reply.revision, state: reply.state });
