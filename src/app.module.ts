import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { LoggerModule } from 'nestjs-pino';
import { AuthModule } from './auth/auth.module.js';
import { ClassificationModule } from './classification/classification.module.js';
import { CommonModule } from './common/common.module.js';
import { AppExceptionFilter } from './common/http/app-exception.filter.js';
import { loggerOptions } from './common/logging.js';
import { AppConfig } from './config/app-config.js';
import { ConfigModule } from './config/config.module.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { KnowledgeModule } from './knowledge/knowledge.module.js';
import { DeliveryModule } from './mail/delivery/delivery.module.js';
import { IntakeModule } from './mail/intake/intake.module.js';
import { MailboxModule } from './mail/mailbox/mailbox.module.js';
import { MessageModule } from './mail/message/message.module.js';
import { ThreadModule } from './mail/thread/thread.module.js';
import { HttpMetricsMiddleware } from './metrics/http-metrics.middleware.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { ReplyModule } from './reply/reply.module.js';
import { RootController } from './root.controller.js';
import { SampleModule } from './sample/sample.module.js';
import { SettingsModule } from './settings/settings.module.js';
import { TrainingModule } from './training/training.module.js';
import { WorkflowModule } from './workflow/workflow.module.js';

/** The composition root: the only file that knows every module. */
@Module({})
export class AppModule implements NestModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CommonModule,
        ConfigModule.forRoot(config),
        LoggerModule.forRoot(loggerOptions(config.env.LOG_LEVEL)),
        DatabaseModule,
        ScheduleModule.forRoot(),
        ThrottlerModule.forRoot([{ name: 'default', ttl: 60_000, limit: config.env.HTTP_RATE_LIMIT }]),
        AuthModule,
        SettingsModule,
        MailboxModule,
        MessageModule,
        ThreadModule,
        IntakeModule,
        DeliveryModule,
        ClassificationModule,
        KnowledgeModule,
        ReplyModule,
        WorkflowModule,
        TrainingModule,
        MetricsModule,
        HealthModule,
        SampleModule,
      ],
      controllers: [RootController],
      providers: [
        { provide: APP_FILTER, useClass: AppExceptionFilter },
        { provide: APP_GUARD, useClass: ThrottlerGuard },
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(HttpMetricsMiddleware).forRoutes('{*path}');
  }
}
