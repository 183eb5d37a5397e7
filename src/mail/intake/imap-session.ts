import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppError, errorMessage } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { ImapConnector } from '../mailbox/imap-client.js';
import { MailboxRepository } from '../mailbox/mailbox.repository.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { Alarm } from './alarm.js';
import { backoffMs, type BackoffOptions } from './backoff.js';
import { ImapConnection, type ConnectionOptions } from './imap-connection.js';
import { ImapReport } from './imap-report.js';
import { ImapSync } from './imap-sync.js';

export type SessionOptions = ConnectionOptions & {
  backoff: BackoffOptions;
  /** Pause after a refused login: providers lock accounts that are tried too often. */
  authRetryMs: number;
};

/** Added to the poll interval: no completed pass for this long means that the connection is dead. */
const WATCHDOG_MARGIN_MS = 120_000;

export function sessionOptions(pollSeconds: number): SessionOptions {
  const pollMs = pollSeconds * 1000;
  return {
    pollMs,
    watchdogMs: pollMs + WATCHDOG_MARGIN_MS,
    answerMs: 20_000,
    stopMs: 5_000,
    backoff: { baseMs: 5_000, capMs: 300_000 },
    authRetryMs: 300_000,
  };
}

/** Keeps one mailbox connected: opens a new connection whenever one ends, with growing pauses while that fails. */
export class ImapSession {
  private readonly pause: Alarm;
  private connection: ImapConnection | null = null;
  private waiters: (() => void)[] = [];
  private failures = 0;

  constructor(
    private mailbox: Mailbox,
    private readonly parts: SessionParts,
    private readonly options: SessionOptions,
  ) {
    this.pause = new Alarm(parts.clock);
  }

  /** Runs until `signal`; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.wake();
    signal.addEventListener('abort', onAbort, { once: true });
    await this.sitOutRefusedLogin();
    while (!signal.aborted && (await this.reload())) {
      const pauseMs = await this.connectOnce(signal);
      if (signal.aborted) break;
      await this.pause.wait(pauseMs);
    }
    signal.removeEventListener('abort', onAbort);
    this.parts.report.forget(this.mailbox);
    this.settle();
  }

  /** Looks for mail at once; resolves after the next completed pass, or when the session ends. */
  syncNow(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve);
      this.wake();
    });
  }

  /** Ends IDLE, or cuts the pause before the next connection short. */
  wake(): void {
    if (this.connection) this.connection.wake();
    else this.pause.ring();
  }

  /** The limit of tries holds over restarts and other replicas too. */
  private async sitOutRefusedLogin(): Promise<void> {
    const { state, lastErrorAt } = this.mailbox.sync;
    if (state !== 'auth_failed' || !lastErrorAt) return;
    this.parts.report.state(this.mailbox, 'auth_failed');
    const waited = this.parts.clock.now().getTime() - lastErrorAt.getTime();
    if (waited < this.options.authRetryMs) await this.pause.wait(this.options.authRetryMs - waited);
  }

  /** Fresh settings and cursor; false when the mailbox is gone. */
  private async reload(): Promise<boolean> {
    try {
      const fresh = await this.parts.mailboxes.findById(this.mailbox.id);
      if (!fresh?.imap || !fresh.cursor) return false;
      this.mailbox = fresh;
      return true;
    } catch {
      return true; // the store is away: the pass will say so, and its pause applies
    }
  }

  /** @returns the pause before the next connection, in milliseconds */
  private async connectOnce(signal: AbortSignal): Promise<number> {
    const { report, connector, sync, clock } = this.parts;
    const { mailbox } = this;
    report.state(mailbox, 'connecting');
    const connection = new ImapConnection(mailbox, connector, sync, clock, this.options, {
      connected: () => report.state(mailbox, 'connected'),
      idle: () => report.state(mailbox, 'idle'),
      synced: async (counts) => {
        this.failures = 0;
        await report.success(mailbox, counts);
        this.settle();
      },
    });
    this.connection = connection;
    try {
      await connection.run(signal);
      return this.pauseAfter(signal, 'closed');
    } catch (error) {
      return await this.failed(signal, error);
    } finally {
      this.connection = null;
    }
  }

  private async failed(signal: AbortSignal, thrown: unknown): Promise<number> {
    // Anything that is not an AppError comes from the store: mail stays on the server until it is back.
    const error =
      thrown instanceof AppError ? thrown : new AppError('UNAVAILABLE', errorMessage(thrown), { retryable: true });
    if (!signal.aborted) await this.parts.report.failure(this.mailbox, error);
    if (error.code !== 'MAIL_AUTH') return this.pauseAfter(signal, error.code.toLowerCase());
    this.parts.report.state(this.mailbox, 'auth_failed');
    this.parts.report.reconnect(this.mailbox, 'mail_auth');
    return this.options.authRetryMs;
  }

  private pauseAfter(signal: AbortSignal, reason: string): number {
    if (!signal.aborted) {
      this.parts.report.reconnect(this.mailbox, reason);
      this.parts.report.state(this.mailbox, 'backoff');
    }
    return backoffMs(this.failures++, Math.random(), this.options.backoff);
  }

  private settle(): void {
    for (const resolve of this.waiters.splice(0)) resolve();
  }
}

/** What every session works with. */
@Injectable()
export class SessionParts {
  constructor(
    readonly mailboxes: MailboxRepository,
    readonly connector: ImapConnector,
    readonly sync: ImapSync,
    readonly report: ImapReport,
    readonly clock: Clock,
    readonly config: AppConfig,
  ) {}
}
