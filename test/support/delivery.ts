import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { Clock } from '../../src/common/clock';
import { newId } from '../../src/common/id';
import type { AppConfig } from '../../src/config/app-config';
import { loadConfig } from '../../src/config/load-config';
import { AttemptRecorder } from '../../src/mail/delivery/attempt-recorder.service';
import { AttemptService } from '../../src/mail/delivery/attempt.service';
import { DeliveryEvents } from '../../src/mail/delivery/delivery-events';
import { DeliveryService } from '../../src/mail/delivery/delivery.service';
import { FileTransport } from '../../src/mail/delivery/file.transport';
import { MailTokens } from '../../src/mail/delivery/loop-token';
import { OutboxQueryRepository } from '../../src/mail/delivery/outbox-query.repository';
import { OutboxRepository } from '../../src/mail/delivery/outbox.repository';
import { OUTBOX_MODEL, type OutboxDoc, outboxSchema } from '../../src/mail/delivery/outbox.schema';
import type { NewOutboxItem, OutboxItem } from '../../src/mail/delivery/outbox.types';
import {
  RATE_COUNTER_MODEL,
  type RateCounterDoc,
  rateCounterSchema,
} from '../../src/mail/delivery/rate-counter.schema';
import { RateLimitRepository } from '../../src/mail/delivery/rate-limit.repository';
import { ReconcileService } from '../../src/mail/delivery/reconcile.service';
import { SentCopyService } from '../../src/mail/delivery/sent-copy.service';
import { SmtpTransport } from '../../src/mail/delivery/smtp.transport';
import { MailTransports } from '../../src/mail/delivery/transports';
import { CredentialCipher } from '../../src/mail/mailbox/credential-cipher';
import { HostGuard } from '../../src/mail/mailbox/host-guard';
import { DEFAULT_POLICY, NEVER_SYNCED } from '../../src/mail/mailbox/mailbox-defaults';
import { MailboxSecrets } from '../../src/mail/mailbox/mailbox-secrets.service';
import { MailboxRepository } from '../../src/mail/mailbox/mailbox.repository';
import { MAILBOX_MODEL, type MailboxDoc, mailboxSchema } from '../../src/mail/mailbox/mailbox.schema';
import type { ImapSettings, Mailbox } from '../../src/mail/mailbox/mailbox.types';
import type { SentCopy, SentFolderService } from '../../src/mail/mailbox/sent-folder.service';
import type { SettingsService } from '../../src/settings/settings.service';
import { DEFAULT_SETTINGS } from '../../src/settings/settings.types';
import { WakeUp } from '../../src/common/wake-up';

/** A clock that a test can move; sleeping takes real time, so that retries of a loop do not spin. */
export class MovableClock extends Clock {
  private offsetMs = 0;

  advance(ms: number): void {
    this.offsetMs += ms;
  }

  override now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  override monotonicMs(): number {
    return performance.now() + this.offsetMs;
  }
}

/** A Sent folder in memory: what IMAP would hold. */
export class MemorySentFolder {
  readonly messageIds: string[] = [];
  /** Set to make the server unreachable. */
  failure: Error | null = null;

  async hasMessage(_mailbox: Mailbox, messageId: string): Promise<boolean> {
    if (this.failure) throw this.failure;
    return this.messageIds.includes(messageId);
  }

  async append(_mailbox: Mailbox, messageId: string): Promise<SentCopy> {
    if (this.failure) throw this.failure;
    if (this.messageIds.includes(messageId)) return 'present';
    this.messageIds.push(messageId);
    return 'appended';
  }
}

/** Long enough for a busy machine, short enough for a server that hangs. */
const SHORT_TIMEOUTS = { connect: 5000, greeting: 5000, envelope: 5000, finalReply: 2000 };

export const IMAP_STUB: ImapSettings = {
  host: '127.0.0.1',
  port: 1,
  security: 'none',
  user: 'support',
  auth: 'password',
  secret: null,
  tlsCa: null,
  folder: 'INBOX',
  fetchFrom: 'now',
  sentFolder: null,
};

/**
 * The delivery on a real store with its real transports, built by hand: one of these is one replica. The Sent folder and the
 * switches are in memory.
 */
export class Delivery {
  readonly clock: MovableClock;
  readonly config: AppConfig;
  readonly sentFolder: MemorySentFolder;
  readonly switches = { ...DEFAULT_SETTINGS };
  readonly outbox: OutboxRepository;
  readonly queries: OutboxQueryRepository;
  readonly limits: RateLimitRepository;
  readonly mailboxes: MailboxRepository;
  readonly secrets: MailboxSecrets;
  readonly smtp: SmtpTransport;
  readonly events = new DeliveryEvents();
  readonly reconcile: ReconcileService;
  readonly service: DeliveryService;
  readonly tokens: MailTokens;
  readonly buildIndexes: () => Promise<void>;
  private readonly cleanUp: () => void;

