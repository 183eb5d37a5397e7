import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { isDuplicateKey } from '../database/errors.js';
import { LOGIN_ATTEMPT_MODEL, type LoginAttemptDoc } from './login-attempt.schema.js';

@Injectable()
export class LoginAttemptRepository {
  constructor(@InjectModel(LOGIN_ATTEMPT_MODEL) private readonly model: Model<LoginAttemptDoc>) {}

  /** The latest end of a block among the counters, or null when none is blocked at `now`. */
  async blockedUntil(keys: string[], now: Date): Promise<Date | null> {
    const docs = await this.model
      .find({ _id: { $in: keys }, blockedUntil: { $gt: now } }, { blockedUntil: 1 })
      .lean<Pick<LoginAttemptDoc, 'blockedUntil'>[]>()
      .exec();
    return docs.reduce<Date | null>(
      (latest, { blockedUntil }) => (!latest || blockedUntil! > latest ? blockedUntil : latest),
      null,
    );
  }

  /** Counts one failure and returns how many there are; a counter past its end begins anew. */
  async addFailure(key: string, now: Date, expiresAt: Date): Promise<number> {
    // The store removes ended counters now and then only.
    await this.model.deleteOne({ _id: key, expiresAt: { $lte: now } }).exec();
    const count = () =>
      this.model
        .findOneAndUpdate(
          { _id: key },
          { $inc: { failures: 1 }, $set: { expiresAt }, $setOnInsert: { blockedUntil: null } },
          { upsert: true, returnDocument: 'after' },
        )
        .lean<LoginAttemptDoc>()
        .exec();
    try {
      return (await count())?.failures ?? 1;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return (await count())?.failures ?? 1; // two first failures at once: one inserted, the other one updates now
    }
  }

  /** Blocks the counter; a later end that is set already stays. */
  async block(key: string, until: Date): Promise<void> {
    await this.model.updateOne({ _id: key }, { $max: { blockedUntil: until } }).exec();
  }

  async clear(key: string): Promise<void> {
    await this.model.deleteOne({ _id: key }).exec();
  }
}
