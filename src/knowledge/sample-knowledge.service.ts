import { Injectable } from '@nestjs/common';
import { ArticleRepository } from './article.repository.js';
import { KnowledgeService } from './knowledge.service.js';
import { SAMPLE_ARTICLES } from './sample-articles.js';

/** Fills an empty knowledge base on the first start without configuration, so that drafts have something to stand on. */
@Injectable()
export class SampleKnowledgeService {
  constructor(
    private readonly articles: ArticleRepository,
    private readonly knowledge: KnowledgeService,
  ) {}

  /** Returns the number of articles written; 0 when there are articles already. */
  async load(): Promise<number> {
    if (!(await this.articles.isEmpty())) return 0;
    for (const article of SAMPLE_ARTICLES) await this.knowledge.create(article);
    return SAMPLE_ARTICLES.length;
  }
}
