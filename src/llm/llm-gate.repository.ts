import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { isDuplicateKey } from '../database/errors.js';
import { LLM_GATE_MODEL, type LlmGateDoc } from './llm-gate.schema.js';

export interface GateState {
  notBefore: Date | null;
  blockedUntil: Date | null;
  strikes: number;
}

const OPEN: GateState = { notBefore: null, blockedUntil: null, strikes: 0 };

/** The shared gate of each provider and model (collection `llm_gate`). */
@Injectable()
export class LlmGateRepository {
  constructor(@InjectModel(LLM_GATE_MODEL) private readonly model: Model<LlmGateDoc>) {}

  async read(id: string): Promise<GateState> {
    return (
      (await this.model.findById(id, { notBefore: 1, blockedUntil: 1, strikes: 1 }).lean<GateState>().exec()) ?? OPEN
    );
  }

  /** Never shortens a pause that another worker stored. */
  async pause(id: string, notBefore: Date): Promise<void> {
    await this.model.updateOne({ _id: id }, { $max: { notBefore } }, { upsert: true }).exec();
  }

  /**
   * Closes the gate after a refusal. Only the first of the calls that were under way counts: the others saw the same
   * number of `strikes`, and their write finds another one. Returns whether this was the first.
   */
  async strike(id: string, seenStrikes: number, blockedUntil: Date): Promise<boolean> {
    try {
      const result = await this.model
        .updateOne(
          { _id: id, strikes: seenStrikes },
          { $set: { blockedUntil, strikes: seenStrikes + 1 } },
          { upsert: seenStrikes === 0 },
        )
        .exec();
      return result.matchedCount + result.upsertedCount === 1;
    } catch (error) {
      if (isDuplicateKey(error)) return false; // the upsert met a document with other strikes
      throw error;
    }
  }

  /** True for the one worker that may try whether a block that ended at `seen` is over; the others wait until `until`. */
  async claimProbe(id: string, seen: Date, until: Date): Promise<boolean> {
    const result = await this.model
      .updateOne({ _id: id, blockedUntil: seen }, { $set: { blockedUntil: until } })
      .exec();
    return result.matchedCount === 1;
  }

  /** The provider answered again. */
  async unblock(id: string): Promise<void> {
    await this.model.updateOne({ _id: id }, { $set: { blockedUntil: null, strikes: 0 } }).exec();
  }
}
