import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter } from 'mongoose';
import { type Page, toPage } from '../../common/http/page.js';
import { toPlain } from '../../database/schema-options.js';
import { EMAIL_MODEL, type EmailDoc } from './email.schema.js';
import { type Email, EMAIL_STATES, type EmailState, type Priority } from './email.types.js';
import type { ParsedMail } from './parsed-mail.types.js';

/** Fields that a list needs; the texts of a hundred mails would be megabytes. */
const SUMMARY_FIELDS = {
  history: 0,
  'parsed.text': 0,
  'parsed.fullText': 0,
  'parsed.html': 0,
  'parsed.headers': 0,
  'parsed.searchKeys': 0,
  'parsed.references': 0,
} as const;

type SummaryOf<T> = Omit<T, 'parsed' | 'history'> & {
  parsed: Omit<ParsedMail, 'text' | 'fullText' | 'html' | 'headers' | 'searchKeys' | 'references'> | null;
};
/** An email without its texts and history: what lists return. */
export type EmailSummary = SummaryOf<Email>;

export interface EmailFilter {
  state?: EmailState | readonly EmailState[];
  mailboxId?: string;
  category?: string;
  priority?: Priority;
  threadId?: string;
  /** Beginning of the subject, or of the sender's address, domain or name; case does not matter. */
  q?: string;
}

/** The reading side of the collection `emails`. Every filter is backed by an index of email.schema.ts. */
@Injectable()
export class EmailQueryRepository {
  constructor(@InjectModel(EMAIL_MODEL) private readonly model: Model<EmailDoc>) {}

  /** Newest first. */
  async list(filter: EmailFilter, page: { limit: number; cursor?: string }): Promise<Page<EmailSummary>> {
    const rows = await this.model
      .find({ ...toQuery(filter), ...(page.cursor && { _id: { $lt: page.cursor } }) }, SUMMARY_FIELDS)
      .sort({ _id: -1 })
      .limit(page.limit + 1)
      // Left to itself the planner may walk all mails, newest first, in search of words that few have.
      .setOptions(filter.q ? { hint: { 'parsed.searchKeys': 1 } } : {})
      .lean<SummaryOf<EmailDoc>[]>()
      .exec();
    return toPage(rows.map(toSummary), page.limit);
  }

  /** Emails of a thread with their texts, oldest first: history for a draft and for the thread page. */
  async findByThread(threadId: string, limit = 100): Promise<Email[]> {
    const docs = await this.model.find({ threadId }).sort({ receivedAt: -1 }).limit(limit).lean<EmailDoc[]>().exec();
    return docs.map(toPlain).reverse();
  }

  /** Emails of the mailbox that have one of the Message-IDs (angle brackets included). */
  async findByMessageIds(mailboxId: string, messageIds: readonly string[]): Promise<EmailSummary[]> {
    if (messageIds.length === 0) return [];
    const docs = await this.model
      .find({ 'parsed.messageId': { $in: [...messageIds] }, mailboxId } as QueryFilter<EmailDoc>, SUMMARY_FIELDS)
      .lean<SummaryOf<EmailDoc>[]>()
      .exec();
    return docs.map(toSummary);
  }

  /** Emails by id, without texts, in no order; ids that do not exist are left out. */
  async findSummaries(ids: readonly string[]): Promise<EmailSummary[]> {
    const docs = await this.model
      .find({ _id: { $in: [...ids] } }, SUMMARY_FIELDS)
      .lean<SummaryOf<EmailDoc>[]>()
      .exec();
    return docs.map(toSummary);
  }

  /** Emails whose review was not stored yet: a crash came between. */
  async findWithPendingReview(limit: number): Promise<Email[]> {
    // Any id; a range instead of $exists, so that the partial index is used.
    const filter = { 'pendingReview.replyId': { $gt: '' } } as QueryFilter<EmailDoc>;
    const docs = await this.model.find(filter).limit(limit).lean<EmailDoc[]>().exec();
    return docs.map(toPlain);
  }

  /** Emails in quarantine, newest first; `lastError` says in which step and why. */
  listDeadLetters(page: { limit: number; cursor?: string }): Promise<Page<EmailSummary>> {
    return this.list({ state: 'quarantined' }, page);
  }

  /** Emails in quarantine by the step that failed. */
  async countDeadLetters(): Promise<{ step: string; count: number }[]> {
    const rows = await this.model
      .aggregate<{ _id: string | null; count: number }>([
        { $match: { state: 'quarantined' } },
        { $group: { _id: '$lastError.step', count: { $sum: 1 } } },
      ])
      .exec();
    return rows.map((row) => ({ step: row._id ?? 'unknown', count: row.count }));
  }

  /** How many emails are in each state; every state is a key. One index count per state, no scan of documents. */
  async countByState(states: readonly EmailState[] = EMAIL_STATES): Promise<Record<EmailState, number>> {
    const counts = await Promise.all(states.map((state) => this.model.countDocuments({ state }).exec()));
    const zero = Object.fromEntries(EMAIL_STATES.map((state) => [state, 0])) as Record<EmailState, number>;
    return { ...zero, ...Object.fromEntries(states.map((state, i) => [state, counts[i]])) };
  }
}

function toQuery(filter: EmailFilter): QueryFilter<EmailDoc> {
  const { state, mailboxId, category, priority, threadId, q } = filter;
  return {
    ...(state && { state: typeof state === 'string' ? state : { $in: [...state] } }),
    ...(mailboxId && { mailboxId }),
    ...(threadId && { threadId }),
    ...(category && { 'classification.category': category }),
    ...(priority && { 'classification.priority': priority }),
    ...(q && { 'parsed.searchKeys': { $elemMatch: beginsWith(q.toLowerCase()) } }),
  };
}

/** A range over the index instead of a regular expression: nothing to escape, nothing to blow up. */
const beginsWith = (text: string): { $gte: string; $lt: string } => ({ $gte: text, $lt: `${text}\u{10ffff}` });

const toSummary = (doc: SummaryOf<EmailDoc>): EmailSummary => toPlain(doc);
