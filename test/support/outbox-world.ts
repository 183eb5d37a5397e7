import type fc from 'fast-check';
import { PinoLogger } from 'nestjs-pino';
import { Clock } from '../../src/common/clock';
import { newId } from '../../src/common/id';
import { WakeUp } from '../../src/common/wake-up';
import type { AppConfig } from '../../src/config/app-config';
import { AttemptRecorder } from '../../src/mail/delivery/attempt-recorder.service';
import { AttemptService } from '../../src/mail/delivery/attempt.service';
import { DeliveryEvents } from '../../src/mail/delivery/delivery-events';
import { DeliveryService } from '../../src/mail/delivery/delivery.service';
import { MailTokens } from '../../src/mail/delivery/loop-token';
import type { MailTransport } from '../../src/mail/delivery/mail-transport';
import { OUTBOX_MOVES, type OutboxEvent } from '../../src/mail/delivery/outbox.machine';
import type { OutboxQueryRepository } from '../../src/mail/delivery/outbox-query.repository';
import { OutboxRepository } from '../../src/mail/delivery/outbox.repository';
import type { OutboxDoc } from '../../src/mail/delivery/outbox.schema';
import type { NewOutboxItem, OutboxItem } from '../../src/mail/delivery/outbox.types';
import type { RateLimitRepository } from '../../src/mail/delivery/rate-limit.repository';
import { ReconcileService } from '../../src/mail/delivery/reconcile.service';
import { SentCopyService } from '../../src/mail/delivery/sent-copy.service';
import type { SendHooks, SendResult } from '../../src/mail/delivery/smtp-send';
import type { MailTransports } from '../../src/mail/delivery/transports';
import type { MailboxRepository } from '../../src/mail/mailbox/mailbox.repository';
import type { Mailbox } from '../../src/mail/mailbox/mailbox.types';
import type { SentFolderService } from '../../src/mail/mailbox/sent-folder.service';
import type { SettingsService } from '../../src/settings/settings.service';
import { DEFAULT_SETTINGS } from '../../src/settings/settings.types';
import { type Doc, MemoryModel } from './memory-model';

const MINUTE_MS = 60_000;
/** A connection that was silent for longer is dead: SMTP servers drop it after 5 minutes, TCP gives up after 15.4. */
const CONNECTION_DIES_MS = 15.4 * MINUTE_MS;
const LEASE_MS = MINUTE_MS;

/** What goes wrong at one step of one worker: every access to the store, the network or the Sent folder is a step. */
export type Fault =
  | { kind: 'none' }
  | { kind: 'crash' } // the process ends; another one starts
  | { kind: 'pause'; minutes: number } // SIGSTOP, a long collection, a frozen machine
  | { kind: 'store-away' } // the operation is not made
  | { kind: 'reply-lost' }; // the operation is made, and nobody says so

/** What the mail server does with one mail. */
export type ServerAnswer = 'ok' | 'reply-lost' | 'refused-before-data' | 'later' | 'never' | 'cut';

/** Defects that the simulation must find, or it proves nothing. */
export interface Mutation {
  /** Attempts leave no durable record: the item stays as it was. */
  noAttemptRecord?: boolean;
  /** The age of the record is not checked before DATA, and unknown mails are looked at at once. */
  noGrace?: boolean;
  /** Writes are not compared with the fence of the claim. */
  noFence?: boolean;
}

export interface Plan {
  mails: number;
  workers: number;
  policy: 'hold' | 'resend';
  faults: Fault[];
  answers: ServerAnswer[];
}

class SimulatedClock extends Clock {
  constructor(private readonly world: OutboxWorld) {
    super();
  }

  override now(): Date {
    return new Date(this.world.time);
  }

  override monotonicMs(): number {
    return this.world.time;
  }

  override async sleep(ms: number): Promise<void> {
    this.world.time += ms;
  }
}

/** The store, failing as the plan says. */
class PlannedFailure extends Error {}

/** Thrown into nothing: a crashed worker never goes on. */
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/**
 * The real delivery code of several workers on one simulated store, mail server and Sent folder, with one virtual time. The
 * scheduler decides which worker goes on; faults come from the plan, one a step, until it is used up.
 */
export class OutboxWorld {
  time = Date.UTC(2026, 10, 22);
  readonly delivered = new Map<string, number>();
  private readonly stored = new Map<string, Doc>();
  private readonly clock = new SimulatedClock(this);
  private readonly events = new DeliveryEvents();
  private readonly logger = new PinoLogger({ pinoHttp: { level: 'silent' } });
  private readonly faults: Fault[];
  private readonly answers: ServerAnswer[];

  constructor(
    private readonly scheduler: fc.Scheduler,
    private readonly plan: Plan,
    private readonly mutation: Mutation = {},
  ) {
    this.faults = [...plan.faults];
    this.answers = [...plan.answers];
  }

