import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../../common/clock.js';
import { type AppError, errorMessage } from '../../common/errors.js';
import { imapConnectionState, imapLastSuccess, imapReconnects } from '../../common/metrics.js';
import { MailboxRepository } from '../mailbox/mailbox.repository.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';

const STATES = ['connected', 'idle', 'connecting', 'backoff', 'auth_failed', 'not_owner'] as const;
export type ConnectionState = (typeof STATES)[number];

/** Tells people and metrics how a mailbox connection fares. A report that cannot be stored never stops the reading. */
@Injectable()
export class ImapReport {
  constructor(
    private readonly mailboxes: MailboxRepository,
    private readonly clock: Clock,
    @InjectPinoLogger(ImapReport.name) private readonly logger: PinoLogger,
  ) {}

  state(mailbox: Mailbox, current: ConnectionState): void {
    for (const state of STATES) imapConnectionState.set({ mailbox: mailbox.name, state }, state === current ? 1 : 0);
  }

  /** The mailbox is not read by this process any more. */
  forget(mailbox: Mailbox): void {
    for (const state of STATES) imapConnectionState.remove({ mailbox: mailbox.name, state });
  }

  reconnect(mailbox: Mailbox, reason: string): void {
    imapReconnects.inc({ mailbox: mailbox.name, reason });
  }

  /** A completed pass; ends a pause that a refused login caused. */
  async success(mailbox: Mailbox, counts: { fetched: number; stored: number }): Promise<void> {
    const now = this.clock.now();
    imapLastSuccess.set({ mailbox: mailbox.name }, now.getTime() / 1000);
    if (counts.fetched > 0) this.logger.info({ mailboxId: mailbox.id, ...counts }, 'mail fetched');
    await this.save(mailbox, { 'sync.state': 'ok', 'sync.lastSuccessAt': now, 'sync.lastError': null });
    // A person's pause has no reason and stays.
    if (mailbox.pausedReason !== null) {
      await this.save(mailbox, { paused: false, pausedReason: null }, { pausedReason: { $ne: null } });
    }
  }

  /** A failed connection or pass; a refused login pauses the mailbox, unless its password was changed meanwhile. */
  async failure(mailbox: Mailbox, error: AppError): Promise<void> {
    const isRefused = error.code === 'MAIL_AUTH';
    const status = {
      'sync.state': isRefused ? 'auth_failed' : 'backoff',
      'sync.lastErrorAt': this.clock.now(),
      'sync.lastError': error.message,
    };
    const level = isRefused ? 'error' : 'warn';
    this.logger[level]({ mailboxId: mailbox.id, code: error.code, error: error.message }, 'mailbox cannot be read');
    await this.save(mailbox, status, { 'imap.secret': mailbox.imap?.secret ?? null });
    if (isRefused) await this.pause(mailbox, error.message);
  }

  private async pause(mailbox: Mailbox, reason: string): Promise<void> {
    const stillRuns = { paused: false, 'imap.secret': mailbox.imap?.secret ?? null };
    await this.save(mailbox, { paused: true, pausedReason: reason }, stillRuns);
  }

  private async save(
    mailbox: Mailbox,
    patch: Record<string, unknown>,
    condition?: Record<string, unknown>,
  ): Promise<void> {
    try {
      await this.mailboxes.recordSync(mailbox.id, patch, condition);
    } catch (error) {
      this.logger.warn({ mailboxId: mailbox.id, error: errorMessage(error) }, 'sync status could not be stored');
    }
  }
}
