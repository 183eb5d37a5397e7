import type { Model, QueryFilter, UpdateQuery } from 'mongoose';
import type { Clock } from '../common/clock.js';
import { findAndUpdateDirect, updateDirect } from './direct-write.js';
import type { Stored } from './schema-options.js';

/**
 * The claim protocol, one for emails and outbox. `runAt` means "due" and "lease expired" at once, so that one index range
 * finds both; `fence` goes up with each claim, and every write of a step is a compare-and-set on it: a worker that lost its
 * lease cannot write. Needs single-document atomic updates only.
 */
export interface Claimable {
  _id: string;
  state: string;
  runAt: Date | null;
  owner: string | null;
  fence: number;
  claims: number;
}

/** Proof that this worker holds the document until the lease ends. */
export interface Claim<T extends Claimable = Claimable> {
  doc: T;
  fence: number;
}

/** Fields of a claimable schema; spread them into it and add the index `{ runAt: 1 }`. */
export const claimFields = {
  runAt: { type: Date, default: null },
  owner: { type: String, default: null },
  fence: { type: Number, required: true, default: 0 },
  claims: { type: Number, required: true, default: 0 },
} as const;

export class ClaimQueue<T extends Claimable & Stored> {
  constructor(
    private readonly model: Model<T>,
    private readonly clock: Clock,
    private readonly leaseMs: number,
  ) {}

  /** Claims the document that has been due the longest, or null. `filter` narrows further, e.g. by workflow version. */
  async claimNext(owner: string, filter: QueryFilter<T> = {}): Promise<Claim<T> | null> {
    const now = this.clock.now();
    // A date range never matches null: finished documents are out of it without a flag.
    const due = { ...filter, runAt: { $lte: now } };
    const update = {
      $set: { owner, runAt: new Date(now.getTime() + this.leaseMs) },
      $inc: { fence: 1, claims: 1 },
    } as UpdateQuery<T>;
    const doc = await findAndUpdateDirect(this.model, due, update, now, { runAt: 1 });
    return doc ? { doc, fence: doc.fence } : null;
  }

  /** Prolongs the lease; false when another worker has the document. */
  async renew(id: string, fence: number): Promise<boolean> {
    const runAt = new Date(this.clock.now().getTime() + this.leaseMs);
    return this.set({ _id: id, fence }, { $set: { runAt } });
  }

  /**
   * Saves what a step made and moves the document from `from` to the state in `update.$set.state`, only if this claim
   * still holds it; resets `claims`. False when it does not: the caller must write nothing more.
   */
  async checkpoint(id: string, fence: number, from: string, update: UpdateQuery<T>): Promise<boolean> {
    const $set: Record<string, unknown> = { claims: 0, ...(update.$set as object) };
    // Giving the document back ends the claim: a renewal that is still under way must not make it due again.
    const end = $set.owner === null ? { $inc: { fence: 1 } } : {};
    return this.set({ _id: id, fence, state: from }, { ...update, ...end, $set });
  }

  /** Gives the document back, due at `runAt`, without touching its state: for a retry or a shutdown. */
  async release(id: string, fence: number, runAt: Date, extra: Record<string, unknown> = {}): Promise<boolean> {
    return this.set({ _id: id, fence }, { $set: { runAt, owner: null, claims: 0, ...extra }, $inc: { fence: 1 } });
  }

  /** The earliest `runAt`, to know the age of the queue; null when nothing is due or scheduled. */
  async oldestRunAt(): Promise<Date | null> {
    const doc = await this.model
      .findOne({ runAt: { $gt: new Date(0) } } as QueryFilter<T>, { runAt: 1 })
      .sort({ runAt: 1 })
      .lean<Pick<T, 'runAt'>>()
      .exec();
    return doc?.runAt ?? null;
  }

  /** How many documents are due or scheduled. */
  async depth(): Promise<number> {
    return this.model.countDocuments({ runAt: { $gt: new Date(0) } } as QueryFilter<T>).exec();
  }

  private async set(filter: Record<string, unknown>, update: Record<string, unknown>): Promise<boolean> {
    return (await updateDirect(this.model, filter, update as UpdateQuery<T>, this.clock.now())) === 1;
  }
}
