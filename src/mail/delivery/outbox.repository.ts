import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter, UpdateQuery } from 'mongoose';
import { Clock } from '../../common/clock.js';
import { AppError, notFound } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { type Claim, ClaimQueue } from '../../database/claim-queue.js';
import { isDuplicateKey } from '../../database/errors.js';
import { INITIAL_STATE, OUTBOX_MOVES, type OutboxEvent } from './outbox.machine.js';
import { OUTBOX_MODEL, type OutboxDoc } from './outbox.schema.js';
import type { EvidenceKind, HeldReason, NewOutboxItem, OutboxItem, SendAttempt, SendPhase } from './outbox.types.js';
import { toItem } from './outbox.mapper.js';

const MAX_ATTEMPTS = 20;
const MAX_HISTORY = 50;

/** How a try ended, for the record of the attempt. */
export interface AttemptEnd {
  phase: SendPhase;
  responseCode: number | null;
  error: string | null;
}

/** What a move may write beside the state. */
type Change = Partial<Omit<OutboxDoc, '_id' | 'state' | 'fence' | 'history' | 'createdAt' | 'updatedAt'>>;

/** Fields that every move which ends a claim resets; the change of the move overrides them. */
const CLAIM_ENDED = { runAt: null, owner: null, claims: 0 } as const;

/**
 * The write side of the collection `outbox`. Every change of state is one compare-and-set on the states that the event may
 * start from (outbox.machine.ts), and on the fence where a worker writes. A move that ends a claim raises the fence, so
 * that a renewal of the lease still on its way cannot touch the item any more.
 */
@Injectable()
export class OutboxRepository {
  private readonly queue: ClaimQueue<OutboxDoc>;

  constructor(
    @InjectModel(OUTBOX_MODEL) private readonly model: Model<OutboxDoc>,
    private readonly clock: Clock,
    config: AppConfig,
  ) {
    this.queue = new ClaimQueue(model, clock, config.env.WORKFLOW_LEASE_SECONDS * 1000);
  }

  /** Stores a frozen mail, or finds the one that an earlier approval stored under the same `dedupeKey`. */
  async enqueue(item: NewOutboxItem): Promise<{ item: OutboxItem; isNew: boolean }> {
    const history = [{ at: this.clock.now(), event: 'enqueue', to: INITIAL_STATE }];
    try {
      const doc = await this.model.create({ ...item, state: INITIAL_STATE, history });
      return { item: toItem(doc.toObject<OutboxDoc>()), isNew: true };
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      const doc = await this.model.findOne({ dedupeKey: item.dedupeKey }).lean<OutboxDoc>().exec();
      if (doc) return { item: toItem(doc), isNew: false };
      throw new AppError('CONFLICT', 'A mail with this Message-ID is in the outbox already.', { cause: error });
    }
  }

  /** The item that has been due the longest: to send, to settle, or to copy to Sent. */
  claimNext(owner: string): Promise<Claim<OutboxDoc> | null> {
    return this.queue.claimNext(owner);
  }

  renew(id: string, fence: number): Promise<boolean> {
    return this.queue.renew(id, fence);
  }

  /** Gives a claimed item back in the same state, due at `runAt`; null takes it out of the queue. */
  async putBack(id: string, fence: number, runAt: Date | null, change: Change = {}): Promise<boolean> {
    const update: UpdateQuery<OutboxDoc> = { $set: { ...CLAIM_ENDED, runAt, ...change }, $inc: { fence: 1 } };
    const result = await this.model.updateOne({ _id: id, fence }, update).exec();
    return result.matchedCount === 1;
  }

  /** Marks that the rate counters were consumed; false when the claim is lost. */
  async markRateConsumed(id: string, fence: number): Promise<boolean> {
    const result = await this.model.updateOne({ _id: id, fence }, { $set: { rateConsumed: true } }).exec();
    return result.matchedCount === 1;
  }

  /**
   * Saves the record of an attempt: from here on this item is never sent again without evidence or a reply.
   * @returns the item with its new attempt, or null when it was cancelled or another worker has it: send nothing
   */
  beginAttempt(
    item: Pick<OutboxItem, 'id' | 'fence' | 'attempts' | 'firstTriedAt'>,
    host: string,
  ): Promise<OutboxItem | null> {
    const now = this.clock.now();
    const no = (item.attempts.at(-1)?.no ?? 0) + 1;
    const attempt: SendAttempt = {
      no,
      fence: item.fence,
      startedAt: now,
      host,
      phase: null,
      responseCode: null,
      error: null,
    };
    const attempts = [...item.attempts, attempt].slice(-MAX_ATTEMPTS);
    return this.move(
      item.id,
      'attempt',
      { attempts, firstTriedAt: item.firstTriedAt ?? now },
      { fence: item.fence, keepsClaim: true },
    );
  }

