import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { AppModule } from '../../src/app.module';
import { setupApp } from '../../src/app.setup';
import { loadConfig } from '../../src/config/load-config';
import { StoreService } from '../../src/database/store.service';
import { startStore, type TestStore } from './store';

export const ADMIN = { username: 'admin', password: 'correct horse battery' };

/** Secrets of tests: fixed, so that two apps of one test understand each other's tokens. */
export const TEST_SECRETS = {
  JWT_SECRET: 'test-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF',
  CREDENTIALS_KEY: Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64'),
};

export interface TestApp {
  app: NestExpressApplication;
  store: TestStore;
  dataDir: string;
  /** A supertest request that carries the admin's token. */
  as(method: 'get' | 'post' | 'patch' | 'delete' | 'put', path: string): request.Test;
  anonymous(): ReturnType<typeof request>;
  stop(): Promise<void>;
}

/** The whole application in this process, on a real store of its own, with quiet defaults: no ports, no sample mail. */
export async function startApp(env: Record<string, string> = {}, sharedStore?: TestStore): Promise<TestApp> {
  const store = sharedStore ?? (await startStore());
  const dataDir = mkdtempSync(join(tmpdir(), 'mailwright-app-'));
  const config = loadConfig({
    NODE_ENV: 'test',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'silent',
    DATA_DIR: dataDir,
    MONGO_URI: store.uri,
    ...TEST_SECRETS,
    ADMIN_USERNAME: ADMIN.username,
    ADMIN_PASSWORD: ADMIN.password,
    SMTP_INTAKE_PORT: '0',
    SAMPLE_MAIL: 'false',
    UNDO_WINDOW_SECONDS: '0',
    PORT: '0',
    ...env,
  });
  const module = await Test.createTestingModule({ imports: [AppModule.forRoot(config)] }).compile();
  const app = module.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
  setupApp(app);
  await app.get(StoreService).open();
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer();
  const login = await request(server).post('/auth/login').send(ADMIN).expect(200);
  const token = (login.body as { access_token: string }).access_token;
  return {
    app,
    store,
    dataDir,
    as: (method, path) => request(server)[method](path).auth(token, { type: 'bearer' }),
    anonymous: () => request(server),
    stop: async () => {
      await app.close();
      if (!sharedStore) await store.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
