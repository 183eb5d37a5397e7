import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { Clock } from '../../common/clock.js';
import { AppError, notFound } from '../../common/errors.js';
import { newId } from '../../common/id.js';
import { insertDirect, insertManyDirect, setManyDirect, updateDirect } from '../../database/direct-write.js';
import { isDuplicateKey } from '../../database/errors.js';
import { contentKey } from './content-key.js';
import { FileBucket, toBuffer } from './file-bucket.repository.js';
import { type ChunkDoc, chunksModel, type FileDoc, filesModel, RAW_BUCKET } from './file-bucket.schema.js';
import { RAW_MESSAGE_MODEL, type RawMessageDoc } from './raw-message.schema.js';
import type { NewRawMessage, RawMessage } from './raw-message.types.js';

/** Larger mails go to the file bucket: a BSON document ends at 16 MB, and smaller ones are read faster inline. */
const MAX_INLINE_BYTES = 8 * 1024 * 1024;

/** The untouched bytes of every received mail, stored before anything looks at them. */
@Injectable()
export class RawMessageRepository {
  private readonly bucket: FileBucket;

  constructor(
    @InjectModel(RAW_MESSAGE_MODEL) private readonly model: Model<RawMessageDoc>,
    @InjectModel(filesModel(RAW_BUCKET)) files: Model<FileDoc>,
    @InjectModel(chunksModel(RAW_BUCKET)) chunks: Model<ChunkDoc>,
    private readonly clock: Clock,
  ) {
    this.bucket = new FileBucket(files, chunks);
  }

  /**
   * Stores the mail unless the mailbox has it: by its place on the server or by its content. Large bytes are written
   * before the document, so that a document always has its bytes (a crash in between leaves an unreferenced file).
   * @returns the stored message; `isNew` false when it was there before
   */
  async insertIfNew(mail: NewRawMessage): Promise<RawMessage & { isNew: boolean }> {
    const { bytes } = mail;
    const key = contentKey(bytes);
    const isInline = bytes.length <= MAX_INLINE_BYTES;
    // Looked up first only where the write is dear; the unique indexes decide in any case.
    const known = isInline ? null : await this.findSame(mail, key);
    if (known) return { ...known, isNew: false };
    const _id = newId();
    try {
      if (!isInline)
        await this.bucket.write(_id, bytes, { filename: `${_id}.eml`, uploadDate: this.clock.now(), metadata: {} });
      const doc = await insertDirect(this.model, this.newDoc(mail, key, _id, isInline ? bytes : null));
      return { ...toRawMessage(doc), isNew: true };
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      if (!isInline) await this.bucket.delete(_id);
      const same = await this.findSame(mail, key);
      if (same) return { ...same, isNew: false };
      // Deleted between the two calls.
      throw new AppError('UNAVAILABLE', 'The mail changed while it was stored.', { retryable: true, cause: error });
    }
  }

  /**
   * Stores new mails in one write.
   * @returns the messages in the same order; null when one of them is known or too large for it, or two are the same: some may
   *   be stored then, and `insertIfNew` one by one makes it whole
   */
  async insertAll(mails: readonly NewRawMessage[]): Promise<RawMessage[] | null> {
    if (mails.some(({ bytes }) => bytes.length > MAX_INLINE_BYTES)) return null;
    const docs = mails.map((mail) => this.newDoc(mail, contentKey(mail.bytes), newId(), mail.bytes));
    try {
      await insertManyDirect(this.model, docs);
    } catch (error) {
      if (isDuplicateKey(error)) return null;
      throw error;
    }
    return docs.map(toRawMessage);
  }

  /** @throws AppError NOT_FOUND when the message does not exist or its bytes were erased */
  async readWithBytes(id: string): Promise<{ raw: RawMessage; bytes: Buffer }> {
    const doc = await this.model.findById(id).lean<RawMessageDoc>().exec();
    if (!doc) throw notFound('raw message', id);
    return { raw: toRawMessage(doc), bytes: doc.bytes ? toBuffer(doc.bytes) : await this.bucket.read(id) };
  }

  /** @throws AppError as `readWithBytes` */
  async readBytes(id: string): Promise<Buffer> {
    return (await this.readWithBytes(id)).bytes;
  }

  async setEmailId(id: string, emailId: string): Promise<void> {
    await updateDirect(this.model, { _id: id }, { $set: { emailId } }, this.clock.now());
  }

  /** @param emailIds by id of the raw message */
  async setEmailIds(emailIds: ReadonlyMap<string, string>): Promise<void> {
    const changes = [...emailIds].map(([id, emailId]) => ({ id, set: { emailId } }));
    await setManyDirect(this.model, changes, this.clock.now());
  }

  /** Messages that a crash left without an email, oldest first; younger ones may still be under way. */
  async findWithoutEmail(olderThanMs: number, limit: number): Promise<RawMessage[]> {
    const before = new Date(this.clock.now().getTime() - olderThanMs);
    const docs = await this.model
      .find({ emailId: null, createdAt: { $lt: before } }, { bytes: 0 })
      .sort({ createdAt: 1 })
      .limit(limit)
      .lean<RawMessageDoc[]>()
      .exec();
    return docs.map(toRawMessage);
  }

  /** Every field of the schema. */
  private newDoc(mail: NewRawMessage, key: string, id: string, inline: Buffer | null): RawMessageDoc {
    const now = this.clock.now();
    const { bytes, ...fields } = mail;
    return {
      folder: null,
      uidValidity: null,
      uid: null,
      oversize: false,
      ...fields,
      _id: id,
      contentKey: key,
      size: bytes.length,
      emailId: null,
      bytes: inline,
      createdAt: now,
      updatedAt: now,
    };
  }

  private async findSame(mail: NewRawMessage, key: string): Promise<RawMessage | null> {
    const { mailboxId, folder, uidValidity, uid } = mail;
    const byPlace = uid === undefined ? null : { mailboxId, folder, uidValidity, uid };
    for (const filter of [{ mailboxId, contentKey: key }, byPlace]) {
      const doc = filter && (await this.model.findOne(filter, { bytes: 0 }).lean<RawMessageDoc>().exec());
      if (doc) return toRawMessage(doc);
    }
    return null;
  }
}

function toRawMessage(doc: RawMessageDoc): RawMessage {
  const { _id, mailboxId, source, folder, uidValidity, uid, size, oversize, receivedAt, emailId, createdAt } = doc;
  const place = { folder, uidValidity, uid };
  return {
    id: _id,
    mailboxId,
    source,
    ...place,
    contentKey: doc.contentKey,
    size,
    oversize,
    receivedAt,
    emailId,
    createdAt,
  };
}
