import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AuthModule } from '../../auth/auth.module.js';
import { AppConfig } from '../../config/app-config.js';
import { SettingsModule } from '../../settings/settings.module.js';
import { MailboxModule } from '../mailbox/mailbox.module.js';
import { AttemptRecorder } from './attempt-recorder.service.js';
import { AttemptService } from './attempt.service.js';
import { DeliveryEvents } from './delivery-events.js';
import { DeliveryController } from './delivery.controller.js';
import { DeliveryJobs } from './delivery.jobs.js';
import { DeliveryLoop } from './delivery.loop.js';
import { DeliveryService } from './delivery.service.js';
import { FileTransport } from './file.transport.js';
import { MailTokens } from './loop-token.js';
import { OutboxQueryRepository } from './outbox-query.repository.js';
import { OutboxRepository } from './outbox.repository.js';
import { OUTBOX_MODEL, outboxSchema } from './outbox.schema.js';
import { OutboxService } from './outbox.service.js';
import { RATE_COUNTER_MODEL, rateCounterSchema } from './rate-counter.schema.js';
import { RateLimitRepository } from './rate-limit.repository.js';
import { RepetitionBreaker } from './repetition-breaker.service.js';
import { ReconcileService } from './reconcile.service.js';
import { SentCopyService } from './sent-copy.service.js';
import { SmtpTransport } from './smtp.transport.js';
import { MailTransports } from './transports.js';

@Module({
  imports: [
    MongooseModule.forFeature([
      { name: OUTBOX_MODEL, schema: outboxSchema },
      { name: RATE_COUNTER_MODEL, schema: rateCounterSchema },
    ]),
    AuthModule,
    SettingsModule,
    MailboxModule,
  ],
  controllers: [DeliveryController],
  providers: [
    { provide: MailTokens, useFactory: (config: AppConfig) => MailTokens.fromConfig(config), inject: [AppConfig] },
    OutboxRepository,
    OutboxQueryRepository,
    RateLimitRepository,
    RepetitionBreaker,
    OutboxService,
    FileTransport,
    SmtpTransport,
    MailTransports,
    AttemptRecorder,
    AttemptService,
    ReconcileService,
    SentCopyService,
    DeliveryService,
    DeliveryEvents,
    DeliveryLoop,
    DeliveryJobs,
  ],
  exports: [
    RepetitionBreaker,
    OutboxService,
    OutboxQueryRepository,
    ReconcileService,
    DeliveryEvents,
    DeliveryLoop,
    MailTokens,
  ],
})
export class DeliveryModule {}
