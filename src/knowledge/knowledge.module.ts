import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ArticleRepository } from './article.repository.js';
import {
  ARTICLE_MODEL,
  articleSchema,
  KNOWLEDGE_STATE_MODEL,
  knowledgeStateSchema,
  PASSAGE_MODEL,
  passageSchema,
} from './article.schema.js';
import { KnowledgeController } from './knowledge.controller.js';
import { KnowledgeService } from './knowledge.service.js';
import { PassageRepository } from './passage.repository.js';
import { RetrieverService } from './retriever.service.js';
import { SampleKnowledgeService } from './sample-knowledge.service.js';

@Module({
  imports: [
    MongooseModule.forFeature([
      { name: ARTICLE_MODEL, schema: articleSchema },
      { name: PASSAGE_MODEL, schema: passageSchema },
      { name: KNOWLEDGE_STATE_MODEL, schema: knowledgeStateSchema },
    ]),
  ],
  controllers: [KnowledgeController],
  providers: [ArticleRepository, PassageRepository, RetrieverService, KnowledgeService, SampleKnowledgeService],
  exports: [RetrieverService, KnowledgeService, SampleKnowledgeService],
})
export class KnowledgeModule {}
