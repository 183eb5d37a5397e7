import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { REFRESH_TOKEN_MODEL, type RefreshTokenDoc } from './refresh-token.schema.js';
import type { Session, SessionEnd } from './refresh-token.types.js';

export type NewSession = Pick<
  Session,
  'userId' | 'tokenVersion' | 'keyHash' | 'currentHash' | 'startedAt' | 'expiresAt'
>;

function toSession(doc: RefreshTokenDoc): Session {
  const { _id: id, createdAt: _created, updatedAt: _updated, ...session } = doc;
  return { id, ...session };
}

const orNull = (doc: RefreshTokenDoc | null): Session | null => (doc ? toSession(doc) : null);

@Injectable()
export class RefreshTokenRepository {
  constructor(@InjectModel(REFRESH_TOKEN_MODEL) private readonly model: Model<RefreshTokenDoc>) {}

  async insert(session: NewSession): Promise<Session> {
    const doc = await this.model.create(session);
    return toSession(doc.toObject<RefreshTokenDoc>());
  }

  async findById(id: string): Promise<Session | null> {
    return orNull(await this.model.findById(id).lean<RefreshTokenDoc>().exec());
  }

  async findByKeyHash(keyHash: string): Promise<Session | null> {
    return orNull(await this.model.findOne({ keyHash }).lean<RefreshTokenDoc>().exec());
  }

  /** Replaces the present token by its successor; null when it is not the present one any more, or the session ended. */
  async rotate(id: string, from: string, to: string, now: Date, expiresAt: Date): Promise<Session | null> {
    const doc = await this.model
      .findOneAndUpdate(
        { _id: id, currentHash: from, endedAt: null },
        { $set: { currentHash: to, previousHash: from, rotatedAt: now, expiresAt } },
        { returnDocument: 'after' },
      )
      .lean<RefreshTokenDoc>()
      .exec();
    return orNull(doc);
  }

  /** True for the one call that ended the session. */
  async end(id: string, endReason: SessionEnd, now: Date): Promise<boolean> {
    const result = await this.model.updateOne({ _id: id, endedAt: null }, { $set: { endedAt: now, endReason } }).exec();
    return result.modifiedCount === 1;
  }
}
