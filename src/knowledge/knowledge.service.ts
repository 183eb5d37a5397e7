import { Injectable } from '@nestjs/common';
import { conflict, invalidInput, notFound } from '../common/errors.js';
import { type Page, toPage } from '../common/http/page.js';
import { newId } from '../common/id.js';
import { type ArticleQuery, ArticleRepository } from './article.repository.js';
import type { Article, ArticleContent } from './knowledge.types.js';
import { PassageRepository } from './passage.repository.js';
import { RetrieverService } from './retriever.service.js';
import { splitPassages } from './split-passages.js';

/** Passages of one article: a whole book in one article would make every change slow. */
const MAX_PASSAGES = 500;

/**
 * Writes articles and publishes their passages. An article switches from one set of passages to the next in one update, so
 * that a search sees the old text or the new one, never a mixture; sets left over by a crash are in use by nobody.
 */
@Injectable()
export class KnowledgeService {
  constructor(
    private readonly articles: ArticleRepository,
    private readonly passages: PassageRepository,
    private readonly retriever: RetrieverService,
  ) {}

  async list(query: ArticleQuery): Promise<Page<Article>> {
    return toPage(await this.articles.list(query), query.limit);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<Article> {
    const article = await this.articles.findById(id);
    if (!article) throw notFound('article', id);
    return article;
  }

  /** @throws AppError INVALID_INPUT when it has no text or too much */
  async create(content: ArticleContent): Promise<Article> {
    const id = newId();
    const passageSet = await this.store(id, content);
    const article = await this.articles.insert(id, content, passageSet);
    if (passageSet) await this.publish();
    return article;
  }

  /** @throws AppError NOT_FOUND; CONFLICT when the article is not at `version` any more */
  async replace(id: string, version: number, content: ArticleContent): Promise<Article> {
    const passageSet = await this.store(id, content);
    const article = await this.articles.replace(id, version, content, passageSet);
    if (!article) {
      if (passageSet) await this.passages.deleteSet(id, passageSet);
      const present = await this.get(id);
      throw conflict('Somebody else changed this article; load it again.', { version: present.version });
    }
    await this.passages.deleteOthers(id, passageSet);
    await this.publish();
    return article;
  }

  /** @throws AppError NOT_FOUND */
  async delete(id: string): Promise<void> {
    if (!(await this.articles.delete(id))) throw notFound('article', id);
    await this.passages.deleteOthers(id, null);
    await this.publish();
  }

  /** Stores the passages of a published article under a new set; null for a draft. */
  private async store(id: string, content: ArticleContent): Promise<string | null> {
    const passages = splitPassages(content.body);
    if (passages.length === 0) throw invalidInput('The article has no text.');
    if (passages.length > MAX_PASSAGES) {
      throw invalidInput(`The article is too long: split it (${passages.length} passages, at most ${MAX_PASSAGES}).`);
    }
    if (content.status === 'draft') return null;
    const passageSet = newId();
    await this.passages.insertSet(id, passageSet, passages);
    return passageSet;
  }

  private async publish(): Promise<void> {
    await this.passages.bumpRevision();
    this.retriever.invalidate();
  }
}
