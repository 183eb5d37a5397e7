import type { EmailSummary } from '../../mail/message/email-query.repository.js';
import type { Reply } from '../../reply/reply.types.js';
import type { ReplyView } from './review.dto.js';

/** A reply as people see it: the newest version on top, and what it answers. */
export function toReplyView(reply: Reply, email: EmailSummary | null): ReplyView {
  const current = reply.versions.at(-1)!;
  return {
    id: reply.id,
    emailId: reply.emailId,
    mailboxId: reply.mailboxId,
    threadId: reply.threadId,
    state: reply.state,
    revision: reply.revision,
    text: current.text,
    html: current.html,
    author: current.author,
    citations: current.citations,
    checks: current.checks,
    missingInformation: reply.missingInformation,
    versions: reply.versions.map(({ version, author, userId, model, promptVersion, instruction, text, at }) => ({
      version,
      author,
      userId,
      model,
      promptVersion,
      instruction,
      text,
      at: at.toISOString(),
    })),
    email: email && toAnsweredMail(email),
    approvedBy: reply.approvedBy,
    approvedAt: reply.approvedAt?.toISOString() ?? null,
    outboxId: reply.outboxId,
    createdAt: reply.createdAt.toISOString(),
    updatedAt: reply.updatedAt.toISOString(),
  };
}

function toAnsweredMail(email: EmailSummary): NonNullable<ReplyView['email']> {
  return {
    subject: email.parsed?.subject ?? '',
    from: email.parsed?.from?.address ?? null,
    state: email.state,
    category: email.classification?.category ?? null,
    priority: email.classification?.priority ?? null,
    summary: email.classification?.summary ?? null,
    language: email.classification?.language ?? null,
    receivedAt: email.receivedAt.toISOString(),
  };
}
