import { Module } from '@nestjs/common';
import { KnowledgeModule } from '../knowledge/knowledge.module.js';
import { MailboxModule } from '../mail/mailbox/mailbox.module.js';
import { MessageModule } from '../mail/message/message.module.js';
import { SampleService } from './sample.service.js';

@Module({
  imports: [KnowledgeModule, MailboxModule, MessageModule],
  providers: [SampleService],
  exports: [SampleService],
})
export class SampleModule {}
