import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { EmailQueryRepository } from './email-query.repository.js';
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
import { RawIntakeService } from './raw-intake.service.js';
import { RawMessageRepository } from './raw-message.repository.js';
import { RAW_MESSAGE_MODEL, rawMessageSchema } from './raw-message.schema.js';

const bucketModels = [RAW_BUCKET, ATTACHMENT_BUCKET].flatMap((bucket) => [
  { name: filesModel(bucket), schema: filesSchema(bucket) },
  { name: chunksModel(bucket), schema: chunksSchema(bucket) },
]);

@Module({
  imports: [
    MongooseModule.forFeature([
      { name: RAW_MESSAGE_MODEL, schema: rawMessageSchema },
      { name: EMAIL_MODEL, schema: emailSchema },
      ...bucketModels,
    ]),
  ],
  providers: [RawMessageRepository, EmailRepository, EmailQueryRepository, RawIntakeService],
  exports: [RawMessageRepository, EmailRepository, EmailQueryRepository, RawIntakeService],
})
export class MessageModule {}
