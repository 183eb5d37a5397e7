import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter, UpdateQuery } from 'mongoose';
import { Clock } from '../../common/clock.js';
import { AppError, notFound } from '../../common/errors.js';
import { type Page, toPage } from '../../common/http/page.js';
import { newId } from '../../common/id.js';
import { insertDirect } from '../../database/direct-write.js';
import { isDuplicateKey } from '../../database/errors.js';
import { toPlain } from '../../database/schema-options.js';
import { THREAD_MODEL, type ThreadDoc } from './thread.schema.js';
import type { Thread, ThreadStatus } from './thread.types.js';

const MAX_MESSAGE_IDS = 500;
const MAX_SENT_IDS = 200;
const MAX_RECENT_EMAILS = 50;
const MAX_PARTICIPANTS = 50;

/** One mail as its thread keeps it. */
export interface ThreadMessage {
  emailId: string;
  messageId: string;
  /** Canonical addresses. */
  participants: string[];
  at: Date;
}

export interface ThreadFilter {
  status?: ThreadStatus;
  mailboxId?: string;
  assignee?: string;
}

@Injectable()
export class ThreadRepository {
  constructor(
    @InjectModel(THREAD_MODEL) private readonly model: Model<ThreadDoc>,
    private readonly clock: Clock,
  ) {}

  /** The thread that this email begins, made now or by an earlier, interrupted call. */
  async insertForRoot(
    thread: Pick<Thread, 'mailboxId' | 'subject' | 'linkedThreadId'>,
    root: ThreadMessage,
  ): Promise<Thread> {
    try {
      const now = this.clock.now();
      const doc = await insertDirect(this.model, {
        _id: newId(),
        ...thread,
        status: 'open',
        assignee: null,
        rootEmailId: root.emailId,
        participants: root.participants.slice(0, MAX_PARTICIPANTS),
        messageIds: [root.messageId],
        sentMessageIds: [],
        recentEmailIds: [root.emailId],
        emailCount: 1,
        sentCount: 0,
        lastMessageAt: root.at,
        deliveryFailedAt: null,
        createdAt: now,
        updatedAt: now,
      });
      return toThread(doc);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const thread = await this.findByRoot(root.emailId);
      if (thread) return thread;
      throw new AppError('UNAVAILABLE', 'The thread changed while it was stored.', { retryable: true, cause: error });
    }
  }

  /** Adds an inbound mail; adding it again changes nothing. `change` says what else it does to the thread. */
  async addEmail(
    id: string,
    message: ThreadMessage,
    change: Partial<Pick<Thread, 'status' | 'deliveryFailedAt'>>,
  ): Promise<void> {
    const update: UpdateQuery<ThreadDoc> = {
      $set: change,
      $inc: { emailCount: 1 },
      $max: { lastMessageAt: message.at },
      $push: {
        messageIds: { $each: [message.messageId], $slice: -MAX_MESSAGE_IDS },
        recentEmailIds: { $each: [message.emailId], $slice: -MAX_RECENT_EMAILS },
      },
    };
    const added = await this.model.updateOne({ _id: id, recentEmailIds: { $ne: message.emailId } }, update).exec();
    if (added.matchedCount === 1) await this.addParticipants(id, message.participants);
  }

  /** Adds a mail that we sent; adding it again changes nothing. */
  async addSentMessage(id: string, messageId: string, at: Date, participants: string[]): Promise<void> {
    const update: UpdateQuery<ThreadDoc> = {
      $set: { status: 'waiting' },
      $inc: { sentCount: 1 },
      $max: { lastMessageAt: at },
      $push: {
        messageIds: { $each: [messageId], $slice: -MAX_MESSAGE_IDS },
        sentMessageIds: { $each: [messageId], $slice: -MAX_SENT_IDS },
      },
    };
    const added = await this.model.updateOne({ _id: id, sentMessageIds: { $ne: messageId } }, update).exec();
    if (added.matchedCount === 1) await this.addParticipants(id, participants);
  }

  /** What a person changes. Null when there is no such thread. */
  async update(id: string, change: Partial<Pick<Thread, 'status' | 'assignee'>>): Promise<Thread | null> {
    const doc = await this.model
      .findByIdAndUpdate(id, { $set: change }, { returnDocument: 'after' })
      .lean<ThreadDoc>()
      .exec();
    return doc ? toThread(doc) : null;
  }

  /** Threads of the mailbox that hold one of the Message-IDs. */
  async findByMessageIds(mailboxId: string, messageIds: readonly string[]): Promise<Thread[]> {
    if (messageIds.length === 0) return [];
    const docs = await this.model
      .find({ messageIds: { $in: [...messageIds] }, mailboxId })
      .limit(20)
      .lean<ThreadDoc[]>()
      .exec();
    return docs.map(toThread);
  }

  async findByRoot(rootEmailId: string): Promise<Thread | null> {
    const doc = await this.model.findOne({ rootEmailId }).lean<ThreadDoc>().exec();
    return doc ? toThread(doc) : null;
  }

  async findById(id: string): Promise<Thread | null> {
    const doc = await this.model.findById(id).lean<ThreadDoc>().exec();
    return doc ? toThread(doc) : null;
  }

  /** @throws AppError NOT_FOUND */
  async getById(id: string): Promise<Thread> {
    const thread = await this.findById(id);
    if (!thread) throw notFound('thread', id);
    return thread;
  }

  /** Latest message first. */
  async list(filter: ThreadFilter, page: { limit: number; cursor?: string }): Promise<Page<Thread>> {
    const last = page.cursor ? await this.findById(page.cursor) : null;
    const rows = await this.model
      .find({ ...filter, ...(last && after(last)) } as QueryFilter<ThreadDoc>)
      .sort({ lastMessageAt: -1, _id: -1 })
      .limit(page.limit + 1)
      .lean<ThreadDoc[]>()
      .exec();
    return toPage(rows.map(toThread), page.limit);
  }

  private async addParticipants(id: string, participants: string[]): Promise<void> {
    if (participants.length === 0) return;
    // A list without end would be a way to become a participant; the place of the 50th decides, not the sender.
    const notFull = { [`participants.${MAX_PARTICIPANTS - 1}`]: { $exists: false } };
    await this.model
      .updateOne(
        { _id: id, ...notFull },
        { $addToSet: { participants: { $each: participants.slice(0, MAX_PARTICIPANTS) } } },
      )
      .exec();
  }
}

/** What comes behind a thread in the order of the list. The first condition alone bounds the index range. */
const after = ({ id, lastMessageAt }: Thread): QueryFilter<ThreadDoc> => ({
  lastMessageAt: { $lte: lastMessageAt },
  $or: [{ lastMessageAt: { $lt: lastMessageAt } }, { _id: { $lt: id } }],
});

function toThread(doc: ThreadDoc): Thread {
  const { recentEmailIds: _, ...thread } = toPlain(doc);
  return thread;
}
