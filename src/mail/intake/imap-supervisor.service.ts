import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { conflict, errorMessage } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { PROCESS_ID } from '../../jobs/claim-loop.js';
import { type HeldLease, LeaseService } from '../../jobs/lease.service.js';
import { MailboxRepository, type PolledMailbox } from '../mailbox/mailbox.repository.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { ImapReport } from './imap-report.js';
import { ImapSession, sessionOptions, type SessionOptions, SessionParts } from './imap-session.js';

export type SupervisorOptions = SessionOptions & {
  /** How often settings are looked at. */
  reconcileMs: number;
  /** A replica that dies is replaced after this. */
  leaseMs: number;
  /** Name in the leases. */
  owner: string;
};

interface Running {
  session: ImapSession;
  /** Settings that the session was started with. */
  fingerprint: string;
  syncRequestedAt: number;
  abort: AbortController;
  done: Promise<void>;
}

/**
 * Keeps one IMAP session for each mailbox that wants one, in one replica at a time (lease). Sees new, changed, paused and
 * removed mailboxes within seconds, wherever they were changed.
 */
@Injectable()
export class ImapSupervisor implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly running = new Map<string, Running>();
  private options: SupervisorOptions;
  private timer: NodeJS.Timeout | null = null;
  private reconciling: Promise<void> | null = null;

  constructor(
    private readonly mailboxes: MailboxRepository,
    private readonly leases: LeaseService,
    private readonly parts: SessionParts,
    private readonly report: ImapReport,
    private readonly config: AppConfig,
    @InjectPinoLogger(ImapSupervisor.name) private readonly logger: PinoLogger,
  ) {
    this.options = {
      ...sessionOptions(config.env.IMAP_POLL_SECONDS),
      reconcileMs: 2_000,
      leaseMs: 30_000,
      owner: PROCESS_ID,
    };
  }

  onApplicationBootstrap(): void {
    if (this.config.runsWorkers) this.start();
  }

  /** Begins to supervise; `options` override intervals in tests. */
  start(options: Partial<SupervisorOptions> = {}): void {
    this.options = { ...this.options, ...options };
    this.timer = setInterval(() => void this.reconcile(), this.options.reconcileMs);
    void this.reconcile();
  }

  /** Ends all sessions: leaves IDLE, logs out, frees the leases. */
  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    await this.reconciling;
    await Promise.all([...this.running.values()].map((running) => this.end(running)));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  /** Looks for mail in a mailbox that this process reads; resolves after the pass. @throws AppError CONFLICT when it does not */
  async syncNow(mailboxId: string): Promise<void> {
    const running = this.running.get(mailboxId);
    if (!running) throw conflict('This process does not read this mailbox.');
    await running.session.syncNow();
  }

  /** Brings sessions in line with the settings; a call under way is joined. */
  reconcile(): Promise<void> {
    this.reconciling ??= this.compare()
      .catch((error: unknown) => this.logger.warn({ error: errorMessage(error) }, 'mailboxes cannot be listed'))
      .finally(() => (this.reconciling = null));
    return this.reconciling;
  }

  private async compare(): Promise<void> {
    const wanted = new Map((await this.mailboxes.listPolled()).map((mailbox) => [mailbox.id, mailbox]));
    for (const [id, running] of this.running) {
      const mailbox = wanted.get(id);
      if (!mailbox || fingerprintOf(mailbox) !== running.fingerprint) await this.end(running);
      else this.passOnRequest(running, mailbox);
    }
    for (const mailbox of wanted.values()) {
      if (!this.running.has(mailbox.id) && this.timer) await this.begin(mailbox);
    }
  }

  private passOnRequest(running: Running, mailbox: PolledMailbox): void {
    const requestedAt = mailbox.syncRequestedAt?.getTime() ?? 0;
    if (requestedAt <= running.syncRequestedAt) return;
    running.syncRequestedAt = requestedAt;
    running.session.wake();
  }

  private async begin(mailbox: PolledMailbox): Promise<void> {
    const lease = await this.leases.hold(`mailbox:${mailbox.id}`, this.options.leaseMs, this.options.owner);
    if (!lease) return this.report.state(mailbox, 'not_owner');
    const abort = new AbortController();
    const session = new ImapSession(mailbox, this.parts, this.options);
    this.running.set(mailbox.id, {
      session,
      fingerprint: fingerprintOf(mailbox),
      syncRequestedAt: mailbox.syncRequestedAt?.getTime() ?? 0,
      abort,
      done: this.runUntilEnd(mailbox, session, lease, AbortSignal.any([abort.signal, lease.signal])),
    });
  }

  private async runUntilEnd(
    mailbox: Mailbox,
    session: ImapSession,
    lease: HeldLease,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await session.run(signal);
    } catch (error) {
      this.logger.error({ mailboxId: mailbox.id, error: errorMessage(error) }, 'mailbox session ended unexpectedly');
    }
    this.running.delete(mailbox.id);
    await lease
      .release()
      .catch((error: unknown) => this.logger.warn({ error: errorMessage(error) }, 'a lease was not freed; it expires'));
  }

  private async end(running: Running): Promise<void> {
    running.abort.abort();
    await running.done;
  }
}

/** Everything that needs a new connection when it changes. */
const fingerprintOf = (mailbox: Mailbox): string => JSON.stringify([mailbox.name, mailbox.imap]);
