import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { isDuplicateKey } from '../database/errors.js';
import { REVIEW_MODEL, type ReviewDoc } from './review.schema.js';
import type { Review, ReviewAction } from './review.types.js';

export type NewReview = Omit<Review, 'id' | 'createdAt'>;

export interface ReviewQuery {
  mailboxId?: string | undefined;
  category?: string | undefined;
  action?: ReviewAction | undefined;
  limit: number;
  /** Id after which the page starts, newest first. */
  cursor?: string | undefined;
}

const toReview = ({ _id, updatedAt: _updated, ...rest }: ReviewDoc): Review => ({ id: _id, ...rest });

/** What people did with drafts (collection `reviews`); append only. */
@Injectable()
export class ReviewRepository {
  constructor(@InjectModel(REVIEW_MODEL) private readonly model: Model<ReviewDoc>) {}

  /** Stores a review; false when this revision of the reply has one already (a request that was sent again). */
  async insertIfNew(review: NewReview): Promise<boolean> {
    try {
      await this.model.create(review);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** `limit + 1` rows, newest first, the extra one telling that there is more. */
  async list({ mailboxId, category, action, limit, cursor }: ReviewQuery): Promise<Review[]> {
    const docs = await this.model
      .find({
        ...(mailboxId && { mailboxId }),
        ...(category && { category }),
        ...(action && { action }),
        ...(cursor && { _id: { $lt: cursor } }),
      })
      .sort({ _id: -1 })
      .limit(limit + 1)
      .lean<ReviewDoc[]>()
      .exec();
    return docs.map(toReview);
  }

  async findByEmail(emailId: string): Promise<Review[]> {
    const docs = await this.model.find({ emailId }).sort({ _id: 1 }).lean<ReviewDoc[]>().exec();
    return docs.map(toReview);
  }

  /** For an erase request. Returns how many went. */
  async deleteForEmail(emailId: string): Promise<number> {
    return (await this.model.deleteMany({ emailId }).exec()).deletedCount;
  }
}
