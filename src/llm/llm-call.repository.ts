import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { Clock } from '../common/clock.js';
import { newId } from '../common/id.js';
import { insertDirect, updateDirect } from '../database/direct-write.js';
import { isDuplicateKey } from '../database/errors.js';
import { type Plain, toPlain } from '../database/schema-options.js';
import type { Answer, Usage } from './completion.js';
import { LLM_CALL_MODEL, type LlmCallDoc } from './llm-call.schema.js';

export type LlmCall = Plain<LlmCallDoc>;
/** What names a call, known before it is made. */
export type LlmCallIdentity = Pick<
  LlmCall,
  'requestKey' | 'emailId' | 'operation' | 'promptVersion' | 'provider' | 'model'
>;

/** How the ledger stood when a call was about to be made. */
export type Begin =
  /** Nobody asked before, or the last try failed with an error of the provider. */
  | { kind: 'call' }
  /** Somebody asked and no answer was stored (a crash): it is asked again. */
  | { kind: 'repeat' }
  /** The answer is here already. */
  | { kind: 'done'; call: LlmCall };

/** Answers are kept for a replay of the mail, then deleted. */
const KEEP_MS = 30 * 24 * 3_600_000;

/** Ledger of paid calls (collection `llm_calls`): one row a question, written before and after the call. */
@Injectable()
export class LlmCallRepository {
  constructor(
    @InjectModel(LLM_CALL_MODEL) private readonly model: Model<LlmCallDoc>,
    private readonly clock: Clock,
  ) {}

  async findDone(requestKey: string): Promise<LlmCall | null> {
    const doc = await this.model.findOne({ requestKey, state: 'done' }).lean<LlmCallDoc>().exec();
    return doc && toPlain(doc);
  }

  /** Records that the provider is about to be asked; must be acknowledged before it is. */
  async begin(identity: LlmCallIdentity): Promise<Begin> {
    const startedAt = this.clock.now();
    const expiresAt = new Date(startedAt.getTime() + KEEP_MS);
    try {
      await insertDirect(this.model, {
        _id: newId(),
        ...identity,
        state: 'started',
        calls: 1,
        startedAt,
        finishedAt: null,
        answer: null,
        usage: null,
        errorCode: null,
        expiresAt,
        createdAt: startedAt,
        updatedAt: startedAt,
      });
      return { kind: 'call' };
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    const before = await this.model
      .findOneAndUpdate(
        { requestKey: identity.requestKey, state: { $ne: 'done' } },
        { $set: { state: 'started', startedAt, expiresAt }, $inc: { calls: 1 } },
        { returnDocument: 'before' },
      )
      .lean<LlmCallDoc>()
      .exec();
    if (before) return { kind: before.state === 'failed' ? 'call' : 'repeat' };
    const done = await this.findDone(identity.requestKey);
    return done ? { kind: 'done', call: done } : this.begin(identity); // it expired in between
  }

  /** Stores the answer; the first one wins when two workers asked. */
  async finish(requestKey: string, answer: Answer, usage: Usage): Promise<void> {
    const now = this.clock.now();
    await updateDirect(
      this.model,
      { requestKey, state: { $ne: 'done' } },
      { $set: { state: 'done', answer, usage, errorCode: null, finishedAt: now } },
      now,
    );
  }

  /** Stores that the call failed; `charged` false takes it off the email's count, because nothing was paid. */
  async fail(requestKey: string, errorCode: string, charged: boolean): Promise<void> {
    await this.model
      .updateOne(
        { requestKey, state: 'started' },
        { $set: { state: 'failed', errorCode, finishedAt: this.clock.now() }, $inc: { calls: charged ? 0 : -1 } },
      )
      .exec();
  }

  /** Before a call, in one read: the stored answer to this question, and how many calls the email has caused that may have been charged. */
  async lookUp({
    requestKey,
    emailId,
  }: Pick<LlmCallIdentity, 'requestKey' | 'emailId'>): Promise<{ done: LlmCall | null; made: number }> {
    const rows = await this.model.find({ emailId }).lean<LlmCallDoc[]>().exec();
    const done = rows.find((row) => row.requestKey === requestKey && row.state === 'done');
    return { done: done ? toPlain(done) : null, made: rows.reduce((sum, row) => sum + row.calls, 0) };
  }

  /** For an erase request. Returns how many rows went. */
  async deleteForEmail(emailId: string): Promise<number> {
    return (await this.model.deleteMany({ emailId }).exec()).deletedCount;
  }
}
