import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter } from 'mongoose';
import { Clock } from '../../common/clock.js';
import type { PageQuery } from '../../common/http/page.js';
import { updateDirect } from '../../database/direct-write.js';
import { toPlain } from '../../database/schema-options.js';
import { DECISION_MODEL, type DecisionDoc } from './decision.schema.js';
import type { Decision, Verdict } from './decision.types.js';

@Injectable()
export class DecisionRepository {
  constructor(
    @InjectModel(DECISION_MODEL) private readonly model: Model<DecisionDoc>,
    private readonly clock: Clock,
  ) {}

  /** Stores a decision; the caller gives the id, so that a repeat after a crash writes the same record. */
  async save(decision: Omit<Decision, 'createdAt'>): Promise<void> {
    const { id, ...fields } = decision;
    await updateDirect(this.model, { _id: id }, { $set: fields }, this.clock.now(), { upsert: true });
  }

  async findById(id: string): Promise<Decision | null> {
    const doc = await this.model.findById(id).lean<DecisionDoc>().exec();
    return doc && toDecision(doc);
  }

  /** Newest first, one row more than the limit. */
  async list(
    filter: { emailId?: string | undefined; verdict?: Verdict | undefined },
    page: PageQuery,
  ): Promise<Decision[]> {
    const query: QueryFilter<DecisionDoc> = {};
    if (filter.emailId) query.emailId = filter.emailId;
    if (filter.verdict) query.verdict = filter.verdict;
    if (page.cursor) query._id = { $lt: page.cursor };
    const docs = await this.model
      .find(query)
      .sort({ _id: -1 })
      .limit(page.limit + 1)
      .lean<DecisionDoc[]>()
      .exec();
    return docs.map(toDecision);
  }
}

function toDecision(doc: DecisionDoc): Decision {
  const { updatedAt: _updatedAt, ...decision } = toPlain(doc);
  return decision;
}
