import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter } from 'mongoose';
import { Clock } from '../common/clock.js';
import { type Page, type PageQuery, toPage } from '../common/http/page.js';
import { newId } from '../common/id.js';
import { isDuplicateKey } from '../database/errors.js';
import { type Plain, toPlain } from '../database/schema-options.js';
import { EXAMPLE_MODEL, EXAMPLE_SOURCES, type ExampleDoc, type ExampleSource } from './example.schema.js';
import { MAX_TEXT_LENGTH } from './local/text-features.js';
import type { TrainingItem } from './local/training-set.js';

export type Example = Plain<ExampleDoc>;
export type NewExample = Omit<Example, 'id' | 'createdAt' | 'updatedAt'>;

/** Changes whenever a label is added, changed or removed. */
export interface ExampleFingerprint {
  count: number;
  /** `updatedAt` of the newest example as Unix time in milliseconds; 0 without examples. */
  newestMs: number;
}

/** Labels that one training reads at most, the newest first. */
const MAX_TRAINING_EXAMPLES = 20_000;

/** The labelled training items (collection `examples`). */
@Injectable()
export class ExampleRepository {
  constructor(
    @InjectModel(EXAMPLE_MODEL) private readonly model: Model<ExampleDoc>,
    private readonly clock: Clock,
  ) {}

  /** Stores a label, or replaces the one that the same source gave this mail before. */
  async save(example: NewExample): Promise<Example> {
    try {
      return await this.upsert(example);
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      return this.upsert(example); // another writer inserted it in between: now there is something to update
    }
  }

  async findByEmail(emailId: string): Promise<Example[]> {
    const docs = await this.model.find({ emailId }).sort({ _id: 1 }).lean<ExampleDoc[]>().exec();
    return docs.map(toPlain);
  }

  /** Newest first. */
  async page({ limit, cursor }: PageQuery, filter: { source?: ExampleSource } = {}): Promise<Page<Example>> {
    const query: QueryFilter<ExampleDoc> = {
      ...(filter.source ? { source: filter.source } : {}),
      ...(cursor ? { _id: { $lt: cursor } } : {}),
    };
    const docs = await this.model
      .find(query)
      .sort({ _id: -1 })
      .limit(limit + 1)
      .lean<ExampleDoc[]>()
      .exec();
    return toPage(docs.map(toPlain), limit);
  }

  async countBySource(): Promise<Record<ExampleSource, number>> {
    const counts = await Promise.all(EXAMPLE_SOURCES.map((source) => this.model.countDocuments({ source }).exec()));
    return Object.fromEntries(EXAMPLE_SOURCES.map((source, index) => [source, counts[index]!])) as Record<
      ExampleSource,
      number
    >;
  }

  /** Removes every label of a mail (erasure); how many there were. The next tick retrains without them. */
  async removeByEmail(emailId: string): Promise<number> {
    const { deletedCount } = await this.model.deleteMany({ emailId }).exec();
    return deletedCount;
  }

  async fingerprint(): Promise<ExampleFingerprint> {
    const [count, newest] = await Promise.all([
      // The number that the store keeps: counting would read them all every few seconds.
      this.model.estimatedDocumentCount().exec(),
      this.model.findOne({}, { updatedAt: 1 }).sort({ updatedAt: -1 }).lean<Pick<ExampleDoc, 'updatedAt'>>().exec(),
    ]);
    return { count, newestMs: newest?.updatedAt.getTime() ?? 0 };
  }

  /**
   * What the local engine learns from: one item per mail, of the most trusted source, in categories that are in use. Sorted by
   * mail, so that every replica trains the same model.
   */
  async trainingItems(categories: readonly string[]): Promise<TrainingItem[]> {
    const docs = await this.model.find({}).sort({ _id: -1 }).limit(MAX_TRAINING_EXAMPLES).lean<ExampleDoc[]>().exec();
    const bestOf = new Map<string, ExampleDoc>();
    for (const doc of docs) {
      const known = bestOf.get(doc.emailId);
      if (!known || trust(doc.source) < trust(known.source)) bestOf.set(doc.emailId, doc);
    }
    return [...bestOf.values()]
      .filter((doc) => categories.includes(doc.category))
      .sort((a, b) => (a.emailId < b.emailId ? -1 : 1))
      .map(toTrainingItem);
  }

  private async upsert({ emailId, ...label }: NewExample): Promise<Example> {
    // The time comes from our clock, as everywhere; the newest one tells every replica that there is something to learn.
    const now = this.clock.now();
    const doc = await this.model
      .findOneAndUpdate(
        { emailId, source: label.source },
        {
          $set: { ...label, text: label.text.slice(0, MAX_TEXT_LENGTH), updatedAt: now },
          $setOnInsert: { _id: newId(), createdAt: now },
        },
        { upsert: true, returnDocument: 'after', timestamps: false, runValidators: true },
      )
      .lean<ExampleDoc | null>()
      .exec();
    // An upsert that another writer's insert overtook may find nothing to return (seen on one MongoDB-compatible server):
    // what is stored then is the other writer's label, which the caller's replaces.
    if (!doc) return this.upsert({ emailId, ...label });
    return toPlain(doc);
  }
}

/** Lower is more trusted. */
const trust = (source: ExampleSource): number => EXAMPLE_SOURCES.indexOf(source);

const toTrainingItem = (doc: ExampleDoc): TrainingItem => ({
  subject: doc.subject,
  text: doc.text,
  category: doc.category,
  sentiment: doc.sentiment,
  priority: doc.priority,
  weight: doc.weight,
  isVerified: doc.source !== 'auto',
});
