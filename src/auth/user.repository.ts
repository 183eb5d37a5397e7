import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter } from 'mongoose';
import { conflict } from '../common/errors.js';
import { type Page, type PageQuery, toPage } from '../common/http/page.js';
import { isDuplicateKey } from '../database/errors.js';
import { USER_MODEL, type UserDoc } from './user.schema.js';
import type { NewUser, User, UserChange } from './user.types.js';

/** A hold older than this belongs to a process that died; its write would fail, because it names the hold. */
const STALE_HOLD_MS = 10_000;

/** `last`: nobody else could administer. `busy`: another administrator is on the way out right now. */
export type AdminExit = { outcome: 'done'; user: User } | { outcome: 'last' | 'busy' };

function toUser(doc: UserDoc): User {
  const { _id: id, username, passwordHash, role, disabled, tokenVersion, createdAt, updatedAt } = doc;
  return { id, username, passwordHash, role, disabled, tokenVersion, createdAt, updatedAt };
}

const orNull = (doc: UserDoc | null): User | null => (doc ? toUser(doc) : null);

@Injectable()
export class UserRepository {
  constructor(@InjectModel(USER_MODEL) private readonly model: Model<UserDoc>) {}

  async findById(id: string): Promise<User | null> {
    return orNull(await this.model.findById(id).lean<UserDoc>().exec());
  }

  async findByUsername(username: string): Promise<User | null> {
    return orNull(await this.model.findOne({ username }).lean<UserDoc>().exec());
  }

  async isEmpty(): Promise<boolean> {
    return (await this.model.exists({}).exec()) === null;
  }

  async list({ limit, cursor }: PageQuery): Promise<Page<User>> {
    const filter: QueryFilter<UserDoc> = cursor ? { _id: { $lt: cursor } } : {};
    const docs = await this.model
      .find(filter)
      .sort({ _id: -1 })
      .limit(limit + 1)
      .lean<UserDoc[]>()
      .exec();
    return toPage(docs.map(toUser), limit);
  }

  /** @throws AppError CONFLICT when the name, or the given id, is taken */
  async insert(user: NewUser, id?: string): Promise<User> {
    try {
      const doc = await this.model.create(id ? { _id: id, ...user } : user);
      return toUser(doc.toObject<UserDoc>());
    } catch (error) {
      if (isDuplicateKey(error)) throw conflict('There is a user with this name already.');
      throw error;
    }
  }

  /** Changes the user if it still is as `expected`, and ends its sessions; null when it is not. */
  async update(expected: User, change: UserChange): Promise<User | null> {
    return this.write(unchanged(expected), change);
  }

  /** Stores a stronger hash of the same password: no session ends. */
  async replaceHash(id: string, from: string, to: string): Promise<void> {
    await this.model.updateOne({ _id: id, passwordHash: from }, { $set: { passwordHash: to } }).exec();
  }

  /** Ends all sessions of the user. */
  async endSessions(id: string): Promise<void> {
    await this.model.updateOne({ _id: id }, { $inc: { tokenVersion: 1 } }).exec();
  }

  /** Deletes the user if it still is as `expected`. */
  async delete(expected: User): Promise<User | null> {
    return orNull(await this.model.findOneAndDelete(unchanged(expected)).lean<UserDoc>().exec());
  }

  /** `update` for a change by which an active administrator stops being one. */
  updateLeavingAdmin(expected: User, change: UserChange, now: Date): Promise<AdminExit> {
    return this.leaveAdmins(expected, now, (held) => this.write(held, change));
  }

  /** `delete` for an active administrator. */
  deleteLeavingAdmin(expected: User, now: Date): Promise<AdminExit> {
    return this.leaveAdmins(expected, now, async (held) =>
      orNull(await this.model.findOneAndDelete(held).lean<UserDoc>().exec()),
    );
  }

  private async write(filter: QueryFilter<UserDoc>, change: UserChange): Promise<User | null> {
    const update = { $set: change, $inc: { tokenVersion: 1 }, $unset: { adminExit: 1, adminExitAt: 1 } } as const;
    return orNull(
      await this.model.findOneAndUpdate(filter, update, { returnDocument: 'after' }).lean<UserDoc>().exec(),
    );
  }

  /**
   * Two administrators who demote each other would each see the other one remain. So the one who leaves first takes a hold
   * that only one document can have (unique index); the final write names that hold, so that a process that slept until the
   * hold was cleared writes nothing. No transaction needed, and a crash at any point leaves an administrator.
   */
  private async leaveAdmins(
    expected: User,
    now: Date,
    write: (held: QueryFilter<UserDoc>) => Promise<User | null>,
  ): Promise<AdminExit> {
    const clear = { $unset: { adminExit: 1, adminExitAt: 1 } } as const;
    const staleBefore = new Date(now.getTime() - STALE_HOLD_MS);
    await this.model.updateMany({ adminExit: 'held', adminExitAt: { $lt: staleBefore } }, clear).exec();
    if (!(await this.takeHold(expected, now))) return { outcome: 'busy' };
    const held: QueryFilter<UserDoc> = { _id: expected.id, adminExit: 'held', adminExitAt: now };
    const other = await this.model.exists({ role: 'admin', disabled: false, _id: { $ne: expected.id } }).exec();
    if (!other) {
      await this.model.updateOne(held, clear).exec();
      return { outcome: 'last' };
    }
    const user = await write(held);
    return user ? { outcome: 'done', user } : { outcome: 'busy' };
  }

  private async takeHold(expected: User, now: Date): Promise<boolean> {
    try {
      const result = await this.model
        .updateOne(
          { ...unchanged(expected), adminExit: { $exists: false } },
          { $set: { adminExit: 'held', adminExitAt: now } },
        )
        .exec();
      return result.matchedCount === 1;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}

/** Every change of a user counts tokenVersion up, so that it serves as the version of the document too. */
const unchanged = (user: User): QueryFilter<UserDoc> => ({ _id: user.id, tokenVersion: user.tokenVersion });
