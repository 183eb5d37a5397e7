import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Logger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { setupApp } from './app.setup.js';
import { FirstAdminService } from './auth/first-admin.service.js';
import { armFailpoints } from './common/failpoint.js';
import { AppError, errorMessage } from './common/errors.js';
import type { AppConfig } from './config/app-config.js';
import { loadConfig } from './config/load-config.js';
import { ConfigError } from './config/secret-rules.js';
import { StoreService } from './database/store.service.js';
import { SampleService } from './sample/sample.service.js';
import { startMessage } from './start-message.js';

/** A dependency is missing at start (EX_UNAVAILABLE of sysexits.h). */
const EXIT_UNAVAILABLE = 69;

async function start(config: AppConfig): Promise<void> {
  if (config.env.NODE_ENV === 'test') armFailpoints(config.env.FAILPOINTS);
  const app = await NestFactory.create<NestExpressApplication>(AppModule.forRoot(config), {
    bufferLogs: true,
    bodyParser: false,
    return503OnClosing: true,
    abortOnError: false,
  });
  app.useLogger(app.get(Logger));
  app.flushLogs();
  setupApp(app);
  await app.get(StoreService).open();
  await app.listen(config.env.PORT, config.env.HOST);
  process.once('SIGTERM', () => process.once('SIGTERM', () => process.exit(1))); // a second one means now
  process.stdout.write(startMessage(config, await app.getUrl(), app.get(FirstAdminService).generated));
  await app.get(SampleService).loadOnFirstStart();
}

function fail(error: unknown): never {
  process.stderr.write(`${errorMessage(error)}\n`);
  if (!(error instanceof AppError || error instanceof ConfigError)) console.error(error);
  process.exit(error instanceof ConfigError ? ConfigError.EXIT_CODE : EXIT_UNAVAILABLE);
}

try {
  start(loadConfig()).catch(fail);
} catch (error) {
  fail(error);
}
