import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter, UpdateQuery } from 'mongoose';
import { Clock } from '../../common/clock.js';
import type { PageQuery } from '../../common/http/page.js';
import { updateDirect } from '../../database/direct-write.js';
import { toPlain } from '../../database/schema-options.js';
import { RUN_MODEL, type RunDoc } from './run.schema.js';
import type { Run, RunStep } from './run.types.js';

/** Steps of one run that are kept: a mail that is retried for a day must not outgrow its document. */
const MAX_STEPS = 200;

export interface RunFilter {
  emailId?: string | undefined;
  mailboxId?: string | undefined;
  outcome?: string | undefined;
}

@Injectable()
export class RunRepository {
  constructor(
    @InjectModel(RUN_MODEL) private readonly model: Model<RunDoc>,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds steps to a run, making it on first use; `end` closes it. Idempotent in the sense that a repeat after a crash only
   * adds the steps of the repeat, which did happen.
   */
  async append(
    run: Pick<Run, 'id' | 'emailId' | 'mailboxId' | 'trigger' | 'startedAt'>,
    steps: RunStep[],
    end: { endedAt: Date; outcome: string } | null,
  ): Promise<void> {
    const { id, ...head } = run;
    const failures = steps.flatMap((step) =>
      step.error ? [{ step: step.name, ...step.error, at: step.startedAt }] : [],
    );
    const update: UpdateQuery<RunDoc> = {
      $setOnInsert: head,
      $set: end ?? { endedAt: null, outcome: null },
      $push: {
        steps: { $each: steps, $slice: -MAX_STEPS },
        errors: { $each: failures, $slice: -MAX_STEPS },
      },
    };
    await updateDirect(this.model, { _id: id }, update, this.clock.now(), { upsert: true });
  }

  async findById(id: string): Promise<Run | null> {
    const doc = await this.model.findById(id).lean<RunDoc>().exec();
    return doc && toRun(doc);
  }

  /** Newest first; one row more than the limit tells that there is another page. */
  async list(filter: RunFilter, page: PageQuery): Promise<Run[]> {
    const query: QueryFilter<RunDoc> = {};
    if (filter.emailId) query.emailId = filter.emailId;
    if (filter.mailboxId) query.mailboxId = filter.mailboxId;
    if (filter.outcome) query.outcome = filter.outcome;
    if (page.cursor) query._id = { $lt: page.cursor };
    const docs = await this.model
      .find(query)
      .sort({ _id: -1 })
      .limit(page.limit + 1)
      .lean<RunDoc[]>()
      .exec();
    return docs.map(toRun);
  }
}

function toRun(doc: RunDoc): Run {
  const { createdAt: _createdAt, updatedAt: _updatedAt, ...run } = toPlain(doc);
  return run;
}
