import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DynamicModule, Global, Module, type Type } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { getConnectionToken } from '@nestjs/mongoose';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import mongoose, { type Connection } from 'mongoose';
import { LoggerModule } from 'nestjs-pino';
import request from 'supertest';
import type TestAgent from 'supertest/lib/agent';
import { setupApp } from '../../src/app.setup';
import { AuthModule } from '../../src/auth/auth.module';
import { Clock } from '../../src/common/clock';
import { CommonModule } from '../../src/common/common.module';
import { AppExceptionFilter } from '../../src/common/http/app-exception.filter';
import { ConfigModule } from '../../src/config/config.module';
import { loadConfig } from '../../src/config/load-config';
import { buildIndexes } from '../../src/database/index-builder';

export const ADMIN = { username: 'admin', password: 'seven quiet lighthouses' };

/** Fixed, so that replicas of one test understand each other's tokens. */
const JWT_SECRET = 'auth-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz';

/** The real clock, moved forward by hand. */
export class ShiftedClock extends Clock {
  private shiftMs = 0;

  advance(ms: number): void {
    this.shiftMs += ms;
  }

  override now(): Date {
    return new Date(super.now().getTime() + this.shiftMs);
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.shiftMs;
  }
}

export interface AuthAppOptions {
  /** Variables beside NODE_ENV, DATA_DIR and the first administrator. */
  env?: Record<string, string>;
  /** Several apps on one clock are replicas whose clocks agree. */
  clock?: ShiftedClock;
  modules?: (Type<unknown> | DynamicModule)[];
  controllers?: Type<unknown>[];
}

export interface AuthApp {
  app: NestExpressApplication;
  clock: ShiftedClock;
  connection: Connection;
  http: TestAgent;
  /** A provider of the app. */
  get<T>(token: Type<T> | string): T;
  stop(): Promise<void>;
}

@Global()
@Module({})
class ConnectionModule {
  static of(connection: Connection): DynamicModule {
    const token = getConnectionToken();
    return { module: ConnectionModule, providers: [{ provide: token, useValue: connection }], exports: [token] };
  }
}

/** A replica of a small app: AuthModule, the parts that it needs, and what a test adds, on the store at `uri`. */
export async function startAuthApp(uri: string, options: AuthAppOptions = {}): Promise<AuthApp> {
  const clock = options.clock ?? new ShiftedClock();
  const dataDir = mkdtempSync(join(tmpdir(), 'mailwright-auth-'));
  const config = loadConfig({
    NODE_ENV: 'test',
    DATA_DIR: dataDir,
    DOCS_ENABLED: 'false',
    JWT_SECRET,
    ADMIN_USERNAME: ADMIN.username,
    ADMIN_PASSWORD: ADMIN.password,
    ...options.env,
  });
  const connection = await mongoose.createConnection(uri, { autoIndex: false, autoCreate: false }).asPromise();
  const stop = async (): Promise<void> => {
    await connection.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const module = await Test.createTestingModule({
      imports: [
        LoggerModule.forRoot({
          pinoHttp: { level: 'silent', genReqId: (req) => req.headers['x-request-id'] ?? 'none' },
        }),
        ConfigModule.forRoot(config),
        CommonModule,
        ConnectionModule.of(connection),
        AuthModule,
        ...(options.modules ?? []),
      ],
      controllers: options.controllers ?? [],
      providers: [{ provide: APP_FILTER, useClass: AppExceptionFilter }],
    })
      .overrideProvider(Clock)
      .useValue(clock)
      .compile();
    await buildIndexes(connection);
    const app = module.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
    setupApp(app);
    await app.listen(0, '127.0.0.1');
    return {
      app,
      clock,
      connection,
      http: request(app.getHttpServer()),
      get: (token) => app.get(token),
      stop: async () => {
        await app.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export interface Tokens {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token: string;
}

/** Logs in, expecting success. */
export async function login(
  app: AuthApp,
  credentials: { username: string; password: string } = ADMIN,
): Promise<Tokens> {
  const answer = await app.http.post('/auth/login').send(credentials).expect(200);
  return answer.body as Tokens;
}

/** The header of a request with this access token. */
export const bearer = ({ access_token }: Pick<Tokens, 'access_token'>): [string, string] => [
  'Authorization',
  `Bearer ${access_token}`,
];

/** Makes a user over the API and logs it in. */
export async function addUser(app: AuthApp, admin: Tokens, username: string, role: string) {
  const password = `${username} walks nine miles`;
  const created = await app.http
    .post('/admin/users')
    .set(...bearer(admin))
    .send({ username, password, role })
    .expect(201);
  return { id: created.body.id as string, username, password, tokens: await login(app, { username, password }) };
}
