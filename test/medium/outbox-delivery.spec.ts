import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PinoLogger } from 'nestjs-pino';
import type { AuditService } from '../../src/auth/audit.service';
import type { AuditRecord } from '../../src/auth/audit.types';
import { AppError } from '../../src/common/errors';
import { WakeUp } from '../../src/common/wake-up';
import { DeliveryController } from '../../src/mail/delivery/delivery.controller';
import { DeliveryJobs } from '../../src/mail/delivery/delivery.jobs';
import { DeliveryLoop } from '../../src/mail/delivery/delivery.loop';
import { outboxPage, outboxView } from '../../src/mail/delivery/outbox.dto';
import { OutboxService, type ReplyToSend } from '../../src/mail/delivery/outbox.service';
import type { Mailbox } from '../../src/mail/mailbox/mailbox.types';
import { newId } from '../../src/common/id';
import { AmbiguousSmtpServer } from '../support/ambiguous-smtp-server';
import { Delivery } from '../support/delivery';
import { eventually } from '../support/eventually';
import { startStore, type TestStore } from '../support/store';

const agent = { id: 'u1', username: 'agent', role: 'agent' as const };

jest.setTimeout(30_000); // stores differ much in speed

let store: TestStore;
let server: AmbiguousSmtpServer;
let delivery: Delivery;

beforeAll(async () => {
  store = await startStore();
});

afterAll(() => store.stop());

beforeEach(async () => {
  server = await AmbiguousSmtpServer.start();
  delivery = new Delivery(store.connection, { RATE_PER_RECIPIENT: '2/5', RATE_PER_MAILBOX: '1000/1000' });
  await delivery.buildIndexes();
});

afterEach(async () => {
  await server.stop();
  delivery.stop();
  for (const name of ['outbox', 'mailboxes', 'rate_counters']) await store.connection.collection(name).deleteMany({});
});

const auto = (recipient: string, threadId: string | null = null) => ({ mode: 'auto' as const, recipient, threadId });

describe('limits', () => {
  it('hold automatic replies to one recipient after the second, and say why', async () => {
    const mailbox = await delivery.addMailbox(server.port);
    const items = [];
    for (let i = 0; i < 3; i++) items.push(await delivery.enqueue(mailbox, auto('a@customer.test')));
    for (let i = 0; i < 3; i++) await delivery.runOne();
    const states = await Promise.all(items.map((item) => delivery.outbox.getById(item.id)));
    expect(states.map((item) => item.state)).toEqual(['sent', 'sent', 'held']);
    expect(states[2]).toMatchObject({ heldReason: 'rate_limited', rateConsumed: false, attempts: [] });
    expect(server.delivered).toHaveLength(2);
  });

  it('count a retry once', async () => {
    const mailbox = await delivery.addMailbox(server.port);
    server.behave('451', '451', '451', 'ok');
    const item = await delivery.enqueue(mailbox, auto('a@customer.test'));
    for (let i = 0; i < 4; i++) {
      await delivery.runOne();
      delivery.clock.advance(60_000);
    }
    expect(await delivery.outbox.getById(item.id)).toMatchObject({ state: 'sent', attempts: { length: 4 } });
  });

  it('stop the fourth automatic reply in a row of a thread, until a person answers', async () => {
    const mailbox = await delivery.addMailbox(server.port);
    const threadId = newId();
    const reply = async (mode: 'auto' | 'human', n: number): Promise<string> => {
      const { id } = await delivery.enqueue(mailbox, { ...auto(`a${n}@customer.test`, threadId), mode });
      await delivery.runOne();
      return (await delivery.outbox.getById(id)).state;
    };
    const states = [];
    for (let n = 0; n < 4; n++) states.push(await reply('auto', n));
    states.push(await reply('human', 4), await reply('auto', 5));
    expect(states).toEqual(['sent', 'sent', 'sent', 'held', 'sent', 'sent']);
  });

  it("let a person's reply wait for the next window, and send it then", async () => {
    delivery.stop();
    delivery = new Delivery(store.connection, { RATE_PER_MAILBOX: '1/1000' });
    const mailbox = await delivery.addMailbox(server.port);
    const items = [await delivery.enqueue(mailbox), await delivery.enqueue(mailbox)];
    await delivery.runOne();
    await delivery.runOne();
    const waiting = await delivery.outbox.getById(items[1]!.id);
    expect(waiting).toMatchObject({ state: 'scheduled', rateConsumed: false });
    expect(waiting.runAt!.getTime() % 60_000).toBe(0);
    delivery.clock.advance(60_000);
    expect(await delivery.runOne()).toMatchObject({ state: 'sent' });
  });

  it('are never exceeded by replicas that count at once, and give back what a refused mail took', async () => {
    const window = (scope: 'mailbox_minute' | 'mailbox_day', max: number) => ({
      scope,
      subject: 'm',
      max,
      seconds: 3600,
    });
    const roomy = window('mailbox_minute', 100);
    const tight = window('mailbox_day', 5);
    const results = await Promise.all(Array.from({ length: 20 }, () => delivery.limits.consume([roomy, tight])));
    expect(results.filter((full) => full === null)).toHaveLength(5);
    expect(results.filter((full) => full !== null).every((full) => full === tight)).toBe(true);
    const counters = await store.connection.collection('rate_counters').find({}).toArray();
    expect(counters.map((counter) => counter.n as number)).toEqual([5, 5]);
    expect(await delivery.limits.consume([window('mailbox_day', 0)])).not.toBeNull();
  });
});

