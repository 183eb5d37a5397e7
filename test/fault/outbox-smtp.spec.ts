import type { OutboxItem } from '../../src/mail/delivery/outbox.types';
import type { Mailbox } from '../../src/mail/mailbox/mailbox.types';
import { AmbiguousSmtpServer, type SmtpMode } from '../support/ambiguous-smtp-server';
import { Delivery, IMAP_STUB } from '../support/delivery';
import { startStore, type TestStore } from '../support/store';

// What the delivery makes of a mail server that does the wrong thing at the worst moment (reliability 2.5, rows 7-9, 39, 40).

const GRACE_MS = 1200_000;
const DAY_MS = 86_400_000;

jest.setTimeout(30_000); // stores differ much in speed

let store: TestStore;
let server: AmbiguousSmtpServer;
let delivery: Delivery;
let mailbox: Mailbox;

beforeAll(async () => {
  store = await startStore();
});

afterAll(() => store.stop());

beforeEach(async () => {
  server = await AmbiguousSmtpServer.start();
  delivery = new Delivery(store.connection, { RATE_PER_MAILBOX: '1000/1000' });
  await delivery.buildIndexes();
  mailbox = await delivery.addMailbox(server.port);
});

afterEach(async () => {
  await server.stop();
  delivery.stop();
  for (const name of ['outbox', 'mailboxes', 'rate_counters']) await store.connection.collection(name).deleteMany({});
});

/** Every due step until nothing is due any more, time standing still. */
async function runAll(): Promise<void> {
  for (let i = 0; i < 10 && (await delivery.runOne()); i++);
}

async function send(mode: SmtpMode, mime?: Buffer): Promise<OutboxItem> {
  server.behave(mode, 'ok');
  const item = await delivery.enqueue(mailbox, mime ? { mime } : {});
  return (await delivery.runOne()) ?? item;
}

const after = async (item: OutboxItem, ms: number): Promise<OutboxItem> => {
  delivery.clock.advance(ms);
  await runAll();
  return delivery.outbox.getById(item.id);
};

const big = Buffer.from(`Message-ID: <big@shop.test>\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(60_000)}`);

describe('a reply that was seen', () => {
  it.each<SmtpMode>(['ok', 'ok-close'])('%s: sent, once, byte for byte', async (mode) => {
    const item = await send(mode);
    expect(item).toMatchObject({
      state: 'sent',
      runAt: null,
      receipt: '250 2.0.0 Ok: queued as 4XyZ',
      lastError: null,
    });
    expect(item.attempts).toMatchObject([{ no: 1, phase: 'awaiting-reply', responseCode: 250, error: null }]);
    expect(server.delivered).toMatchObject([{ from: mailbox.address, recipients: ['someone@customer.test'] }]);
    expect(server.delivered[0]!.raw).toBe(item.mime.toString('latin1'));
  });

  it.each<[SmtpMode, OutboxItem['state'], number]>([
    ['421', 'retry_wait', 421],
    ['451', 'retry_wait', 451],
    ['550', 'rejected', 550],
    ['552', 'rejected', 552],
    ['early-552', 'rejected', 552],
  ])('%s to the mail: %s', async (mode, state, responseCode) => {
    const item = await send(mode, mode === 'early-552' ? big : undefined);
    expect(item.state).toBe(state);
    expect(item.attempts.at(-1)).toMatchObject({ responseCode });
    expect(server.delivered).toHaveLength(0);
  });

  it('tries a 451 again with the same bytes and delivers once', async () => {
    const first = await send('451');
    const second = await after(first, 10_000);
    expect(second).toMatchObject({ state: 'sent', tries: 1, attempts: [{ no: 1 }, { no: 2 }] });
    expect(server.delivered.map((mail) => mail.messageId)).toEqual([first.messageId]);
    expect(second.mime.equals(first.mime)).toBe(true);
  });

  it.each<SmtpMode>(['550', 'rcpt-550'])('%s: never tried again', async (mode) => {
    const item = await after(await send(mode), 3 * DAY_MS);
    expect(item).toMatchObject({ state: 'rejected', runAt: null });
    expect(server.connections).toBe(1);
    // The server's text names an address; ours must not.
    expect(item.lastError).toMatch(/^The mail server answered 550 5\.\d\.1 to (DATA|RCPT TO)\.$/);
  });
});

