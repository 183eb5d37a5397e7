import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter, UpdateQuery } from 'mongoose';
import { Clock } from '../../common/clock.js';
import { AppError, notFound } from '../../common/errors.js';
import { newId } from '../../common/id.js';
import { AppConfig } from '../../config/app-config.js';
import { type Claim, ClaimQueue } from '../../database/claim-queue.js';
import { insertDirect, insertManyDirect } from '../../database/direct-write.js';
import { isDuplicateKey } from '../../database/errors.js';
import { toPlain } from '../../database/schema-options.js';
import { EMAIL_MODEL, type EmailDoc } from './email.schema.js';
import { type Email, type EmailState, type HistoryEntry, WF_VERSION } from './email.types.js';
import type { RawMessage } from './raw-message.types.js';

const MAX_HISTORY = 100;
/** A mail that a newer version moved is left to a process that knows its states. */
const KNOWN_VERSION: QueryFilter<EmailDoc> = { wfVersion: { $lte: WF_VERSION } };

/** What a step or a person may change beside the state; `history` grows by the entry given with it. */
export type EmailChange = Partial<
  Omit<Email, 'id' | 'mailboxId' | 'rawId' | 'fence' | 'history' | 'createdAt' | 'updatedAt'>
>;

/**
 * The workflow side of the collection `emails`, the only source of truth for state. Steps write through a claim
 * (`checkpoint`, `release`), people through `transition`; both are compare-and-set, so one of two writers loses and knows it.
 */
@Injectable()
export class EmailRepository {
  private readonly queue: ClaimQueue<EmailDoc>;

  constructor(
    @InjectModel(EMAIL_MODEL) private readonly model: Model<EmailDoc>,
    private readonly clock: Clock,
    config: AppConfig,
  ) {
    this.queue = new ClaimQueue(model, clock, config.env.WORKFLOW_LEASE_SECONDS * 1000);
  }

  /** The email of a raw message, made now or by an earlier, interrupted call. */
  async insertForRaw(
    raw: Pick<RawMessage, 'id' | 'mailboxId' | 'receivedAt' | 'source'>,
  ): Promise<Email & { isNew: boolean }> {
    const now = this.clock.now();
    try {
      const doc = await insertDirect(this.model, newEmail(raw, now));
      return { ...toPlain(doc), isNew: true };
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const doc = await this.model.findOne({ rawId: raw.id }).lean<EmailDoc>().exec();
      if (doc) return { ...toPlain(doc), isNew: false };
      throw new AppError('UNAVAILABLE', 'The email changed while it was stored.', { retryable: true, cause: error });
    }
  }

  /**
   * The emails of new raw messages, in one write.
   * @returns ids by raw message; null when one of them has an email: some may be stored then, and `insertForRaw` finds them
   */
  async insertForRaws(
    raws: readonly Pick<RawMessage, 'id' | 'mailboxId' | 'receivedAt' | 'source'>[],
  ): Promise<Map<string, string> | null> {
    const now = this.clock.now();
    const docs = raws.map((raw) => newEmail(raw, now));
    try {
      await insertManyDirect(this.model, docs);
    } catch (error) {
      if (isDuplicateKey(error)) return null;
      throw error;
    }
    return new Map(docs.map((doc) => [doc.rawId, doc._id]));
  }

  /** The email that has been due the longest and whose workflow version this process knows. */
  claimNext(owner: string): Promise<Claim<EmailDoc> | null> {
    return this.queue.claimNext(owner, KNOWN_VERSION);
  }

  renew(id: string, fence: number): Promise<boolean> {
    return this.queue.renew(id, fence);
  }

  /**
   * Saves what a step made and moves the email from `from` to `change.state`, only if the claim still holds it. Give
   * `runAt` (due for the next step, or null to leave the queue). Resets `claims` and `attempts`, gives the claim back.
   * @returns false when another worker or a person was first: write nothing more
   */
  checkpoint(
    id: string,
    fence: number,
    from: EmailState,
    change: EmailChange & { runAt: Date | null },
    entry?: HistoryEntry,
  ): Promise<boolean> {
    const $set = { owner: null, attempts: 0, lastError: null, ...change };
    return this.queue.checkpoint(id, fence, from, { $set, ...pushHistory(entry) });
  }

