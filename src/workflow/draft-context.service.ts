import { Injectable } from '@nestjs/common';
import { RetrieverService } from '../knowledge/retriever.service.js';
import { EmailQueryRepository } from '../mail/message/email-query.repository.js';
import type { Email } from '../mail/message/email.types.js';
import type { NewVersion } from '../reply/reply.repository.js';
import { ReplyRepository } from '../reply/reply.repository.js';
import { ReplyService } from '../reply/reply.service.js';
import type { DraftRequest, Reply } from '../reply/reply.types.js';
import { textToHtml } from '../reply/text-to-html.js';
import { MailboxCache } from './mailbox-cache.js';
import { parsedOf } from './steps/step.js';

/** Passages that a draft may stand on, and what it may see of the thread. */
const MAX_PASSAGES = 6;
const MAX_HISTORY = 10;
const MAX_HISTORY_CHARS = 2_000;

export type DraftContext = Omit<DraftRequest, 'instruction' | 'revision' | 'signal'>;

/** Gathers what a draft, or the check of a person's text, stands on: the mail, its thread, matching knowledge, the style. */
@Injectable()
export class DraftContextService {
  constructor(
    private readonly mailboxes: MailboxCache,
    private readonly queries: EmailQueryRepository,
    private readonly replies: ReplyRepository,
    private readonly retriever: RetrieverService,
    private readonly drafting: ReplyService,
  ) {}

  async for(email: Email): Promise<DraftContext> {
    const { subject, text, from } = parsedOf(email);
    const { category, language } = email.classification ?? { category: 'other', language: null };
    const [mailbox, passages, history] = await Promise.all([
      this.mailboxes.get(email.mailboxId),
      this.retriever.search(`${subject}\n${text}`, { language, category, limit: MAX_PASSAGES }),
      this.historyOf(email),
    ]);
    return {
      emailId: email.id,
      mailboxId: email.mailboxId,
      customerName: from?.name ?? '',
      subject,
      text,
      history,
      category,
      language,
      passages: passages.map(({ id, title, heading, text: body, coverage }) => ({
        id,
        title,
        heading,
        text: body,
        coverage,
      })),
      style: { tone: mailbox.policy.tone, signature: mailbox.policy.signature, mailboxName: mailbox.name },
    };
  }

  /** A person's text as a version: checked like a draft, with the sources of the version before that it still uses. */
  async humanVersion(email: Email, text: string, userId: string, before: Reply | null): Promise<NewVersion> {
    const context = await this.for(email);
    return {
      text,
      html: textToHtml(text),
      citations: (before?.versions.at(-1)?.citations ?? []).filter(({ claim }) => claim !== '' && text.includes(claim)),
      author: 'human',
      userId,
      model: null,
      promptVersion: null,
      instruction: null,
      checks: await this.drafting.check(text, context),
    };
  }

  private async historyOf(email: Email): Promise<DraftRequest['history']> {
    if (!email.threadId) return [];
    const mails = await this.queries.findByThread(email.threadId, MAX_HISTORY);
    // Most mails begin a thread: nobody has answered anything in it yet.
    if (mails.every(({ id }) => id === email.id)) return [];
    const replies = await this.replies.findByThread(email.threadId);
    const customer = mails
      .filter((mail) => mail.id !== email.id && mail.parsed !== null)
      .map((mail) => ({ from: 'customer' as const, at: mail.receivedAt, text: mail.parsed!.text }));
    const ours = replies
      .filter(({ state }) => state === 'sent')
      .map((reply) => ({ from: 'us' as const, at: reply.updatedAt, text: reply.versions.at(-1)!.text }));
    return [...customer, ...ours]
      .filter(({ at }) => at <= email.receivedAt)
      .sort((a, b) => a.at.getTime() - b.at.getTime())
      .slice(-MAX_HISTORY)
      .map(({ from, text }) => ({ from, text: text.slice(0, MAX_HISTORY_CHARS) }));
  }
}