  /**
   * Ends an attempt with what the server said (`accepted`, `refused`, `retry`) or with `lost`, or holds it.
   * @returns null when the claim is lost: write nothing more
   */
  finishAttempt(
    item: Pick<OutboxItem, 'id' | 'fence' | 'attempts'>,
    event: 'accepted' | 'refused' | 'retry' | 'lost' | 'hold',
    end: AttemptEnd | null,
    change: Change = {},
  ): Promise<OutboxItem | null> {
    const ended = item.attempts.map((attempt) =>
      attempt.fence === item.fence && end ? { ...attempt, ...end } : attempt,
    );
    return this.move(item.id, event, { ...change, attempts: ended }, { fence: item.fence });
  }

  /** What a claim that finds `sending` does: its worker is gone, and nobody knows how far it came. */
  markUnknown(id: string, fence: number, runAt: Date): Promise<OutboxItem | null> {
    const change: Change = { runAt, unknownAt: this.clock.now(), lastError: 'The attempt ended without a result.' };
    return this.move(id, 'lost', change, { fence });
  }

  /** Settles an unknown item: `hold` for a person, `resend` by policy. */
  settle(id: string, fence: number, event: 'hold' | 'resend', change: Change): Promise<OutboxItem | null> {
    return this.move(id, event, change, { fence });
  }

  /** Puts a queued item before a person. */
  hold(id: string, fence: number, heldReason: HeldReason, change: Change = {}): Promise<OutboxItem | null> {
    return this.move(id, 'hold', { heldReason, ...change }, { fence });
  }

  /** Undo: null when it is being sent, was sent, or is otherwise settled. Exactly one of cancel and attempt wins. */
  cancel(id: string): Promise<OutboxItem | null> {
    return this.move(id, 'cancel', {});
  }

  /** A person has a held item sent (the same bytes) or closes it; null when it is not held. */
  resolve(id: string, action: 'resend' | 'close'): Promise<OutboxItem | null> {
    if (action === 'close') return this.move(id, 'close', {});
    // A fresh start for limits and backoff: a person looked at it.
    const change: Change = { runAt: this.clock.now(), heldReason: null, unknownAt: null, tries: 0, firstTriedAt: null };
    return this.move(id, 'resend', { ...change, mode: 'human' });
  }

  /** Proof that the mail left settles it for good; null when there is nothing to settle. */
  async settleByEvidence(
    messageId: string,
    evidence: EvidenceKind,
    sentCopy: 'pending' | 'done' | 'none',
  ): Promise<OutboxItem | null> {
    const now = this.clock.now();
    // Without an attempt nothing can have left: what quotes the id then is not proof.
    const tried: QueryFilter<OutboxDoc> = { 'attempts.0': { $exists: true } };
    const change: Change = {
      evidence,
      sentAt: now,
      sentCopy,
      runAt: sentCopy === 'pending' ? now : null,
      heldReason: null,
    };
    const byOwnId = await this.moveWhere({ messageId, ...tried }, 'evidence', change);
    return byOwnId ?? this.moveWhere({ serverMessageId: messageId, ...tried }, 'evidence', change);
  }

  async findById(id: string): Promise<OutboxItem | null> {
    const doc = await this.model.findById(id).lean<OutboxDoc>().exec();
    return doc ? toItem(doc) : null;
  }

  /** @throws AppError NOT_FOUND */
  async getById(id: string): Promise<OutboxItem> {
    const item = await this.findById(id);
    if (!item) throw notFound('outgoing mail', id);
    return item;
  }

  private move(
    id: string,
    event: OutboxEvent,
    change: Change,
    claim: { fence?: number; keepsClaim?: boolean } = {},
  ): Promise<OutboxItem | null> {
    const holder = claim.fence === undefined ? {} : { fence: claim.fence };
    return this.moveWhere({ _id: id, ...holder }, event, change, claim.keepsClaim);
  }

  private async moveWhere(
    filter: QueryFilter<OutboxDoc>,
    event: OutboxEvent,
    change: Change,
    keepsClaim = false,
  ): Promise<OutboxItem | null> {
    const { from, to } = OUTBOX_MOVES[event];
    const entry = { at: this.clock.now(), event, to };
    const update = {
      $set: { ...(keepsClaim ? {} : CLAIM_ENDED), ...change, state: to },
      $push: { history: { $each: [entry], $slice: -MAX_HISTORY } },
      ...(keepsClaim ? {} : { $inc: { fence: 1 } }),
    } as UpdateQuery<OutboxDoc>;
    const doc = await this.model
      .findOneAndUpdate({ ...filter, state: { $in: [...from] } } as QueryFilter<OutboxDoc>, update, {
        returnDocument: 'after',
      })
      .lean<OutboxDoc>()
      .exec();
    return doc ? toItem(doc) : null;
  }
}