describe('switches', () => {
  it('the kill switch lets nothing automatic out, and the queue goes on when it is back', async () => {
    const mailbox = await delivery.addMailbox(server.port);
    for (let i = 0; i < 3; i++) await delivery.enqueue(mailbox, auto(`a${i}@customer.test`));
    const human = await delivery.enqueue(mailbox);
    delivery.switches.autoSendEnabled = false;
    for (let i = 0; i < 4; i++) await delivery.runOne();
    expect(server.delivered.map((mail) => mail.messageId)).toEqual([human.messageId]);
    delivery.switches.autoSendEnabled = true;
    delivery.clock.advance(30_000);
    for (let i = 0; i < 3; i++) await delivery.runOne();
    expect(server.delivered).toHaveLength(4);
  });

  it('count as they stand when the connection is ready, not when the mail was claimed', async () => {
    const mailbox = await delivery.addMailbox(server.port);
    const item = await delivery.enqueue(mailbox, auto('a@customer.test'));
    let looks = 0;
    Object.defineProperty(delivery.switches, 'autoSendEnabled', { enumerable: true, get: () => looks++ === 0 });
    expect(await delivery.runOne()).toMatchObject({ id: item.id, state: 'scheduled', attempts: [] });
    expect(server.connections).toBe(1);
    expect(server.delivered).toHaveLength(0);
  });

  it('a pause stops everything, a missing mailbox and a day in the queue call a person', async () => {
    const mailbox = await delivery.addMailbox(server.port);
    delivery.switches.deliveryPaused = true;
    const waiting = await delivery.enqueue(mailbox);
    expect(await delivery.runOne()).toMatchObject({ id: waiting.id, state: 'scheduled' });
    delivery.switches.deliveryPaused = false;
    const stale = await delivery.enqueue(mailbox, auto('a@customer.test'));
    const orphan = await delivery.enqueue({ ...mailbox, id: newId() });
    delivery.clock.advance(86_400_001);
    for (let i = 0; i < 3; i++) await delivery.runOne();
    expect(await delivery.outbox.getById(waiting.id)).toMatchObject({ state: 'sent' });
    expect(await delivery.outbox.getById(stale.id)).toMatchObject({ state: 'held', heldReason: 'stale' });
    expect(await delivery.outbox.getById(orphan.id)).toMatchObject({ state: 'held', heldReason: 'mailbox_missing' });
  });
});

