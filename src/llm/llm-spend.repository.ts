import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { LLM_SPEND_MODEL, type LlmSpendDoc } from './llm-spend.schema.js';

/** Money spent a day, over all replicas (collection `llm_spend`). */
@Injectable()
export class LlmSpendRepository {
  constructor(@InjectModel(LLM_SPEND_MODEL) private readonly model: Model<LlmSpendDoc>) {}

  async add(day: string, usd: number): Promise<void> {
    await this.model.updateOne({ _id: day }, { $inc: { usd, calls: 1 } }, { upsert: true }).exec();
  }

  /** US dollars. */
  async spentOn(day: string): Promise<number> {
    const doc = await this.model.findById(day, { usd: 1 }).lean<Pick<LlmSpendDoc, 'usd'>>().exec();
    return doc?.usd ?? 0;
  }
}
