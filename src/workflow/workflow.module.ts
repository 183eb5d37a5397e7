import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from '../auth/auth.module.js';
import { ClassificationModule } from '../classification/classification.module.js';
import { KnowledgeModule } from '../knowledge/knowledge.module.js';
import { DeliveryModule } from '../mail/delivery/delivery.module.js';
import { MailboxModule } from '../mail/mailbox/mailbox.module.js';
import { MessageModule } from '../mail/message/message.module.js';
import { ThreadModule } from '../mail/thread/thread.module.js';
import { ReplyModule } from '../reply/reply.module.js';
import { SettingsModule } from '../settings/settings.module.js';
import { DeadLetterController } from './dead-letter/dead-letter.controller.js';
import { DeadLetterService } from './dead-letter/dead-letter.service.js';
import { DecisionRepository } from './decision/decision.repository.js';
import { DECISION_MODEL, decisionSchema } from './decision/decision.schema.js';
import { DeliveryListener } from './delivery.listener.js';
import { DraftContextService } from './draft-context.service.js';
import { MailboxCache } from './mailbox-cache.js';
import { ProcessedCounter } from './processed-counter.js';
import { EmailActionController } from './review/email-action.controller.js';
import { EmailActionService } from './review/email-action.service.js';
import { EmailMoveService } from './review/email-move.service.js';
import { ReplyController } from './review/reply.controller.js';
import { ReviewRecorder } from './review/review-recorder.js';
import { ReviewService } from './review/review.service.js';
import { UndoService } from './review/undo.service.js';
import { RunRepository } from './run/run.repository.js';
import { RUN_MODEL, runSchema } from './run/run.schema.js';
import { ActStep } from './steps/act.step.js';
import { ClassifyStep } from './steps/classify.step.js';
import { DecideStep } from './steps/decide.step.js';
import { DraftStep } from './steps/draft.step.js';
import { ParseStep } from './steps/parse.step.js';
import { QueueReplyStep } from './steps/queue-reply.step.js';
import { ScreenStep } from './steps/screen.step.js';
import { SettleStep } from './steps/settle.step.js';
import { StepRegistry } from './steps/step-registry.js';
import { WorkflowStatsService } from './workflow-stats.service.js';
import { WorkflowController } from './workflow.controller.js';
import { WorkflowJobs } from './workflow.jobs.js';
import { WorkflowLoop } from './workflow.loop.js';
import { WorkflowService } from './workflow.service.js';

const steps = [ParseStep, ScreenStep, ClassifyStep, DraftStep, DecideStep, ActStep, QueueReplyStep, SettleStep];
const review = [ReviewService, ReviewRecorder, EmailMoveService, EmailActionService, UndoService];

@Module({
  imports: [
    AuthModule,
    SettingsModule,
    MailboxModule,
    MessageModule,
    ThreadModule,
    DeliveryModule,
    ClassificationModule,
    KnowledgeModule,
    ReplyModule,
    MongooseModule.forFeature([
      { name: RUN_MODEL, schema: runSchema },
      { name: DECISION_MODEL, schema: decisionSchema },
    ]),
  ],
  controllers: [WorkflowController, DeadLetterController, ReplyController, EmailActionController],
  providers: [
    ...steps,
    StepRegistry,
    ...review,
    RunRepository,
    DecisionRepository,
    DeadLetterService,
    DeliveryListener,
    DraftContextService,
    MailboxCache,
    ProcessedCounter,
    WorkflowService,
    WorkflowLoop,
    WorkflowJobs,
    WorkflowStatsService,
  ],
  exports: [WorkflowLoop],
})
export class WorkflowModule {}
