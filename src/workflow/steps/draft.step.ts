import { Injectable } from '@nestjs/common';
import type { Email } from '../../mail/message/email.types.js';
import { type NewVersion, ReplyRepository } from '../../reply/reply.repository.js';
import { ReplyService } from '../../reply/reply.service.js';
import type { CheckedDraft, Reply } from '../../reply/reply.types.js';
import { DraftContextService } from '../draft-context.service.js';
import { MailboxCache } from '../mailbox-cache.js';
import { modeFor } from '../mode.js';
import { move, type Step, type StepContext, type StepResult } from './step.js';

/** Thread + mail + matching knowledge -> a stored draft, or the reason why there is nothing to answer with. */
@Injectable()
export class DraftStep implements Step {
  readonly name = 'draft';
  readonly from = 'classified';

  constructor(
    private readonly mailboxes: MailboxCache,
    private readonly contexts: DraftContextService,
    private readonly drafting: ReplyService,
    private readonly replies: ReplyRepository,
  ) {}

  async run(email: Email, { signal, allowFallback, made }: StepContext): Promise<StepResult> {
    const { category } = email.classification!;
    const isAsked = email.regenerate !== null;
    const mailbox = await this.mailboxes.get(email.mailboxId);
    if (modeFor(mailbox, category) === 'off' && !isAsked) return move('classified_only', {}, 'classified');
    // A mail that a person must look at first costs no draft.
    if (email.screening?.verdict === 'hold') return move('escalated', {}, `screening: ${email.screening.reason}`);

    const open = isAsked ? await this.replies.findOpen(email.id) : null;
    if (open && open.versions.length >= email.regenerate!.version) return this.drafted(open); // drafted before a crash
    const draft = await this.drafting.draft({
      ...(await this.contexts.for(email)),
      instruction: email.regenerate?.instruction || null,
      revision: email.regenerate?.version ?? 1,
      signal,
      allowFallback,
    });
    if (draft.kind === 'no_answer')
      return move('drafted', { replyId: open?.id ?? null, regenerate: null }, draft.reason);
    const reply = await this.store(email, open, draft);
    if (made) made.reply = reply;
    return this.drafted(reply);
  }

  private async store(email: Email, open: Reply | null, draft: CheckedDraft): Promise<Reply> {
    const version = toVersion(draft, email.regenerate?.instruction || null);
    const { missingInformation } = draft;
    if (open) {
      const extended = await this.replies.addVersion(open.id, open.revision, version, missingInformation);
      return extended ?? open; // a person changed it meanwhile: theirs stands
    }
    const { id, mailboxId, threadId } = email;
    const { reply } = await this.replies.insertIfNone({
      emailId: id,
      mailboxId,
      threadId,
      first: version,
      missingInformation,
    });
    return reply;
  }

  private drafted(reply: Reply): StepResult {
    return move('drafted', { replyId: reply.id, regenerate: null });
  }
}

function toVersion(draft: CheckedDraft, instruction: string | null): NewVersion {
  const { text, html, citations, engine, model, promptVersion, checks } = draft;
  return { text, html, citations, author: engine, userId: null, model, promptVersion, instruction, checks };
}