  /** @param peer another replica, whose time, secrets and Sent folder this one shares */
  constructor(connection: Connection, environment: Record<string, string> = {}, peer?: Delivery) {
    const dir = mkdtempSync(join(tmpdir(), 'mailwright-delivery-'));
    this.cleanUp = () => rmSync(dir, { recursive: true, force: true });
    const secrets = peer && { CREDENTIALS_KEY: peer.config.secrets.credentialsKey };
    this.config = loadConfig({ DATA_DIR: dir, ...secrets, ...environment });
    this.clock = peer?.clock ?? new MovableClock();
    this.sentFolder = peer?.sentFolder ?? new MemorySentFolder();
    const clock = this.clock;
    const logger = new PinoLogger({ pinoHttp: { level: 'silent' } });
    const outboxModel = connection.model<OutboxDoc>(OUTBOX_MODEL, outboxSchema, undefined, { overwriteModels: true });
    const counterModel = connection.model<RateCounterDoc>(RATE_COUNTER_MODEL, rateCounterSchema, undefined, {
      overwriteModels: true,
    });
    const mailboxModel = connection.model<MailboxDoc>(MAILBOX_MODEL, mailboxSchema, undefined, {
      overwriteModels: true,
    });
    this.buildIndexes = async () => {
      for (const model of [outboxModel, counterModel, mailboxModel]) await model.createIndexes();
    };
    this.outbox = new OutboxRepository(outboxModel, clock, this.config);
    this.queries = new OutboxQueryRepository(outboxModel);
    this.limits = new RateLimitRepository(counterModel, clock);
    this.mailboxes = new MailboxRepository(mailboxModel);
    this.secrets = new MailboxSecrets(new CredentialCipher(this.config), this.mailboxes);
    this.tokens = MailTokens.fromConfig(this.config);
    this.smtp = new SmtpTransport(new HostGuard(this.config), this.secrets);
    this.smtp.timeouts = SHORT_TIMEOUTS;
    const transports = new MailTransports(new FileTransport(this.config), this.smtp);
    const settings = { get: async () => ({ ...this.switches }) } as unknown as SettingsService;
    const sentFolder = this.sentFolder as unknown as SentFolderService;
    const recorder = new AttemptRecorder(this.outbox, this.mailboxes, this.limits, this.config, clock, logger);
    const attempts = new AttemptService(this.outbox, transports, settings, recorder, clock);
    const wakeUp = new WakeUp();
    this.reconcile = new ReconcileService(
      this.outbox,
      this.queries,
      this.mailboxes,
      transports,
      sentFolder,
      this.events,
      wakeUp,
      clock,
      this.config,
      logger,
    );
    const sentCopies = new SentCopyService(this.outbox, this.mailboxes, sentFolder, clock, logger);
    this.service = new DeliveryService(
      this.outbox,
      this.mailboxes,
      settings,
      this.limits,
      attempts,
      this.reconcile,
      sentCopies,
      this.tokens,
      this.events,
      clock,
      this.config,
      logger,
    );
  }

  /** A mailbox that sends through the server on `port`, or captures files without one. */
  async addMailbox(port: number | null, overrides: Partial<Mailbox> = {}): Promise<Mailbox> {
    const id = newId();
    const address = `support-${id}@shop.test`;
    const smtp = {
      host: '127.0.0.1',
      port: port ?? 0,
      security: 'none' as const,
      user: address,
      auth: 'password' as const,
      secret: this.secrets.seal(id, 'smtp', 'correct horse battery'),
      tlsCa: null,
    };
    return this.mailboxes.insert({
      id,
      name: `Support ${id}`,
      address,
      aliases: [],
      imap: null,
      smtp: port === null ? null : smtp,
      authservIds: [],
      policy: { ...DEFAULT_POLICY },
      paused: false,
      pausedReason: null,
      cursor: null,
      sync: { ...NEVER_SYNCED },
      managed: null,
      ...overrides,
    });
  }

  /** Puts a mail in the outbox that is due now. */
  async enqueue(mailbox: Mailbox, overrides: Partial<NewOutboxItem> = {}): Promise<OutboxItem> {
    const emailId = newId();
    const messageId = this.tokens.messageId(mailbox.id, emailId, 1, 'shop.test');
    const mime = Buffer.from(
      `From: ${mailbox.address}\r\nMessage-ID: ${messageId}\r\nSubject: Re: test\r\n\r\n.hello\r\n`,
    );
    const { item } = await this.outbox.enqueue({
      mailboxId: mailbox.id,
      emailId,
      replyId: newId(),
      threadId: null,
      dedupeKey: `${emailId}|reply|1`,
      messageId,
      envelopeFrom: mailbox.address,
      recipient: 'someone@customer.test',
      mime,
      mode: 'human',
      runAt: this.clock.now(),
      ...overrides,
    });
    return item;
  }

  /** Claims and handles one due item. @returns the item afterwards, or null when none was due */
  async runOne(signal = new AbortController().signal): Promise<OutboxItem | null> {
    const claim = await this.outbox.claimNext('worker');
    if (!claim) return null;
    await this.service.handle(claim, signal);
    return this.outbox.findById(claim.doc._id);
  }

  stop(): void {
    this.cleanUp();
  }
}
