import { AppError } from '../../src/common/errors';
import type { OutboxItem } from '../../src/mail/delivery/outbox.types';
import type { Mailbox } from '../../src/mail/mailbox/mailbox.types';
import { AmbiguousSmtpServer } from '../support/ambiguous-smtp-server';
import { Delivery, IMAP_STUB } from '../support/delivery';
import { eventually } from '../support/eventually';
import { startStore, type TestStore } from '../support/store';

// A worker that stops at each failpoint: for good (as after kill -9: what it would do next never happens) or until others
// took over (SIGSTOP, a long pause). Two replicas on one store.

const LEASE_MS = 60_000;
const GRACE_MS = 1200_000;

/** Where the first worker stops, and how it goes on when the test lets it. */
const mockStop: { point: string | null; reached: boolean; resume: () => void } = {
  point: null,
  reached: false,
  resume: () => undefined,
};
jest.mock('../../src/common/failpoint', () => ({
  failpoint: (name: string): Promise<void> => {
    if (name !== mockStop.point) return Promise.resolve();
    mockStop.point = null; // the successor passes
    mockStop.reached = true;
    return new Promise((resolve) => (mockStop.resume = resolve));
  },
}));

jest.setTimeout(30_000); // stores differ much in speed

let store: TestStore;
let server: AmbiguousSmtpServer;
let first: Delivery;
let second: Delivery;
let mailbox: Mailbox;

beforeAll(async () => {
  store = await startStore();
});

afterAll(() => store.stop());

beforeEach(async () => {
  server = await AmbiguousSmtpServer.start();
  first = new Delivery(store.connection);
  await first.buildIndexes();
  second = new Delivery(store.connection, {}, first);
  mailbox = await first.addMailbox(server.port, { imap: IMAP_STUB });
});

afterEach(async () => {
  mockStop.point = null;
  await server.stop();
  first.stop();
  second.stop();
  for (const name of ['outbox', 'mailboxes', 'rate_counters']) await store.connection.collection(name).deleteMany({});
});

/** The first worker takes a mail and stops at `point`. */
async function stopAt(
  point: string | null,
  signal = new AbortController().signal,
): Promise<{ item: OutboxItem; ended: Promise<void> }> {
  const item = await first.enqueue(mailbox);
  Object.assign(mockStop, { point, reached: point === null });
  const ended = (async () => {
    await first.runOne(signal);
    // A second look makes the copy in Sent; it is not due when the mail was stopped.
    if (!signal.aborted) await first.runOne(signal);
  })();
  await eventually(async () => mockStop.reached || null);
  return { item, ended };
}

/** Time passes, and the second worker does all that is due. */
async function later(item: OutboxItem, ms: number): Promise<OutboxItem> {
  first.clock.advance(ms);
  for (let i = 0; i < 10 && (await second.runOne()); i++);
  return second.outbox.getById(item.id);
}

describe('a worker dies', () => {
  it('before the attempt record: another one sends', async () => {
    const { item } = await stopAt('outbox.before_attempt_record');
    expect(await later(item, LEASE_MS)).toMatchObject({ state: 'sent' });
    expect(server.delivered).toHaveLength(1);
  });

  it.each(['outbox.after_attempt_record', 'outbox.before_data'])(
    'at %s: unknown, then held, nothing sent',
    async (point) => {
      const { item } = await stopAt(point);
      expect(await later(item, LEASE_MS)).toMatchObject({ state: 'unknown', attempts: [{ no: 1, phase: null }] });
      expect(await later(item, GRACE_MS)).toMatchObject({ state: 'held', heldReason: 'no_evidence' });
      expect(server.delivered).toHaveLength(0);
    },
  );

  it('after the 250: not sent again, and settled by the copy that the server kept', async () => {
    const { item } = await stopAt('outbox.after_250');
    expect(await later(item, LEASE_MS)).toMatchObject({ state: 'unknown' });
    second.sentFolder.messageIds.push(item.messageId);
    expect(await later(item, GRACE_MS)).toMatchObject({ state: 'sent', evidence: 'sent_folder' });
    expect(server.delivered).toHaveLength(1);
  });

  it('after it was sent: another one makes the copy', async () => {
    const { item } = await stopAt('outbox.after_sent');
    expect(await later(item, LEASE_MS)).toMatchObject({ state: 'sent', sentCopy: 'done' });
    expect(server.delivered).toHaveLength(1);
  });

  it('after the copy: another one finds it and makes no second', async () => {
    const { item } = await stopAt('outbox.after_sent_copy');
    expect(await later(item, LEASE_MS)).toMatchObject({ state: 'sent', sentCopy: 'done' });
    expect(second.sentFolder.messageIds).toEqual([item.messageId]);
    expect(server.delivered).toHaveLength(1);
  });
});

describe('a worker sleeps and wakes up', () => {
  it('before the attempt record: it sends nothing, another one has', async () => {
    const { item, ended } = await stopAt('outbox.before_attempt_record');
    expect(await later(item, LEASE_MS)).toMatchObject({ state: 'sent' });
    mockStop.resume();
    await ended;
    expect(server.delivered).toHaveLength(1);
  });

  it.each(['outbox.after_attempt_record', 'outbox.before_data'])('at %s: it sends nothing any more', async (point) => {
    const { item, ended } = await stopAt(point);
    expect(await later(item, LEASE_MS)).toMatchObject({ state: 'unknown' });
    mockStop.resume();
    await ended;
    expect(server.delivered).toHaveLength(0);
    expect(await second.outbox.getById(item.id)).toMatchObject({ state: 'unknown' });
  });

  it('at outbox.before_data for 59 s with its claim: it sends', async () => {
    const { item, ended } = await stopAt('outbox.before_data');
    first.clock.advance(59_000);
    mockStop.resume();
    await ended;
    expect(await second.outbox.getById(item.id)).toMatchObject({ state: 'sent' });
  });

  it('after the 250: its late word settles the unknown mail', async () => {
    const { item, ended } = await stopAt('outbox.after_250');
    expect(await later(item, LEASE_MS)).toMatchObject({ state: 'unknown' });
    mockStop.resume();
    await ended;
    expect(await second.outbox.getById(item.id)).toMatchObject({ state: 'sent', evidence: 'late_reply' });
    expect(server.delivered).toHaveLength(1);
  });
});

describe('a lost lease or a shutdown', () => {
  it.each([
    ['before a connection is opened', null],
    ['before the attempt record', 'outbox.before_attempt_record'],
    ['before the first byte', 'outbox.before_data'],
  ])('%s: stops the mail, and another worker sends it', async (_, point) => {
    const abort = new AbortController();
    const stopping = new AppError('UNAVAILABLE', 'The process is shutting down.', { retryable: true });
    if (point === null) abort.abort(stopping);
    const { item, ended } = await stopAt(point, abort.signal);
    abort.abort(stopping);
    mockStop.resume();
    await ended;
    expect(server.delivered).toHaveLength(0);
    expect(await later(item, 0)).toMatchObject({ state: 'sent' });
    expect(server.delivered).toHaveLength(1);
  });

  it('waits for the reply to a mail that is on its way', async () => {
    server.behave('slow');
    const item = await first.enqueue(mailbox);
    const abort = new AbortController();
    const run = first.runOne(abort.signal);
    await eventually(async () => server.completed || null);
    abort.abort(new Error('stopping'));
    await run;
    expect(await first.outbox.getById(item.id)).toMatchObject({ state: 'sent' });
  });
});