describe('no reply after bytes may have left', () => {
  it.each<SmtpMode>(['rst', 'fin', 'hang', 'partial', 'early-250'])('%s: unknown, and not sent again', async (mode) => {
    const item = await send(mode, mode === 'early-250' ? big : undefined);
    expect(item).toMatchObject({ state: 'unknown' });
    expect(item.attempts).toMatchObject([{ no: 1, responseCode: mode === 'early-250' ? 250 : null }]);
    const held = await after(item, GRACE_MS);
    expect(held).toMatchObject({ state: 'held', heldReason: 'no_evidence', runAt: null });
    expect(await after(held, 3 * DAY_MS)).toMatchObject({ state: 'held' });
    expect(server.connections).toBe(1);
    expect(server.completed).toBeLessThanOrEqual(1);
  });

  it('mid-data: unknown, because a server might keep half a mail', async () => {
    expect(await send('mid-data', big)).toMatchObject({ state: 'unknown' });
    expect(server.delivered).toHaveLength(0);
  });

  it('waits out the grace period before it looks for evidence', async () => {
    const item = await send('rst');
    delivery.sentFolder.messageIds.push(item.messageId);
    expect(await after(item, GRACE_MS - 60_000)).toMatchObject({ state: 'unknown' });
  });

  it('believes a copy in Sent', async () => {
    await delivery.mailboxes.update(mailbox.id, { imap: IMAP_STUB });
    const item = await send('hang');
    delivery.sentFolder.messageIds.push(item.messageId);
    expect(await after(item, GRACE_MS)).toMatchObject({ state: 'sent', evidence: 'sent_folder', sentCopy: 'done' });
    expect(server.connections).toBe(1);
  });

  it('asks the Sent folder again while it cannot be reached, and a person in the end', async () => {
    await delivery.mailboxes.update(mailbox.id, { imap: IMAP_STUB });
    delivery.sentFolder.failure = new Error('no connection');
    const item = await send('hang');
    const waiting = await after(item, GRACE_MS);
    expect(waiting.state).toBe('unknown');
    expect(waiting.runAt!.getTime()).toBeGreaterThan(delivery.clock.now().getTime());
    expect(await after(item, DAY_MS + 1000)).toMatchObject({ state: 'held', heldReason: 'no_evidence' });
  });

  it('believes an answer of the customer and then makes the copy', async () => {
    await delivery.mailboxes.update(mailbox.id, { imap: IMAP_STUB });
    const item = await send('rst');
    const settled: string[] = [];
    delivery.events.onSettled((event) => settled.push(event.state));
    expect(await delivery.reconcile.recordEvidence(item.messageId, 'customer_reply')).toBe(true);
    expect(settled).toEqual(['sent']);
    expect(await after(item, 0)).toMatchObject({ state: 'sent', evidence: 'customer_reply', sentCopy: 'done' });
    expect(delivery.sentFolder.messageIds).toEqual([item.messageId]);
  });

  it('sends the same bytes again when a person says so', async () => {
    const held = await after(await send('rst'), GRACE_MS);
    await delivery.outbox.resolve(held.id, 'resend');
    expect(await after(held, 0)).toMatchObject({ state: 'sent' });
    expect(server.delivered.map((mail) => mail.messageId)).toEqual([held.messageId, held.messageId]);
  });

  it('resends by itself, after the grace period, only when the policy says so', async () => {
    const bold = new Delivery(store.connection, { UNKNOWN_SEND_POLICY: 'resend' }, delivery);
    const item = await send('rst');
    delivery.clock.advance(GRACE_MS);
    expect(await bold.runOne()).toMatchObject({ state: 'retry_wait', unknownAt: null });
    expect(await after(item, 0)).toMatchObject({ state: 'sent' });
    bold.stop();
  });
});