describe('a mailbox without SMTP', () => {
  it('captures the exact bytes as a file, once, whatever happens in between', async () => {
    const mailbox = await delivery.addMailbox(null);
    const item = await delivery.enqueue(mailbox);
    const sent = (await delivery.runOne())!;
    expect(sent).toMatchObject({ state: 'sent', sentCopy: 'none', runAt: null });
    const path = join(delivery.config.dataDir, sent.receipt!);
    expect(readFileSync(path).equals(item.mime)).toBe(true);
    // As after a crash between the file and the record of it.
    await store.connection
      .collection<{ _id: string }>('outbox')
      .updateOne({ _id: item.id }, { $set: { state: 'sending', runAt: new Date(0) } });
    for (let i = 0; i < 3; i++) {
      await delivery.runOne();
      delivery.clock.advance(1200_000);
    }
    expect(await delivery.outbox.getById(item.id)).toMatchObject({ state: 'sent' });
    expect(readdirSync(join(delivery.config.dataDir, 'outbox'))).toHaveLength(1);
  });

  it('keeps a mail that cannot be written', async () => {
    const mailbox = await delivery.addMailbox(null);
    writeFileSync(join(delivery.config.dataDir, 'outbox'), 'in the way');
    const item = await delivery.enqueue(mailbox);
    // Nothing was sent for certain, as the name did not come to be: tried again.
    expect(await delivery.runOne()).toMatchObject({ id: item.id, state: 'retry_wait', tries: 1 });
  });
});

describe('a finished item that is due once more', () => {
  it.each(['rejected', 'held', 'cancelled', 'sent'])('%s: leaves the queue', async (state) => {
    const mailbox = await delivery.addMailbox(server.port);
    const item = await delivery.enqueue(mailbox);
    await store.connection.collection<{ _id: string }>('outbox').updateOne({ _id: item.id }, { $set: { state } });
    expect(await delivery.runOne()).toMatchObject({ state, runAt: null });
    expect(server.connections).toBe(0);
  });
});

describe('OutboxService and its routes', () => {
  let audited: AuditRecord[];
  let service: OutboxService;
  let controller: DeliveryController;

  beforeEach(() => {
    audited = [];
    const audit = { record: async (record: AuditRecord) => void audited.push(record) } as unknown as AuditService;
    const { outbox, tokens, events, clock, config, queries } = delivery;
    service = new OutboxService(outbox, tokens, audit, events, new WakeUp(), clock, config);
    controller = new DeliveryController(outbox, queries, service);
  });

  const reply = (mailbox: Mailbox): ReplyToSend => ({
    mailbox,
    emailId: newId(),
    replyId: newId(),
    threadId: newId(),
    seq: 1,
    recipient: { name: 'Ann', address: 'ann@customer.test' },
    subject: 'Re: order',
    inReplyTo: '<1@customer.test>',
    references: [],
    text: 'Hello',
    html: '<p>Hello</p>',
    mode: 'human',
    isEngineDrafted: true,
    approvedAt: delivery.clock.now(),
  });

  it('freezes a reply once and sends it after the undo window', async () => {
    const mailbox = await delivery.addMailbox(server.port);
    const approved = reply(mailbox);
    const first = await service.submit(approved);
    const second = await service.submit({ ...approved, text: 'Something else' });
    expect([first.isNew, second.isNew]).toEqual([true, false]);
    expect(second.item.mime.equals(first.item.mime)).toBe(true);
    expect(await delivery.runOne()).toBeNull();
    delivery.clock.advance(10_000);
    expect(await delivery.runOne()).toMatchObject({ state: 'sent' });
    const raw = server.delivered[0]!.raw;
    expect(raw).toContain('Auto-Submitted: auto-replied');
    expect(delivery.tokens.isOwnMessageId(server.delivered[0]!.messageId!)).toBe(true);
    expect(delivery.tokens.isOwnLoopToken(/^X-Agent-Loop: (.*)$/m.exec(raw)![1]!)).toBe(true);
  });

  it("follows the mailbox's own undo window", async () => {
    const mailbox = await delivery.addMailbox(server.port);
    const eager = { ...mailbox, policy: { ...mailbox.policy, undoWindowSeconds: 0 } };
    const { item } = await service.submit({ ...reply(eager), isEngineDrafted: false });
    expect(item.mime.toString()).not.toMatch(/Auto-Submitted|X-Agent-Loop/);
    expect(await delivery.runOne()).toMatchObject({ id: item.id, state: 'sent' });
  });

  it('cancels once, says the truth afterwards, and audits it', async () => {
    const { item } = await service.submit(reply(await delivery.addMailbox(server.port)));
    expect(await controller.cancel(agent, item.id)).toMatchObject({ state: 'cancelled', dueAt: null });
    await expect(controller.cancel(agent, item.id)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'This cannot be done: the mail is cancelled.',
    });
    await expect(controller.resolve(agent, item.id, { action: 'close' })).rejects.toBeInstanceOf(AppError);
    await expect(controller.cancel(agent, newId())).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(audited).toMatchObject([
      { action: 'outbox.cancel', target: `outbox:${item.id}`, after: { state: 'cancelled' } },
    ]);
  });

  it('has a person close a held mail or send it again', async () => {
    const mailbox = await delivery.addMailbox(server.port);
    server.behave('rst', 'rst', 'ok');
    const items = [await delivery.enqueue(mailbox), await delivery.enqueue(mailbox)];
    for (const ms of [0, 0, 1200_000, 0]) {
      delivery.clock.advance(ms);
      await delivery.runOne();
    }
    expect(await controller.resolve(agent, items[0]!.id, { action: 'close' })).toMatchObject({ state: 'cancelled' });
    expect(await controller.resolve(agent, items[1]!.id, { action: 'resend' })).toMatchObject({ state: 'retry_wait' });
    await delivery.runOne();
    expect(await controller.get(items[1]!.id)).toMatchObject({ state: 'sent', heldReason: null });
    expect(server.delivered).toHaveLength(3);
  });

  it('shows what it says it shows', async () => {
    const { item } = await service.submit(reply(await delivery.addMailbox(server.port)));
    const view = await controller.get(item.id);
    expect(outboxView.strict().parse(view)).toEqual(view);
    const page = await controller.list({ limit: 10, cursor: undefined, state: 'scheduled' });
    expect(outboxPage.parse(page).items).toEqual([view]);
    const chunks: Buffer[] = [];
    for await (const chunk of (await controller.raw(item.id)).getStream()) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(item.mime)).toBe(true);
  });
});

