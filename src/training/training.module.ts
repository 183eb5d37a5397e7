import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ClassificationModule } from '../classification/classification.module.js';
import { MessageModule } from '../mail/message/message.module.js';
import { ReplyModule } from '../reply/reply.module.js';
import { LabelExport } from './label-export.js';
import { TrainingController } from './training.controller.js';
import { TrainingService } from './training.service.js';

@Module({
  imports: [AuthModule, MessageModule, ClassificationModule, ReplyModule],
  controllers: [TrainingController],
  providers: [TrainingService, LabelExport],
})
export class TrainingModule {}
