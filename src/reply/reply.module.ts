import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { LlmModule } from '../llm/llm.module.js';
import { LocalReplyEngine } from './local/local.engine.js';
import { Canary } from './openai/canary.js';
import { OpenAiReplyEngine } from './openai/openai.engine.js';
import { ReplyRepository } from './reply.repository.js';
import { REPLY_MODEL, replySchema } from './reply.schema.js';
import { ReplyService } from './reply.service.js';
import { ReviewRepository } from './review.repository.js';
import { REVIEW_MODEL, reviewSchema } from './review.schema.js';

@Module({
  imports: [
    LlmModule,
    MongooseModule.forFeature([
      { name: REPLY_MODEL, schema: replySchema },
      { name: REVIEW_MODEL, schema: reviewSchema },
    ]),
  ],
  providers: [ReplyService, LocalReplyEngine, OpenAiReplyEngine, Canary, ReplyRepository, ReviewRepository],
  exports: [ReplyService, ReplyRepository, ReviewRepository],
})
export class ReplyModule {}
