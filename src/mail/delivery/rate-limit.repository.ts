import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { Clock } from '../../common/clock.js';
import { isDuplicateKey } from '../../database/errors.js';
import { RATE_COUNTER_MODEL, type RateCounterDoc } from './rate-counter.schema.js';
import { type RateWindow, threadWindow, windowEnd, windowKey } from './rate-limits.js';

/** Counters that all replicas share and that never exceed their limit. */
@Injectable()
export class RateLimitRepository {
  constructor(
    @InjectModel(RATE_COUNTER_MODEL) private readonly model: Model<RateCounterDoc>,
    private readonly clock: Clock,
  ) {}

  /**
   * Takes one place in every window, or in none.
   * @returns the first window that is full, or null when the mail may go. A crash half way leaves a place taken too many.
   */
  async consume(windows: readonly RateWindow[]): Promise<RateWindow | null> {
    const now = this.clock.now();
    const taken: string[] = [];
    for (const window of windows) {
      const key = windowKey(window, now);
      if (!(await this.take(key, window.max, windowEnd(window, now)))) {
        for (const id of taken) await this.model.updateOne({ _id: id }, { $inc: { n: -1 } }).exec();
        return window;
      }
      taken.push(key);
    }
    return null;
  }

  /** Whether a window has no place left; takes none. */
  async isFull(window: RateWindow): Promise<boolean> {
    const filter = { _id: windowKey(window, this.clock.now()), n: { $gte: window.max } };
    return (await this.model.countDocuments(filter).exec()) > 0;
  }

  /** A person answered in the thread: automatic replies count from zero again. */
  async resetThread(threadId: string): Promise<void> {
    await this.model.deleteOne({ _id: windowKey(threadWindow(threadId), this.clock.now()) }).exec();
  }

  /** The filter matches a counter with room; one that is full makes the upsert insert its key a second time. */
  private async take(key: string, max: number, expiresAt: Date): Promise<boolean> {
    if (max <= 0) return false;
    for (let isRetry = false; ; isRetry = true) {
      try {
        await this.model
          .updateOne({ _id: key, n: { $lt: max } }, { $inc: { n: 1 }, $setOnInsert: { expiresAt } }, { upsert: true })
          .exec();
        return true;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        // The first time it may have been another replica that made the counter just now.
        if (isRetry) return false;
      }
    }
  }
}
