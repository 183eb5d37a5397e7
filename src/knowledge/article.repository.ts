import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { ARTICLE_MODEL, type ArticleDoc } from './article.schema.js';
import type { Article, ArticleContent, ArticleStatus } from './knowledge.types.js';

export interface ArticleQuery {
  status?: ArticleStatus | undefined;
  limit: number;
  /** Id after which the page starts, newest first. */
  cursor?: string | undefined;
}

export type PublishedArticle = Pick<ArticleDoc, '_id' | 'title' | 'language' | 'categories' | 'passageSet'>;

const toArticle = ({ _id, passageSet: _passages, ...rest }: ArticleDoc): Article => ({ id: _id, ...rest });

/** Articles of the knowledge base (collection `knowledge_articles`). */
@Injectable()
export class ArticleRepository {
  constructor(@InjectModel(ARTICLE_MODEL) private readonly model: Model<ArticleDoc>) {}

  async insert(id: string, content: ArticleContent, passageSet: string | null): Promise<Article> {
    const created = await this.model.create({ _id: id, ...content, version: 1, passageSet });
    return toArticle(created.toObject());
  }

  /** Replaces the content if the article is still at `version`; null when somebody else was first or it is gone. */
  async replace(
    id: string,
    version: number,
    content: ArticleContent,
    passageSet: string | null,
  ): Promise<Article | null> {
    const doc = await this.model
      .findOneAndUpdate(
        { _id: id, version },
        { $set: { ...content, passageSet }, $inc: { version: 1 } },
        { returnDocument: 'after' },
      )
      .lean<ArticleDoc>()
      .exec();
    return doc && toArticle(doc);
  }

  async findById(id: string): Promise<Article | null> {
    const doc = await this.model.findById(id).lean<ArticleDoc>().exec();
    return doc && toArticle(doc);
  }

  /** `limit + 1` rows, the extra one telling that there is more. */
  async list({ status, limit, cursor }: ArticleQuery): Promise<Article[]> {
    const docs = await this.model
      .find({ ...(status && { status }), ...(cursor && { _id: { $lt: cursor } }) })
      .sort({ _id: -1 })
      .limit(limit + 1)
      .lean<ArticleDoc[]>()
      .exec();
    return docs.map(toArticle);
  }

  async delete(id: string): Promise<boolean> {
    return (await this.model.deleteOne({ _id: id }).exec()).deletedCount === 1;
  }

  async findPublished(): Promise<PublishedArticle[]> {
    return this.model
      .find({ status: 'published' }, { title: 1, language: 1, categories: 1, passageSet: 1 })
      .lean<PublishedArticle[]>()
      .exec();
  }

  /** True when there is no article at all. */
  async isEmpty(): Promise<boolean> {
    return (await this.model.findOne({}, { _id: 1 }).lean().exec()) === null;
  }
}
