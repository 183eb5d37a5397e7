import type { Connection, Model, Schema } from 'mongoose';
import { Clock } from '../../src/common/clock';
import { WakeUp } from '../../src/common/wake-up';
import { AppConfig } from '../../src/config/app-config';
import { envSchema } from '../../src/config/env.schema';
import { EmailQueryRepository } from '../../src/mail/message/email-query.repository';
import { EmailRepository } from '../../src/mail/message/email.repository';
import { EMAIL_MODEL, type EmailDoc, emailSchema } from '../../src/mail/message/email.schema';
import {
  type ChunkDoc,
  chunksModel,
  chunksSchema,
  type FileDoc,
  filesModel,
  filesSchema,
} from '../../src/mail/message/file-bucket.schema';
import { RawIntakeService } from '../../src/mail/message/raw-intake.service';
import { RawMessageRepository } from '../../src/mail/message/raw-message.repository';
import { RAW_MESSAGE_MODEL, type RawMessageDoc, rawMessageSchema } from '../../src/mail/message/raw-message.schema';

/** A clock that stands until it is moved. */
export class FrozenClock extends Clock {
  private time = Date.parse('2026-11-22T10:00:00Z');

  override now(): Date {
    return new Date(this.time);
  }

  override monotonicMs(): number {
    return this.time;
  }

  advance(ms: number): void {
    this.time += ms;
  }
}

/** A configuration with every default, some values replaced. */
export function aConfig(overrides: Record<string, unknown> = {}): AppConfig {
  const env = { ...envSchema.parse({ NODE_ENV: 'test' }), ...overrides } as AppConfig['env'];
  const secrets = { jwtSecret: 'j'.repeat(48), credentialsKey: Buffer.alloc(32, 7).toString('base64') };
  return new AppConfig(env, secrets, '/nonexistent', false, false);
}

/** The model with its indexes built, which the database module does in the product. */
export async function aModel<T>(connection: Connection, name: string, schema: Schema<T>): Promise<Model<T>> {
  const model = connection.model<T>(name, schema);
  await model.createIndexes();
  return model;
}

/** The models of one file bucket. */
export async function aBucket(connection: Connection, bucket: string): Promise<[Model<FileDoc>, Model<ChunkDoc>]> {
  return [
    await aModel(connection, filesModel(bucket), filesSchema(bucket)),
    await aModel(connection, chunksModel(bucket), chunksSchema(bucket)),
  ];
}

/** Repositories of src/mail/message on a real store. */
export async function aMailStore(connection: Connection, clock: Clock = new Clock()) {
  const rawModel = await aModel<RawMessageDoc>(connection, RAW_MESSAGE_MODEL, rawMessageSchema);
  const emailModel = await aModel<EmailDoc>(connection, EMAIL_MODEL, emailSchema);
  const rawMessages = new RawMessageRepository(rawModel, ...(await aBucket(connection, 'raw')), clock);
  const emails = new EmailRepository(emailModel, clock, aConfig());
  const wakeUp = new WakeUp();
  const intake = new RawIntakeService(rawMessages, emails, wakeUp);
  return { rawMessages, emails, emailQueries: new EmailQueryRepository(emailModel), intake, wakeUp, emailModel };
}