  /** Runs until everything is settled. */
  async run(): Promise<void> {
    for (let n = 0; n < this.plan.mails; n++) this.put(n);
    const workers = Array.from({ length: this.plan.workers }, (_, i) => this.work(`worker ${i}`));
    await this.scheduler.waitFor(Promise.all(workers));
  }

  docs(): OutboxDoc[] {
    return [...this.stored.values()] as unknown as OutboxDoc[];
  }

  /** Why the history of a document is impossible, or null. */
  static illegalMove(doc: OutboxDoc): string | null {
    for (let i = 1; i < doc.history.length; i++) {
      const { event, to } = doc.history[i]!;
      const before = doc.history[i - 1]!.to;
      const move = OUTBOX_MOVES[event as OutboxEvent];
      if (!(move.from as readonly string[]).includes(before) || move.to !== to) return `${before} -${event}-> ${to}`;
    }
    return null;
  }

  private put(n: number): void {
    const doc = {
      ...outboxDefaults(),
      ...aNewItem(n),
      state: 'scheduled',
      runAt: new Date(this.time),
      history: [{ at: new Date(this.time), event: 'enqueue', to: 'scheduled' }],
    };
    this.stored.set(doc._id, doc);
  }

  /** One worker: claims and handles until nothing is left to do; a crash is followed by a new process. */
  private async work(name: string): Promise<void> {
    for (let round = 0; round < 400 && !this.isSettled(); round++) {
      let crash: () => void = () => undefined;
      const crashed = new Promise<void>((resolve) => (crash = resolve));
      const { outbox, service } = this.process(crash);
      await Promise.race([crashed, this.once(name, outbox, service)]);
    }
  }

  private async once(name: string, outbox: OutboxRepository, service: DeliveryService): Promise<void> {
    try {
      const claim = await outbox.claimNext(name);
      if (claim) await service.handle(claim, new AbortController().signal);
      else await this.scheduler.schedule(Promise.resolve(), 'idle').then(() => void (this.time += 30_000));
    } catch (error) {
      // As in the claim loop: the item goes to its next claim. Anything but a planned failure is a defect.
      if (!(error instanceof PlannedFailure)) throw error;
    }
  }

  private isSettled(): boolean {
    return this.docs().every((doc) => doc.runAt === null);
  }

  /** A step of one process: the scheduler says when, the plan what goes wrong. */
  private async step<T>(label: string, crash: () => void, operation: () => T): Promise<T> {
    await this.scheduler.schedule(Promise.resolve(), label);
    const fault = this.faults.shift() ?? { kind: 'none' };
    switch (fault.kind) {
      case 'crash':
        crash();
        return never();
      case 'store-away':
        throw new PlannedFailure('the store is away');
      case 'pause':
        this.time += fault.minutes * MINUTE_MS;
        for (let i = 0; i < 30; i++) await this.scheduler.schedule(Promise.resolve(), 'asleep');
        return operation();
      case 'reply-lost':
        operation();
        throw new PlannedFailure('the reply was lost');
      case 'none':
        return operation();
    }
  }

  private async connectAndSend(item: OutboxItem, hooks: SendHooks, crash: () => void): Promise<SendResult> {
    const answer = this.answers.shift() ?? 'ok';
    const result = {
      isAccepted: false,
      response: null,
      responseCode: null,
      serverMessageId: null,
      errorCode: 'ESOCKET',
      command: null,
    };
    await this.network(crash);
    if (answer === 'refused-before-data') return { ...result, phase: 'envelope' };
    await hooks.beforeMail();
    await this.network(crash);
    await hooks.beforeData();
    const openedAt = this.time;
    await this.network(crash);
    if (answer === 'cut' || this.time - openedAt > CONNECTION_DIES_MS) return { ...result, phase: 'data' };
    if (answer === 'later') return { ...result, phase: 'awaiting-reply', responseCode: 451 };
    if (answer === 'never') return { ...result, phase: 'awaiting-reply', responseCode: 550 };
    this.delivered.set(item.dedupeKey, (this.delivered.get(item.dedupeKey) ?? 0) + 1);
    await this.network(crash);
    if (answer === 'reply-lost') return { ...result, phase: 'awaiting-reply' };
    return { ...result, isAccepted: true, phase: 'awaiting-reply', responseCode: 250, errorCode: null };
  }

  /** A step on the wire: only crashes and pauses happen there, its own failures are the answers. */
  private async network(crash: () => void): Promise<void> {
    const fault = this.faults[0]?.kind;
    if (fault === 'store-away' || fault === 'reply-lost') this.faults.shift();
    await this.step('network', crash, () => undefined);
  }

