import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { AttachmentRepository } from './attachment.repository.js';
import { EmailQueryRepository } from './email-query.repository.js';
import { EmailController } from './email.controller.js';
import { EmailRepository } from './email.repository.js';
import { EMAIL_MODEL, emailSchema } from './email.schema.js';
import {
  ATTACHMENT_BUCKET,
  chunksModel,
  chunksSchema,
  filesModel,
  filesSchema,
  RAW_BUCKET,
} from './file-bucket.schema.js';
import { MailFilesService } from './mail-files.service.js';
import { MessageService } from './message.service.js';
import { MailParserPool } from './parse/mail-parser-pool.js';
import { RawIntakeService } from './raw-intake.service.js';
import { RawMessageRepository } from './raw-message.repository.js';
import { RAW_MESSAGE_MODEL, rawMessageSchema } from './raw-message.schema.js';

const bucketModels = [RAW_BUCKET, ATTACHMENT_BUCKET].flatMap((bucket) => [
  { name: filesModel(bucket), schema: filesSchema(bucket) },
  { name: chunksModel(bucket), schema: chunksSchema(bucket) },
]);

/** Received mail: raw bytes, parsing, screening, and the email that the workflow works on. */
@Module({
  imports: [
    MongooseModule.forFeature([
      { name: RAW_MESSAGE_MODEL, schema: rawMessageSchema },
      { name: EMAIL_MODEL, schema: emailSchema },
      ...bucketModels,
    ]),
  ],
  controllers: [EmailController],
  providers: [
    RawMessageRepository,
    EmailRepository,
    EmailQueryRepository,
    AttachmentRepository,
    RawIntakeService,
    MessageService,
    MailFilesService,
    { provide: MailParserPool, useFactory: () => new MailParserPool() },
  ],
  exports: [
    RawMessageRepository,
    EmailRepository,
    EmailQueryRepository,
    AttachmentRepository,
    RawIntakeService,
    MessageService,
  ],
})
export class MessageModule {}
