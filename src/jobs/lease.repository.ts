import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { Clock } from '../common/clock.js';
import { isDuplicateKey } from '../database/errors.js';
import { LEASE_MODEL, type LeaseDoc } from './lease.schema.js';

/** The collection `leases`: one document a name, changed by single-document updates only. */
@Injectable()
export class LeaseRepository {
  constructor(
    @InjectModel(LEASE_MODEL) private readonly model: Model<LeaseDoc>,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes a lease that is free, expired or already ours.
   * @returns its fence, or null when somebody else holds it (whose lease is left as it is)
   */
  async acquire(name: string, owner: string, ttlMs: number): Promise<number | null> {
    const now = this.clock.now();
    try {
      const doc = await this.model
        .findOneAndUpdate(
          { _id: name, $or: [{ expiresAt: { $lte: now } }, { owner }] },
          { $set: { owner, expiresAt: new Date(now.getTime() + ttlMs) }, $inc: { fence: 1 } },
          { upsert: true, returnDocument: 'after' },
        )
        .lean<LeaseDoc>()
        .exec();
      return doc?.fence ?? null;
    } catch (error) {
      // The upsert found no document to change and could not insert one: it is held.
      if (isDuplicateKey(error)) return null;
      throw error;
    }
  }

  /** Prolongs the lease; false when another owner took it over. */
  async renew(name: string, owner: string, fence: number, ttlMs: number): Promise<boolean> {
    const expiresAt = new Date(this.clock.now().getTime() + ttlMs);
    const result = await this.model.updateOne({ _id: name, owner, fence }, { $set: { expiresAt } }).exec();
    return result.matchedCount === 1;
  }

  /** Frees the lease if it is still ours; the document stays, so that the fence never goes back. */
  async release(name: string, owner: string, fence: number): Promise<void> {
    await this.model.updateOne({ _id: name, owner, fence }, { $set: { expiresAt: new Date(0) } }).exec();
  }
}