describe('the loop', () => {
  /** The loop of `delivery`, or of a peer with another environment. */
  const start = (of: Delivery = delivery): { loop: DeliveryLoop; wakeUp: WakeUp } => {
    const wakeUp = new WakeUp();
    const logger = new PinoLogger({ pinoHttp: { level: 'silent' } });
    const { outbox, service, config, clock } = of;
    return { loop: new DeliveryLoop(outbox, service, config, clock, wakeUp, logger), wakeUp };
  };

  it('sends what is due, obeys the kill switch in a burst, and stops', async () => {
    const mailbox = await delivery.addMailbox(server.port);
    for (let i = 0; i < 30; i++) await delivery.enqueue(mailbox, auto(`a${i}@c${i}.test`));
    const { loop } = start();
    const jobs = new DeliveryJobs(loop);
    loop.onApplicationBootstrap();
    await eventually(async () => server.delivered.length >= 5 || null);
    delivery.switches.autoSendEnabled = false;
    const atSwitch = server.delivered.length;
    await eventually(async () =>
      (await delivery.queries.queueState()).oldestRunAt! > delivery.clock.now() ? true : null,
    );
    expect(server.delivered.length - atSwitch).toBeLessThanOrEqual(delivery.config.env.OUTBOX_CONCURRENCY);
    const stopped = server.delivered.length;
    await jobs.tick();
    delivery.switches.autoSendEnabled = true;
    delivery.clock.advance(31_000);
    await jobs.tick();
    await eventually(async () => (server.delivered.length === 30 ? true : null));
    expect(new Set(server.delivered.map((mail) => mail.messageId)).size).toBe(30);
    expect(stopped).toBeLessThan(30);
    await loop.beforeApplicationShutdown();
    expect(loop.lastTickMs).toBeGreaterThan(0);
  });

  it('waits at shutdown for the reply to a mail on its way', async () => {
    server.behave('slow');
    const item = await delivery.enqueue(await delivery.addMailbox(server.port));
    const { loop, wakeUp } = start();
    loop.onApplicationBootstrap();
    wakeUp.signal('outbox');
    await eventually(async () => server.completed || null);
    await loop.beforeApplicationShutdown();
    expect(await delivery.outbox.getById(item.id)).toMatchObject({ state: 'sent' });
  });

  it('does nothing in a process that only serves HTTP', async () => {
    await delivery.enqueue(await delivery.addMailbox(server.port));
    const api = new Delivery(store.connection, { ROLE: 'api' }, delivery);
    const { loop } = start(api);
    loop.onApplicationBootstrap();
    await loop.tick();
    await loop.beforeApplicationShutdown();
    expect(server.connections).toBe(0);
    api.stop();
  });
});
