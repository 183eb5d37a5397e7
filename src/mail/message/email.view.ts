import type { EmailSummary } from './email-query.repository.js';
import type { AttachmentView, EmailSummaryView, EmailView } from './email.dto.js';
import type { Email } from './email.types.js';
import type { Attachment, ParsedMail } from './parsed-mail.types.js';

/** One row of a list. */
export function toEmailSummaryView(email: EmailSummary | Email): EmailSummaryView {
  const { parsed, lastError } = email;
  return {
    id: email.id,
    mailboxId: email.mailboxId,
    threadId: email.threadId,
    state: email.state,
    stateReason: email.stateReason,
    source: email.source,
    receivedAt: email.receivedAt.toISOString(),
    subject: parsed?.subject ?? null,
    from: parsed?.from ?? null,
    flags: parsed?.flags ?? [],
    attachmentCount: parsed?.attachments.length ?? 0,
    screening: email.screening,
    classification: email.classification,
    replyId: email.replyId,
    bouncedReplyId: email.bouncedReplyId,
    attempts: email.attempts,
    lastError: lastError && { ...lastError, at: lastError.at.toISOString() },
    createdAt: email.createdAt.toISOString(),
    updatedAt: email.updatedAt.toISOString(),
  };
}

export function toEmailView(email: Email): EmailView {
  return {
    ...toEmailSummaryView(email),
    content: email.parsed && toContentView(email.parsed),
    decisionId: email.decisionId,
    runId: email.runId,
    history: email.history.map((entry) => ({ ...entry, at: entry.at.toISOString() })),
  };
}

export const toAttachmentViews = (attachments: readonly Attachment[]): AttachmentView[] =>
  attachments.map(({ filename, contentType, size, contentId }, index) => ({
    index,
    filename,
    contentType,
    size,
    isInline: contentId !== null,
    contentId,
  }));

function toContentView(mail: ParsedMail): EmailView['content'] {
  const { messageId, inReplyTo, to, cc, replyTo, text, fullText, html, authentication, deliveryReport } = mail;
  return {
    ...{ messageId, inReplyTo, to, cc, replyTo, text, fullText, html, authentication, deliveryReport },
    sentAt: mail.sentAt?.toISOString() ?? null,
    attachments: toAttachmentViews(mail.attachments),
  };
}
