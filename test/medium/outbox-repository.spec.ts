import { newId } from '../../src/common/id';
import type { Mailbox } from '../../src/mail/mailbox/mailbox.types';
import { Delivery } from '../support/delivery';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(30_000); // stores differ much in speed

let store: TestStore;
let delivery: Delivery;
let mailbox: Mailbox;

beforeAll(async () => {
  store = await startStore();
  delivery = new Delivery(store.connection);
  await delivery.buildIndexes();
  mailbox = await delivery.addMailbox(null);
});

afterAll(async () => {
  delivery.stop();
  await store.stop();
});

afterEach(() => store.connection.collection('outbox').deleteMany({}));

const claim = async (owner = 'a') => (await delivery.outbox.claimNext(owner))!;

describe('enqueue', () => {
  it('stores the exact bytes', async () => {
    const mime = Buffer.from([0, 255, 13, 10, 46, 13, 10]);
    const { id } = await delivery.enqueue(mailbox, { mime });
    expect((await delivery.outbox.getById(id)).mime.equals(mime)).toBe(true);
  });

  it('finds the first of two concurrent approvals', async () => {
    const emailId = newId();
    const same = { emailId, dedupeKey: `${emailId}|reply|1`, messageId: `<${emailId}@shop.test>` };
    const items = await Promise.all(Array.from({ length: 8 }, () => delivery.enqueue(mailbox, same)));
    expect(new Set(items.map((item) => item.id)).size).toBe(1);
    expect(await delivery.queries.findByEmail(emailId)).toHaveLength(1);
  });

  it('refuses a Message-ID that another mail has', async () => {
    const first = await delivery.enqueue(mailbox);
    await expect(delivery.enqueue(mailbox, { messageId: first.messageId })).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('claims and moves', () => {
  it('gives a due item to one of many claimers', async () => {
    await delivery.enqueue(mailbox);
    const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => delivery.outbox.claimNext(`worker ${i}`)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('leaves an item alone until its undo window ends', async () => {
    await delivery.enqueue(mailbox, { runAt: new Date(delivery.clock.now().getTime() + 60_000) });
    expect(await delivery.outbox.claimNext('a')).toBeNull();
  });

  it('lets nobody begin an attempt whose claim another worker has by now', async () => {
    await delivery.enqueue(mailbox);
    const first = await claim('zombie');
    delivery.clock.advance(61_000);
    const second = await claim('successor');
    const item = await delivery.outbox.getById(first.doc._id);
    expect(await delivery.outbox.beginAttempt({ ...item, fence: first.fence }, 'zombie')).toBeNull();
    expect(await delivery.outbox.beginAttempt({ ...item, fence: second.fence }, 'successor')).not.toBeNull();
  });

  it('ends the claim with the move: a renewal that comes late does not bring a finished item back', async () => {
    await delivery.enqueue(mailbox);
    const held = await claim();
    const begun = (await delivery.outbox.beginAttempt(await delivery.outbox.getById(held.doc._id), 'a'))!;
    expect(await delivery.outbox.renew(held.doc._id, held.fence)).toBe(true);
    await delivery.outbox.finishAttempt(begun, 'accepted', { phase: 'awaiting-reply', responseCode: 250, error: null });
    expect(await delivery.outbox.renew(held.doc._id, held.fence)).toBe(false);
    expect(await delivery.outbox.getById(held.doc._id)).toMatchObject({ state: 'sent', runAt: null, owner: null });
  });

  it('records each attempt and its end', async () => {
    await delivery.enqueue(mailbox);
    for (let no = 1; no <= 2; no++) {
      const { doc } = await claim();
      const begun = (await delivery.outbox.beginAttempt(await delivery.outbox.getById(doc._id), 'host'))!;
      expect(begun.attempts.at(-1)).toMatchObject({ no, host: 'host', phase: null, responseCode: null });
      const end = { phase: 'awaiting-reply', responseCode: 451, error: 'later' } as const;
      const after = await delivery.outbox.finishAttempt(begun, 'retry', end, { runAt: delivery.clock.now() });
      expect(after!.attempts).toHaveLength(no);
      expect(after!.attempts.at(-1)).toMatchObject({ no, ...end });
    }
  });

  it('makes every move only from the states of the table', async () => {
    const { id } = await delivery.enqueue(mailbox);
    expect(await delivery.outbox.resolve(id, 'resend')).toBeNull();
    expect(await delivery.outbox.resolve(id, 'close')).toBeNull();
    expect(await delivery.outbox.cancel(id)).toMatchObject({ state: 'cancelled', runAt: null });
    expect(await delivery.outbox.cancel(id)).toBeNull();
    expect((await delivery.outbox.getById(id)).history.map((entry) => entry.to)).toEqual(['scheduled', 'cancelled']);
  });
});

describe('evidence', () => {
  const attempted = async (event: 'lost' | 'retry') => {
    await delivery.enqueue(mailbox);
    const { doc } = await claim();
    const begun = (await delivery.outbox.beginAttempt(await delivery.outbox.getById(doc._id), 'a'))!;
    return (await delivery.outbox.finishAttempt(begun, event, null, { runAt: delivery.clock.now() }))!;
  };

  it.each(['lost', 'retry'] as const)('settles a mail that ended with %s', async (event) => {
    const item = await attempted(event);
    expect(await delivery.outbox.settleByEvidence(item.messageId, 'bounce', 'none')).toMatchObject({
      state: 'sent',
      evidence: 'bounce',
      runAt: null,
    });
  });

  it('does not believe proof of a mail that was never tried', async () => {
    const item = await delivery.enqueue(mailbox);
    expect(await delivery.outbox.settleByEvidence(item.messageId, 'customer_reply', 'none')).toBeNull();
    expect(await delivery.reconcile.recordEvidence(item.messageId, 'customer_reply')).toBe(false);
  });

  it('knows the mail by the id that the server gave it, too', async () => {
    const item = await attempted('lost');
    await store.connection
      .collection<{ _id: string }>('outbox')
      .updateOne({ _id: item.id }, { $set: { serverMessageId: '<server@provider.test>' } });
    expect(await delivery.reconcile.recordEvidence('<server@provider.test>', 'customer_reply')).toBe(true);
    expect((await delivery.outbox.getById(item.id)).state).toBe('sent');
  });

  it('ignores ids that are not ours', async () => {
    expect(await delivery.reconcile.recordEvidence('<other@elsewhere.test>', 'bounce')).toBe(false);
  });
});

describe('lists', () => {
  it('pages newest first, filters, and leaves the bytes in the store', async () => {
    const items = [await delivery.enqueue(mailbox), await delivery.enqueue(mailbox), await delivery.enqueue(mailbox)];
    await delivery.outbox.cancel(items[0]!.id);
    const first = await delivery.queries.list({ mailboxId: mailbox.id }, { limit: 2, cursor: undefined });
    expect(first.items.map((item) => item.id)).toEqual([items[2]!.id, items[1]!.id]);
    expect(first.items[0]).not.toHaveProperty('mime');
    const rest = await delivery.queries.list({ mailboxId: mailbox.id }, { limit: 2, cursor: first.nextCursor! });
    expect(rest).toMatchObject({ items: [{ id: items[0]!.id }], nextCursor: null });
    const cancelled = await delivery.queries.list({ state: 'cancelled' }, { limit: 5, cursor: undefined });
    expect(cancelled.items.map((item) => item.id)).toEqual([items[0]!.id]);
  });

  it('tells what was settled, how deep the queue is and since when', async () => {
    const since = new Date(Date.now() - 1000);
    const runAt = new Date(Date.now() - 5000);
    const item = await delivery.enqueue(mailbox, { runAt });
    expect(await delivery.queries.queueState()).toEqual({ depth: 1, oldestRunAt: runAt });
    await delivery.outbox.cancel(item.id);
    expect(await delivery.queries.queueState()).toEqual({ depth: 0, oldestRunAt: null });
    expect((await delivery.queries.listSettledSince(since, 10)).map((settled) => settled.id)).toEqual([item.id]);
    expect(await delivery.queries.countByState('cancelled')).toBe(1);
  });
});
