import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { ArticleRepository, type PublishedArticle } from './article.repository.js';
import { KNOWLEDGE_STATE_MODEL, type KnowledgeStateDoc, PASSAGE_MODEL, type PassageDoc } from './article.schema.js';
import type { PublishedPassage } from './knowledge.types.js';
import type { PassageText } from './split-passages.js';

const STATE_ID = 'published';

/** Passages of articles (`knowledge_passages`) and the revision that tells replicas of a change (`knowledge_state`). */
@Injectable()
export class PassageRepository {
  constructor(
    @InjectModel(PASSAGE_MODEL) private readonly model: Model<PassageDoc>,
    @InjectModel(KNOWLEDGE_STATE_MODEL) private readonly state: Model<KnowledgeStateDoc>,
    private readonly articles: ArticleRepository,
  ) {}

  /** Stores a set that nobody sees until an article names it. */
  async insertSet(articleId: string, passageSet: string, passages: PassageText[]): Promise<void> {
    await this.model.insertMany(passages.map((passage, position) => ({ articleId, passageSet, position, ...passage })));
  }

  /** Deletes the passages of an article except the set in use; `null` deletes all. */
  async deleteOthers(articleId: string, passageSet: string | null): Promise<void> {
    await this.model.deleteMany({ articleId, ...(passageSet && { passageSet: { $ne: passageSet } }) }).exec();
  }

  async deleteSet(articleId: string, passageSet: string): Promise<void> {
    await this.model.deleteMany({ articleId, passageSet }).exec();
  }

  /** All passages that may be found, articles in order of creation. Sets that no article names are not among them. */
  async findPublished(): Promise<PublishedPassage[]> {
    const articles = await this.articles.findPublished();
    const bySet = new Map<string, PublishedArticle>();
    for (const article of articles) if (article.passageSet) bySet.set(article.passageSet, article);
    const docs = await this.model.find({}).sort({ _id: 1 }).lean<PassageDoc[]>().exec();
    return docs.flatMap((doc) => {
      const article = bySet.get(doc.passageSet);
      if (!article) return [];
      const { title, language, categories } = article;
      return [
        { id: doc._id, articleId: doc.articleId, title, heading: doc.heading, text: doc.text, language, categories },
      ];
    });
  }

  /** Goes up after every change of what is published. */
  async revision(): Promise<number> {
    const doc = await this.state.findById(STATE_ID).lean<KnowledgeStateDoc>().exec();
    return doc?.revision ?? 0;
  }

  async bumpRevision(): Promise<void> {
    await this.state.updateOne({ _id: STATE_ID }, { $inc: { revision: 1 } }, { upsert: true }).exec();
  }
}
