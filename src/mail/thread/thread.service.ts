import { Injectable } from '@nestjs/common';
import { AuditService } from '../../auth/audit.service.js';
import { Clock } from '../../common/clock.js';
import { AppError, notFound } from '../../common/errors.js';
import type { Principal } from '../../common/http/access.decorators.js';
import { EmailQueryRepository } from '../message/email-query.repository.js';
import type { Email } from '../message/email.types.js';
import { canonicalAddress } from '../message/screening/sender-address.js';
import {
  answeredMessageIds,
  chooseThread,
  type Match,
  participantsOf,
  recipientsOf,
  type ThreadedMail,
  threadSubject,
  ticketOf,
} from './find-thread.js';
import { ThreadToken } from './thread-token.js';
import { type ThreadMessage, ThreadRepository } from './thread.repository.js';
import type { Thread } from './thread.types.js';

/** The part of an email that threading needs. */
export type AssignableEmail = Pick<Email, 'id' | 'mailboxId' | 'receivedAt' | 'threadId'> & {
  parsed: ThreadedMail | null;
};

/** How long to wait for the mail that this one answers to be put into a thread. */
const PARENT_WAIT_MS = 1000;

/** Puts mails into conversations and keeps what conversations need for that. */
@Injectable()
export class ThreadService {
  constructor(
    private readonly threads: ThreadRepository,
    private readonly emails: EmailQueryRepository,
    private readonly token: ThreadToken,
    private readonly clock: Clock,
    private readonly audit: AuditService,
  ) {}

  /**
   * Finds or makes the thread of a parsed email: by our token in a recipient address, then by the Message-IDs it answers, then
   * by a ticket in the subject; never by the subject's words. A repeated call gives the same thread and adds nothing. Store
   * the id in the email.
   * @param ownAddresses addresses of all configured mailboxes, which are no participants
   * @throws AppError UNAVAILABLE (retryable) while the mail that it answers is being put into a thread
   */
  async assign(email: AssignableEmail, ownAddresses: readonly string[]): Promise<string> {
    if (email.threadId) return email.threadId;
    const mail = email.parsed;
    if (!mail) throw new AppError('INTERNAL', 'The email is not parsed yet.');
    const match = await this.findMatch(email, mail);
    const message: ThreadMessage = {
      emailId: email.id,
      messageId: mail.messageId,
      participants: mail.deliveryReport ? [] : participantsOf(mail, ownAddresses),
      at: email.receivedAt,
    };
    if (match && 'join' in match) {
      // An interrupted call made a thread before the one to join was there: it stays.
      const made = await this.threads.findByRoot(email.id);
      if (made) return made.id;
      const failed = mail.deliveryReport?.action === 'failed' ? { deliveryFailedAt: email.receivedAt } : {};
      await this.threads.addEmail(match.join.id, message, { status: 'open', ...failed });
      return match.join.id;
    }
    const subject = threadSubject(mail.subject);
    const thread = { mailboxId: email.mailboxId, subject, linkedThreadId: match?.link.id ?? null };
    return (await this.threads.insertForRoot(thread, message)).id;
  }

  /** Records a reply that left: answers to it find the thread, and its recipient is a participant. Repeatable. */
  async addSentMessage(threadId: string, messageId: string, recipient?: string): Promise<void> {
    const participants = recipient ? [canonicalAddress(recipient)] : [];
    await this.threads.addSentMessage(threadId, messageId, this.clock.now(), participants);
  }

  /** What a person changes; audited. @throws AppError NOT_FOUND */
  async update(id: string, change: Partial<Pick<Thread, 'status' | 'assignee'>>, actor: Principal): Promise<Thread> {
    const before = await this.threads.getById(id);
    const after = await this.threads.update(id, change);
    if (!after) throw notFound('thread', id);
    const changeable = ({ status, assignee }: Thread) => ({ status, assignee });
    await this.audit.record({
      actor,
      action: 'thread.update',
      target: `thread:${id}`,
      before: changeable(before),
      after: changeable(after),
    });
    return after;
  }

  private async findMatch(email: AssignableEmail, mail: ThreadedMail): Promise<Match> {
    const named = recipientsOf(mail).flatMap((address) => this.token.threadOf(address) ?? []);
    const byToken = (await Promise.all(named.map((id) => this.threads.findById(id)))).filter(
      (thread): thread is Thread => thread?.mailboxId === email.mailboxId,
    );
    const ids = answeredMessageIds(mail);
    const found = await this.threads.findByMessageIds(email.mailboxId, ids);
    const byMessageId = ids.flatMap((id) => found.filter((thread) => thread.messageIds.includes(id)));
    const match = chooseThread(mail, [...byToken, ...byMessageId]);
    if (match) return match;
    await this.awaitParent(email, ids);
    return this.byTicket(email, mail);
  }

  /** Two mails of one conversation may be worked on at once: the later one waits for the earlier one's thread. */
  private async awaitParent(email: AssignableEmail, ids: string[]): Promise<void> {
    const parents = await this.emails.findByMessageIds(email.mailboxId, ids);
    // Only for an older one, so that two mails that answer each other cannot wait for each other.
    const isPending = parents.some(
      ({ id, threadId, state }) => id < email.id && !threadId && (state === 'parsed' || state === 'screened'),
    );
    if (!isPending) return;
    const message = 'The mail that this one answers is not in a thread yet.';
    throw new AppError('UNAVAILABLE', message, { retryable: true, retryAfterMs: PARENT_WAIT_MS });
  }

  private async byTicket(email: AssignableEmail, mail: ThreadedMail): Promise<Match> {
    const id = ticketOf(mail.subject);
    const thread = id ? await this.threads.findById(id) : null;
    if (!thread || thread.mailboxId !== email.mailboxId) return null;
    const match = chooseThread(mail, [thread]);
    // A number in a subject can be guessed: for others it is not even a link.
    return match && 'join' in match ? match : null;
  }
}