  /** Gives the email back, due at `runAt`, in the same state: for a retry (with `attempts`, `lastError`) or a shutdown. */
  release(id: string, fence: number, runAt: Date, change: EmailChange = {}): Promise<boolean> {
    return this.queue.release(id, fence, runAt, change);
  }

  /**
   * What a person (or a job without a claim) does: moves the email out of one of the states `from`. Bumps the fence, so
   * that a worker that holds it loses; leaves the queue unless `change.runAt` says when to go on.
   * @returns the email afterwards, or null when it was in another state
   */
  async transition(
    id: string,
    from: EmailState | readonly EmailState[],
    change: EmailChange & { state: EmailState },
    entry: HistoryEntry,
  ): Promise<Email | null> {
    const states = typeof from === 'string' ? [from] : from;
    const $set = { runAt: null, owner: null, claims: 0, attempts: 0, ...change };
    const update = { $set, $inc: { fence: 1 }, ...pushHistory(entry) } as UpdateQuery<EmailDoc>;
    const filter: QueryFilter<EmailDoc> = { _id: id, state: { $in: [...states] } };
    const doc = await this.model.findOneAndUpdate(filter, update, { returnDocument: 'after' }).lean<EmailDoc>().exec();
    return doc ? toPlain(doc) : null;
  }

  /** Makes an email that waits in `state` due now, unless a worker holds it: what it waits for has happened. */
  async makeDue(id: string, state: EmailState): Promise<void> {
    await this.model.updateOne({ _id: id, state, owner: null }, { $set: { runAt: this.clock.now() } }).exec();
  }

  /** Forgets a pending review once it is stored; a newer one stays. */
  async clearPendingReview(id: string, replyRevision: number): Promise<void> {
    const filter = { _id: id, 'pendingReview.replyRevision': replyRevision } as QueryFilter<EmailDoc>;
    await this.model.updateOne(filter, { $set: { pendingReview: null } }).exec();
  }

  async findById(id: string): Promise<Email | null> {
    const doc = await this.model.findById(id).lean<EmailDoc>().exec();
    return doc ? toPlain(doc) : null;
  }

  /** @throws AppError NOT_FOUND */
  async getById(id: string): Promise<Email> {
    const email = await this.findById(id);
    if (!email) throw notFound('email', id);
    return email;
  }

  /** Due or scheduled emails, for the metrics. */
  depth(): Promise<number> {
    return this.queue.depth();
  }

  /** When the oldest due email became due; null with an empty queue. */
  oldestRunAt(): Promise<Date | null> {
    return this.queue.oldestRunAt();
  }
}

/** An email as it begins: every field of the schema. */
function newEmail(raw: Pick<RawMessage, 'id' | 'mailboxId' | 'receivedAt' | 'source'>, now: Date): EmailDoc {
  return {
    _id: newId(),
    mailboxId: raw.mailboxId,
    rawId: raw.id,
    source: raw.source,
    threadId: null,
    state: 'received',
    stateReason: null,
    receivedAt: raw.receivedAt,
    runAt: now,
    owner: null,
    fence: 0,
    claims: 0,
    attempts: 0,
    wfVersion: WF_VERSION,
    parsed: null,
    screening: null,
    classification: null,
    replyId: null,
    decisionId: null,
    runId: null,
    bouncedReplyId: null,
    approval: null,
    regenerate: null,
    pendingReview: null,
    lastError: null,
    history: [],
    createdAt: now,
    updatedAt: now,
  };
}

function pushHistory(entry: HistoryEntry | undefined): UpdateQuery<EmailDoc> {
  return entry ? { $push: { history: { $each: [entry], $slice: -MAX_HISTORY } } } : {};
}
