import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter } from 'mongoose';
import { conflict } from '../../common/errors.js';
import { isDuplicateKey } from '../../database/errors.js';
import { MAILBOX_MODEL, type MailboxDoc } from './mailbox.schema.js';
import type { Mailbox, Mode, SyncCursor } from './mailbox.types.js';

/** A mailbox with what only its IMAP supervisor needs. */
export type PolledMailbox = Mailbox & { syncRequestedAt: Date | null };

/** Everything about a new mailbox but what the store adds. */
export type NewMailbox = Omit<Mailbox, 'createdAt' | 'updatedAt'> & { environmentMode?: Mode | null };

export type MailboxPatch = Partial<Omit<MailboxDoc, '_id' | 'createdAt' | 'updatedAt'>>;

/** The collection `mailboxes`. Sync results are written without touching `updatedAt`: that is the settings' time. */
@Injectable()
export class MailboxRepository {
  constructor(@InjectModel(MAILBOX_MODEL) private readonly model: Model<MailboxDoc>) {}

  /** @throws AppError CONFLICT when the name or the address is taken */
  async insert(mailbox: NewMailbox): Promise<Mailbox> {
    const { id, ...fields } = mailbox;
    try {
      const doc = await this.model.create({ _id: id, ...fields });
      return toMailbox(doc.toObject<MailboxDoc>());
    } catch (error) {
      throw translateDuplicate(error);
    }
  }

  async findById(id: string): Promise<Mailbox | null> {
    return this.findOne({ _id: id });
  }

  /** Newest first. */
  async list(limit: number, afterId?: string): Promise<Mailbox[]> {
    const docs = await this.model
      .find(afterId ? { _id: { $lt: afterId } } : {})
      .sort({ _id: -1 })
      .limit(limit)
      .lean<MailboxDoc[]>()
      .exec();
    return docs.map(toMailbox);
  }

  /** The first mailbox that has one of the addresses as its own or as an alias; own addresses win, in the given order. */
  async findByAddresses(addresses: string[]): Promise<Mailbox | null> {
    const docs = await this.model
      .find({ $or: [{ address: { $in: addresses } }, { aliases: { $in: addresses } }] })
      .sort({ _id: 1 })
      .lean<MailboxDoc[]>()
      .exec();
    for (const address of addresses) {
      const match = docs.find((doc) => doc.address === address) ?? docs.find((doc) => doc.aliases.includes(address));
      if (match) return toMailbox(match);
    }
    return null;
  }

  async findByName(name: string): Promise<Mailbox | null> {
    return this.findOne({ name });
  }

  async findManaged(managed: 'environment' | 'builtin'): Promise<(Mailbox & { environmentMode: Mode | null }) | null> {
    const doc = await this.model.findOne({ managed }).lean<MailboxDoc>().exec();
    return doc && { ...toMailbox(doc), environmentMode: doc.environmentMode };
  }

  /** The one that was there first. */
  async findOldest(): Promise<Mailbox | null> {
    const doc = await this.model.findOne({}).sort({ _id: 1 }).lean<MailboxDoc>().exec();
    return doc && toMailbox(doc);
  }

  /** Addresses and aliases of every mailbox: mail from them is our own. */
  async listAddresses(): Promise<string[]> {
    const docs = await this.model
      .find({}, { address: 1, aliases: 1 })
      .lean<Pick<MailboxDoc, 'address' | 'aliases'>[]>()
      .exec();
    return docs.flatMap(({ address, aliases }) => [address, ...aliases]);
  }

  async count(): Promise<number> {
    return this.model.countDocuments({}).exec();
  }

  /** Mailboxes that want an IMAP connection: running, or paused by the product itself and to be tried again. */
  async listPolled(): Promise<PolledMailbox[]> {
    const docs = await this.model
      .find({ imap: { $ne: null }, $or: [{ paused: false }, { pausedReason: { $ne: null } }] })
      .sort({ _id: 1 })
      .lean<MailboxDoc[]>()
      .exec();
    return docs.map((doc) => ({ ...toMailbox(doc), syncRequestedAt: doc.syncRequestedAt }));
  }

  /** Null when there is no such mailbox. @throws AppError CONFLICT when the name or the address is taken */
  async update(id: string, patch: MailboxPatch): Promise<Mailbox | null> {
    try {
      const doc = await this.model
        .findOneAndUpdate({ _id: id }, { $set: patch }, { returnDocument: 'after' })
        .lean<MailboxDoc>()
        .exec();
      return doc && toMailbox(doc);
    } catch (error) {
      throw translateDuplicate(error);
    }
  }

  /** Writes what the sync found, without touching `updatedAt`; only if `condition` still holds. */
  async recordSync(
    id: string,
    patch: Record<string, unknown>,
    condition: Record<string, unknown> = {},
  ): Promise<boolean> {
    const result = await this.model
      .updateOne(
        { _id: id, ...condition } as QueryFilter<MailboxDoc>,
        { $set: patch },
        {
          timestamps: false,
        },
      )
      .exec();
    return result.matchedCount === 1;
  }

  /** Moves the cursor only from where the caller saw it: false when somebody else moved it or the settings changed. */
  async advanceCursor(id: string, from: SyncCursor, to: SyncCursor): Promise<boolean> {
    const seen = { 'cursor.uidValidity': from.uidValidity, 'cursor.lastUid': from.lastUid };
    return this.recordSync(id, { cursor: to }, seen);
  }

  async requestSync(id: string, at: Date): Promise<boolean> {
    return this.recordSync(id, { syncRequestedAt: at });
  }

  /** Replaces a secret only if it is still the one that was read (another replica may rotate at the same time). */
  async replaceSecret(id: string, part: 'imap' | 'smtp', from: string, to: string): Promise<boolean> {
    return this.recordSync(id, { [`${part}.secret`]: to }, { [`${part}.secret`]: from });
  }

  async delete(id: string): Promise<boolean> {
    return (await this.model.deleteOne({ _id: id }).exec()).deletedCount === 1;
  }

  private async findOne(filter: QueryFilter<MailboxDoc>): Promise<Mailbox | null> {
    const doc = await this.model.findOne(filter).lean<MailboxDoc>().exec();
    return doc && toMailbox(doc);
  }
}

function toMailbox(doc: MailboxDoc): Mailbox {
  const { _id, syncRequestedAt: _requested, environmentMode: _mode, ...rest } = doc;
  return { id: _id, ...rest };
}

function translateDuplicate(error: unknown): unknown {
  return isDuplicateKey(error) ? conflict('Another mailbox has this name or this address.') : error;
}