  /** The objects of one process, as the module builds them. */
  private process(crash: () => void): { outbox: OutboxRepository; service: DeliveryService } {
    const env = {
      WORKFLOW_LEASE_SECONDS: LEASE_MS / 1000,
      UNKNOWN_GRACE_SECONDS: this.mutation.noGrace ? 0 : 1200,
      UNKNOWN_SEND_POLICY: this.plan.policy,
      RATE_PER_RECIPIENT: '1/5',
      RATE_PER_MAILBOX: '60/1000',
    };
    const config = { env } as unknown as AppConfig;
    const around = <T>(operation: () => T): Promise<T> => this.step('store', crash, operation);
    const model = new MemoryModel(around, ['dedupeKey', 'messageId'], outboxDefaults, this.stored);
    const outbox = this.mutated(new OutboxRepository(model.asModel<OutboxDoc>(), this.clock, config));
    const mailbox = { id: 'm', name: 'Support', smtp: {}, imap: {}, paused: false } as unknown as Mailbox;
    const mailboxes = { findById: async () => mailbox, recordSync: async () => true } as unknown as MailboxRepository;
    const transport: MailTransport = {
      isIdempotent: false,
      send: (item, _, hooks) => this.connectAndSend(item, hooks, crash),
    };
    const transports = { for: () => transport } as unknown as MailTransports;
    const limits = { consume: async () => null, resetThread: async () => undefined } as unknown as RateLimitRepository;
    const settings = { get: async () => DEFAULT_SETTINGS } as unknown as SettingsService;
    // The evidence is perfect about the past: what was delivered is in Sent.
    const sentFolder = {
      hasMessage: async (_: Mailbox, messageId: string) =>
        this.step('sent folder', crash, () => this.delivered.has(messageId.replace('<mail', 'key').replace(/@.*/, ''))),
      append: async () => this.step('sent folder', crash, () => 'appended'),
    } as unknown as SentFolderService;
    const clock = this.mutation.noGrace
      ? Object.assign(new SimulatedClock(this), { monotonicMs: () => 0 })
      : this.clock;
    const recorder = new AttemptRecorder(outbox, mailboxes, limits, config, this.clock, this.logger);
    const attempts = new AttemptService(outbox, transports, settings, recorder, clock);
    const queries = {} as OutboxQueryRepository;
    const reconcile = new ReconcileService(
      outbox,
      queries,
      mailboxes,
      transports,
      sentFolder,
      this.events,
      new WakeUp(),
      this.clock,
      config,
      this.logger,
    );
    const copies = new SentCopyService(outbox, mailboxes, sentFolder, this.clock, this.logger);
    const tokens = new MailTokens([Buffer.alloc(32, 1)]);
    const service = new DeliveryService(
      outbox,
      mailboxes,
      settings,
      limits,
      attempts,
      reconcile,
      copies,
      tokens,
      this.events,
      this.clock,
      config,
      this.logger,
    );
    return { outbox, service };
  }

  private mutated(outbox: OutboxRepository): OutboxRepository {
    if (this.mutation.noAttemptRecord) {
      // The worker believes that it has begun; the store knows nothing of it.
      outbox.beginAttempt = async (item) => {
        const found = await outbox.findById(item.id);
        return found?.fence === item.fence ? { ...found, state: 'sending' } : null;
      };
      const finish = outbox.finishAttempt.bind(outbox);
      outbox.finishAttempt = async (item, event, end, change) => {
        const doc = this.stored.get(item.id)!;
        if (doc.fence === item.fence) doc.state = 'sending';
        return finish(item, event, end, change);
      };
    }
    if (this.mutation.noFence) {
      const begin = outbox.beginAttempt.bind(outbox);
      outbox.beginAttempt = (item, host) => {
        const fence = this.stored.get(item.id)!.fence as number;
        return begin({ ...item, fence }, host);
      };
    }
    return outbox;
  }
}

function aNewItem(n: number): Omit<NewOutboxItem, 'runAt'> {
  return {
    mailboxId: 'm',
    emailId: `e${n}`,
    replyId: `r${n}`,
    threadId: null,
    dedupeKey: `key${n}`,
    messageId: `<mail${n}@shop.test>`,
    envelopeFrom: 'support@shop.test',
    recipient: 'someone@customer.test',
    mime: Buffer.from('x'),
    mode: 'human',
  };
}

/** What the schema's defaults give. */
export function outboxDefaults() {
  return {
    _id: newId(),
    serverMessageId: null,
    heldReason: null,
    runAt: null as Date | null,
    owner: null,
    fence: 0,
    claims: 0,
    attempts: [],
    tries: 0,
    firstTriedAt: null,
    unknownAt: null,
    evidence: null,
    receipt: null,
    lastError: null,
    rateConsumed: false,
    sentAt: null,
    sentCopy: 'none',
    sentCopyTries: 0,
    history: [] as unknown[],
    createdAt: new Date(),
    updatedAt: new Date(),
  };
}
