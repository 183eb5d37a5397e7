import { Injectable } from '@nestjs/common';
import { AuditService } from '../../auth/audit.service.js';
import type { Principal } from '../../common/http/access.decorators.js';
import { EmailRepository } from '../../mail/message/email.repository.js';
import type { Email, Screening } from '../../mail/message/email.types.js';
import { ReplyRepository } from '../../reply/reply.repository.js';
import { EmailMoveService } from './email-move.service.js';
import type { EmailStateView } from './review.dto.js';

/** A person overrules the screening; the reason stays visible in screening and history. */
const OVERRULED: Screening = { verdict: 'answer', reason: null, evidence: null };

/** Closing, reopening and drafting again: what people do with an email that is not in the hands of a step. */
@Injectable()
export class EmailActionService {
  constructor(
    private readonly emails: EmailRepository,
    private readonly replies: ReplyRepository,
    private readonly moves: EmailMoveService,
    private readonly audit: AuditService,
  ) {}

  async close(id: string, reason: string, actor: Principal): Promise<EmailStateView> {
    const email = await this.emails.getById(id);
    const moved = await this.moves.move(email, 'closed', {}, reason || 'closed');
    if (email.replyId) await this.replies.supersede(email.replyId);
    return this.done(moved, 'email.close', reason, actor);
  }

  async reopen(id: string, reason: string, actor: Principal): Promise<EmailStateView> {
    const email = await this.emails.getById(id);
    const moved = await this.moves.move(
      email,
      'reopened',
      { screening: OVERRULED, classification: null },
      reason || null,
    );
    return this.done(moved, 'email.reopen', reason, actor);
  }

  async draftAgain(id: string, instruction: string, actor: Principal): Promise<EmailStateView> {
    const email = await this.emails.getById(id);
    const open = await this.replies.findOpen(id);
    // Asked for by a person: screening does not hold it back a second time.
    const change = { regenerate: { instruction, version: (open?.versions.length ?? 0) + 1 }, screening: OVERRULED };
    const moved = await this.moves.move(email, 'regenerate_asked', change, null);
    return this.done(moved, 'email.draft_again', instruction, actor);
  }

  private async done({ id, state }: Email, action: string, reason: string, actor: Principal): Promise<EmailStateView> {
    await this.audit.record({ actor, action, target: `email:${id}`, after: { state, reason } });
    return { id, state };
  }
}
