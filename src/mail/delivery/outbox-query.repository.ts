import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter } from 'mongoose';
import { type Page, type PageQuery, toPage } from '../../common/http/page.js';
import { toSummary } from './outbox.mapper.js';
import { OUTBOX_MODEL, type OutboxDoc } from './outbox.schema.js';
import type { OutboxState, OutboxSummary } from './outbox.types.js';

export interface OutboxFilter {
  state?: OutboxState | undefined;
  mailboxId?: string | undefined;
  emailId?: string | undefined;
}

/** The bytes stay in the database: a list does not need them. */
const WITHOUT_BYTES = { mime: 0 } as const;

/** The read side of the collection `outbox`: lists, look-ups and numbers. */
@Injectable()
export class OutboxQueryRepository {
  constructor(@InjectModel(OUTBOX_MODEL) private readonly model: Model<OutboxDoc>) {}

  /** Newest first. */
  async list(filter: OutboxFilter, page: PageQuery): Promise<Page<OutboxSummary>> {
    const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
    const query: QueryFilter<OutboxDoc> = { ...given, ...(page.cursor && { _id: { $lt: page.cursor } }) };
    return toPage(await this.find(query, page.limit + 1), page.limit);
  }

  /** Every answer to one email, newest first: what the workflow waits for. */
  findByEmail(emailId: string): Promise<OutboxSummary[]> {
    return this.find({ emailId });
  }

  /** The answer with this Message-ID, ours or the one that the server put in its place. */
  async findByMessageId(messageId: string): Promise<OutboxSummary | null> {
    const [own] = await this.find({ messageId }, 1);
    return own ?? (await this.find({ serverMessageId: messageId }, 1))[0] ?? null;
  }

  /** Items that nobody works on any more or that wait for a person, changed since: for callers that missed the event. */
  listSettledSince(since: Date, limit: number): Promise<OutboxSummary[]> {
    const states: OutboxState[] = ['sent', 'rejected', 'held', 'cancelled'];
    return this.find({ state: { $in: states }, updatedAt: { $gte: since } }, limit);
  }

  countByState(state: OutboxState): Promise<number> {
    return this.model.countDocuments({ state }).exec();
  }

  /** Items that are due or scheduled, and when the first of them is; null with an empty queue. */
  async queueState(): Promise<{ depth: number; oldestRunAt: Date | null }> {
    const queued: QueryFilter<OutboxDoc> = { runAt: { $gt: new Date(0) } };
    const [depth, [first]] = await Promise.all([
      this.model.countDocuments(queued).exec(),
      this.model.find(queued, { runAt: 1 }).sort({ runAt: 1 }).limit(1).lean<Pick<OutboxDoc, 'runAt'>[]>().exec(),
    ]);
    return { depth, oldestRunAt: first?.runAt ?? null };
  }

  private async find(query: QueryFilter<OutboxDoc>, limit?: number): Promise<OutboxSummary[]> {
    const found = this.model.find(query, WITHOUT_BYTES).sort({ _id: -1 });
    const docs = await (limit === undefined ? found : found.limit(limit)).lean<Omit<OutboxDoc, 'mime'>[]>().exec();
    return docs.map(toSummary);
  }
}