describe('failed before a byte left', () => {
  it.each<SmtpMode>(['refuse', 'greeting-554', 'auth-454', 'mail-451', 'rcpt-451', 'data-451', 'pre-data'])(
    '%s: tried again, delivered once',
    async (mode) => {
      const item = await send(mode);
      expect(item).toMatchObject({ state: 'retry_wait', tries: 1 });
      expect(await after(item, 10_000)).toMatchObject({ state: 'sent' });
      expect(server.delivered.map((mail) => mail.messageId)).toEqual([item.messageId]);
    },
  );

  it('a closed port: tried with growing pauses for a day, then held', async () => {
    await server.stop();
    const item = await delivery.enqueue(mailbox);
    const pauses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { state, runAt } = (await delivery.runOne())!;
      expect(state).toBe('retry_wait');
      const pause = runAt!.getTime() - delivery.clock.now().getTime();
      expect(pause).toBeLessThanOrEqual(Math.min(900_000, 2000 * 2 ** i));
      pauses.push(pause);
      delivery.clock.advance(900_000);
    }
    expect((await delivery.outbox.getById(item.id)).lastError).toBe(
      'No answer from the mail server (ECONNREFUSED, connect).',
    );
    expect(new Set(pauses).size).toBeGreaterThan(6); // jitter
    expect(await after(item, DAY_MS)).toMatchObject({ state: 'held', heldReason: 'retries_exhausted' });
  });

  it('STARTTLS is not optional: a server without it gets neither password nor mail', async () => {
    await delivery.mailboxes.update(mailbox.id, { smtp: { ...mailbox.smtp!, security: 'starttls' } });
    expect(await send('ok')).toMatchObject({ state: 'retry_wait', lastError: expect.stringContaining('STARTTLS') });
    expect(server.commands).toEqual([expect.stringMatching(/^EHLO /), 'STARTTLS']);
  });

  it('a mail above the SIZE of the server is rejected without trying', async () => {
    await server.stop();
    server = await AmbiguousSmtpServer.start('ok', ['AUTH PLAIN', 'SIZE 100']);
    await delivery.mailboxes.update(mailbox.id, { smtp: { ...mailbox.smtp!, port: server.port } });
    expect(await send('ok', big)).toMatchObject({ state: 'rejected' });
    expect(server.commands.some((line) => line.startsWith('MAIL'))).toBe(false);
  });
});

describe('a refused login', () => {
  it.each<SmtpMode>(['auth-535', 'mail-530'])('%s: the mailbox pauses, the mail stays queued', async (mode) => {
    const item = await send(mode);
    expect(item.state).not.toBe('held');
    expect(await delivery.mailboxes.findById(mailbox.id)).toMatchObject({
      paused: true,
      pausedReason: expect.stringContaining('refused the login'),
    });
    expect(await after(item, 10 * DAY_MS)).toMatchObject({ runAt: expect.any(Date) });
    expect(server.connections).toBe(1); // no hammering
    await delivery.mailboxes.update(mailbox.id, { paused: false, pausedReason: null });
    expect(await after(item, 60_000)).toMatchObject({ state: 'sent' });
    expect(server.delivered).toHaveLength(1);
  });

  it('logs in with the password, or with a token', async () => {
    await send('ok');
    const plain = Buffer.from(`\0${mailbox.address}\0correct horse battery`).toString('base64');
    expect(server.commands).toContain(`AUTH PLAIN ${plain}`);
    await delivery.mailboxes.update(mailbox.id, { smtp: { ...mailbox.smtp!, auth: 'xoauth2' } });
    await send('ok');
    const bearer = Buffer.from(`user=${mailbox.address}\x01auth=Bearer correct horse battery\x01\x01`).toString(
      'base64',
    );
    expect(server.commands).toContain(`AUTH XOAUTH2 ${bearer}`);
  });

  it('does without a login when the server asks for none', async () => {
    await delivery.mailboxes.update(mailbox.id, { smtp: { ...mailbox.smtp!, secret: null } });
    expect(await send('ok')).toMatchObject({ state: 'sent' });
    expect(server.commands.some((line) => line.startsWith('AUTH'))).toBe(false);
  });
});

describe('the copy in Sent', () => {
  it('is made once, and its failure sends nothing', async () => {
    await delivery.mailboxes.update(mailbox.id, { imap: IMAP_STUB });
    delivery.sentFolder.failure = new Error('no connection');
    const item = await send('ok');
    expect(item).toMatchObject({ state: 'sent', sentCopy: 'pending' });
    expect(await after(item, 0)).toMatchObject({ sentCopy: 'pending', sentCopyTries: 1 });
    delivery.sentFolder.failure = null;
    expect(await after(item, 900_000)).toMatchObject({ sentCopy: 'done', runAt: null });
    expect(server.connections).toBe(1);
    expect(delivery.sentFolder.messageIds).toEqual([item.messageId]);
  });

  it('is given up after a while', async () => {
    await delivery.mailboxes.update(mailbox.id, { imap: IMAP_STUB });
    delivery.sentFolder.failure = new Error('no connection');
    let item = await send('ok');
    for (let i = 0; i < 12; i++) item = await after(item, 900_000);
    expect(item).toMatchObject({ state: 'sent', sentCopy: 'failed', runAt: null });
  });
});
