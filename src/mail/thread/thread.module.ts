import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from '../../auth/auth.module.js';
import { MessageModule } from '../message/message.module.js';
import { ThreadToken } from './thread-token.js';
import { ThreadController } from './thread.controller.js';
import { ThreadRepository } from './thread.repository.js';
import { THREAD_MODEL, threadSchema } from './thread.schema.js';
import { ThreadService } from './thread.service.js';

/** Conversations: which mails belong together, who takes care, what is still open. */
@Module({
  imports: [MongooseModule.forFeature([{ name: THREAD_MODEL, schema: threadSchema }]), MessageModule, AuthModule],
  controllers: [ThreadController],
  providers: [ThreadRepository, ThreadToken, ThreadService],
  exports: [ThreadService, ThreadRepository, ThreadToken],
})
export class ThreadModule {}
