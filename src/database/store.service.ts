import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../common/clock.js';
import { AppError, errorMessage } from '../common/errors.js';
import { clockSkew } from '../common/metrics.js';
import { AppConfig } from '../config/app-config.js';
import { connectionOptions, databaseName, withoutCredentials } from './connection-options.js';
import { EmbeddedStore } from './embedded-store.js';
import { buildIndexes } from './index-builder.js';

const RETRY_CAP_MS = 15_000;
/** A configured server that stays away this long at start is reported as a failed start. */
const GIVE_UP_AFTER_MS = 120_000;

/**
 * Opens the store before anything else starts: MONGO_URI, or the embedded one. Building indexes is part of opening.
 * Later losses of the connection are healed by the driver.
 */
@Injectable()
export class StoreService implements OnApplicationShutdown {
  private embedded: EmbeddedStore | null = null;
  private lastPingMs = Number.NEGATIVE_INFINITY;
  private opened = false;

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    @InjectPinoLogger(StoreService.name) private readonly logger: PinoLogger,
  ) {
    // An 'error' event without a listener would end the process; the driver reconnects by itself.
    connection.on('error', (error: unknown) => this.logger.warn({ error: errorMessage(error) }, 'store connection'));
  }

  /** True once connected and indexed: the startup probe. */
  get isOpen(): boolean {
    return this.opened;
  }

  /** Connects, retrying while the server is away, and builds indexes. Called by DatabaseModule before other modules start. */
  async open(): Promise<void> {
    const uri = this.config.isEmbedded ? await this.startEmbedded() : this.config.env.MONGO_URI;
    await this.connect(uri);
    await buildIndexes(this.connection);
    await this.ping();
    this.opened = true;
    this.logger.info({ store: this.config.isEmbedded ? 'embedded' : withoutCredentials(uri) }, 'store open');
  }

  /** Seconds since the store last answered; Infinity before the first answer. */
  secondsSinceAnswer(): number {
    return (this.clock.monotonicMs() - this.lastPingMs) / 1000;
  }

  /** Asks the store for a sign of life and measures its clock against ours. */
  async ping(): Promise<void> {
    const before = this.clock.now().getTime();
    const hello = await this.connection.db!.admin().command({ hello: 1 });
    const after = this.clock.now().getTime();
    clockSkew.set(((hello.localTime as Date).getTime() - (before + after) / 2) / 1000);
    this.lastPingMs = this.clock.monotonicMs();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
    await this.embedded?.stop();
  }

  private async startEmbedded(): Promise<string> {
    this.embedded = new EmbeddedStore(this.config.dataDir, () =>
      this.logger.error('the embedded store ended unexpectedly and is started again'),
    );
    return this.embedded.start();
  }

  private async connect(uri: string): Promise<void> {
    const startedMs = this.clock.monotonicMs();
    for (let attempt = 0; ; attempt++) {
      try {
        await this.connection.openUri(uri, { ...connectionOptions, dbName: databaseName(uri) });
        return;
      } catch (error) {
        if (this.clock.monotonicMs() - startedMs > GIVE_UP_AFTER_MS || !isTransient(error)) {
          const reason = errorMessage(error);
          throw new AppError('UNAVAILABLE', `MongoDB at ${withoutCredentials(uri)} cannot be used: ${reason}`, {
            cause: error,
          });
        }
        this.logger.warn({ attempt, error: errorMessage(error) }, 'store is away, trying again');
        await this.connection.close().catch(() => undefined);
        await this.clock.sleep(Math.min(RETRY_CAP_MS, 500 * 2 ** attempt));
      }
    }
  }
}

/** Refused logins and malformed URIs do not heal by waiting. */
function isTransient(error: unknown): boolean {
  const name = error instanceof Error ? error.name : '';
  return (
    name === 'MongooseServerSelectionError' || name === 'MongoServerSelectionError' || name === 'MongoNetworkError'
  );
}
