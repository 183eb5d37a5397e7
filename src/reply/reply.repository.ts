import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter, UpdateQuery } from 'mongoose';
import { Clock } from '../common/clock.js';
import { newId } from '../common/id.js';
import { insertDirect } from '../database/direct-write.js';
import { isDuplicateKey } from '../database/errors.js';
import { OPEN_SLOT, REPLY_MODEL, type ReplyDoc } from './reply.schema.js';
import type { Reply, ReplyState, ReplyVersion } from './reply.types.js';

/** A version before it has its number and time. */
export type NewVersion = Omit<ReplyVersion, 'version' | 'at'>;

export interface NewReply {
  emailId: string;
  mailboxId: string;
  threadId: string | null;
  first: NewVersion;
  missingInformation: string[];
}

export interface ReplyQuery {
  states?: readonly ReplyState[] | undefined;
  mailboxId?: string | undefined;
  limit: number;
  /** Id after which the page starts, newest first. */
  cursor?: string | undefined;
}

const toReply = ({ _id, slot: _slot, ...rest }: ReplyDoc): Reply => ({ id: _id, ...rest });

/**
 * Replies (collection `replies`). Each change of state is a compare-and-set on state and, where people act, on `revision`:
 * of two who act at once one gets the new reply, the other null (409).
 */
@Injectable()
export class ReplyRepository {
  constructor(
    @InjectModel(REPLY_MODEL) private readonly model: Model<ReplyDoc>,
    private readonly clock: Clock,
  ) {}

  /** Stores a draft; when the email has an open reply already (the step runs again after a crash) returns that one. */
  async insertIfNone(reply: NewReply): Promise<{ reply: Reply; isNew: boolean }> {
    const { first, ...rest } = reply;
    const now = this.clock.now();
    const version: ReplyVersion = { ...first, version: 1, at: now };
    try {
      const created = await insertDirect(this.model, {
        _id: newId(),
        ...rest,
        state: 'draft',
        slot: OPEN_SLOT,
        versions: [version],
        revision: 1,
        approvedBy: null,
        approvedAt: null,
        outboxId: null,
        createdAt: now,
        updatedAt: now,
      });
      return { reply: toReply(created), isNew: true };
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const open = await this.findOpen(reply.emailId);
    return open ? { reply: open, isNew: false } : this.insertIfNone(reply); // it was closed in between
  }

  async findById(id: string): Promise<Reply | null> {
    return this.one({ _id: id });
  }

  /** The reply that is a draft, in review or approved; an email has at most one. */
  async findOpen(emailId: string): Promise<Reply | null> {
    return this.one({ emailId, slot: OPEN_SLOT });
  }

  /** All replies of an email, newest first. */
  async findByEmail(emailId: string): Promise<Reply[]> {
    const docs = await this.model.find({ emailId }).sort({ _id: -1 }).lean<ReplyDoc[]>().exec();
    return docs.map(toReply);
  }

  /** Replies of a thread, oldest first. */
  async findByThread(threadId: string): Promise<Reply[]> {
    const docs = await this.model.find({ threadId }).sort({ _id: 1 }).lean<ReplyDoc[]>().exec();
    return docs.map(toReply);
  }

  /** `limit + 1` rows, newest first, the extra one telling that there is more. */
  async list({ states, mailboxId, limit, cursor }: ReplyQuery): Promise<Reply[]> {
    const filter: QueryFilter<ReplyDoc> = {
      ...(states && { state: { $in: [...states] } }),
      ...(mailboxId && { mailboxId }),
      ...(cursor && { _id: { $lt: cursor } }),
    };
    const docs = await this.model
      .find(filter)
      .sort({ _id: -1 })
      .limit(limit + 1)
      .lean<ReplyDoc[]>()
      .exec();
    return docs.map(toReply);
  }

  /** draft -> in_review. Done again by the same step after a crash: a reply in review stays as it is and is returned. */
  async submit(id: string): Promise<Reply | null> {
    return (
      (await this.change({ _id: id, state: 'draft' }, { state: 'in_review' })) ??
      this.one({ _id: id, state: 'in_review' })
    );
  }

  /** Adds a version by a person or a regeneration; the newest is the current one. */
  async addVersion(
    id: string,
    revision: number,
    version: NewVersion,
    missingInformation?: string[],
  ): Promise<Reply | null> {
    const present = await this.one({ _id: id, revision, state: { $in: ['draft', 'in_review'] } });
    if (!present) return null;
    const next: ReplyVersion = { ...version, version: present.versions.length + 1, at: this.clock.now() };
    // Between read and write nobody else changed it: the revision says so.
    return this.change(
      { _id: id, revision, state: present.state },
      { ...(missingInformation && { missingInformation }) },
      { $push: { versions: next } },
    );
  }

  /** draft or in_review -> approved. `userId` null for an automatic approval. */
  async approve(id: string, revision: number, userId: string | null): Promise<Reply | null> {
    return this.change(
      { _id: id, revision, state: { $in: ['draft', 'in_review'] } },
      { state: 'approved', approvedBy: userId, approvedAt: this.clock.now() },
    );
  }

  /** approved -> in_review: the sending was cancelled within the undo window. */
  async withdrawApproval(id: string): Promise<Reply | null> {
    return this.change(
      { _id: id, state: 'approved' },
      { state: 'in_review', approvedBy: null, approvedAt: null, outboxId: null },
    );
  }

  /** draft or in_review -> rejected. */
  async reject(id: string, revision: number): Promise<Reply | null> {
    return this.close({ _id: id, revision, state: { $in: ['draft', 'in_review'] } }, id, 'rejected');
  }

  /** draft or in_review -> superseded: the customer wrote again, or a person answered by other means. */
  async supersede(id: string): Promise<Reply | null> {
    return this.close({ _id: id, state: { $in: ['draft', 'in_review'] } }, id, 'superseded');
  }

  /** approved, with the outbox row that carries it; storing the same one again is fine. */
  async attachOutbox(id: string, outboxId: string): Promise<Reply | null> {
    return this.change({ _id: id, state: 'approved', outboxId: { $in: [null, outboxId] } }, { outboxId });
  }

  /** approved -> how delivery ended. */
  async finish(id: string, state: 'sent' | 'failed' | 'cancelled'): Promise<Reply | null> {
    return this.close({ _id: id, state: 'approved' }, id, state);
  }

  /** For an erase request. Returns how many went. */
  async deleteForEmail(emailId: string): Promise<number> {
    return (await this.model.deleteMany({ emailId }).exec()).deletedCount;
  }

  private close(filter: QueryFilter<ReplyDoc>, id: string, state: ReplyState): Promise<Reply | null> {
    return this.change(filter, { state, slot: id });
  }

  private async change(
    filter: QueryFilter<ReplyDoc>,
    $set: Partial<ReplyDoc>,
    extra: UpdateQuery<ReplyDoc> = {},
  ): Promise<Reply | null> {
    const doc = await this.model
      .findOneAndUpdate(filter, { ...extra, $set, $inc: { revision: 1 } }, { returnDocument: 'after' })
      .lean<ReplyDoc>()
      .exec();
    return doc && toReply(doc);
  }

  private async one(filter: QueryFilter<ReplyDoc>): Promise<Reply | null> {
    const doc = await this.model.findOne(filter).lean<ReplyDoc>().exec();
    return doc && toReply(doc);
  }
}
