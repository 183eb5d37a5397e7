import { newId } from '../../src/common/id';
import type { EmailState, HistoryEntry } from '../../src/mail/message/email.types';
import { aMailStore, FrozenClock } from '../support/mail-store';
import { startStore, type TestStore } from '../support/store';

const at = new Date('2026-11-20T08:00:00Z');
const entry = (from: EmailState, to: EmailState): HistoryEntry => ({ at, from, event: 'test', to, reason: null });

describe('EmailRepository on a real store', () => {
  let store: TestStore;
  let clock: FrozenClock;
  let mail: Awaited<ReturnType<typeof aMailStore>>;
  const aRaw = (mailboxId = newId()) => ({ id: newId(), mailboxId, receivedAt: at, source: 'smtp' as const });

  beforeAll(async () => {
    store = await startStore();
    clock = new FrozenClock();
    mail = await aMailStore(store.connection, clock);
  });
  afterEach(() => mail.emailModel.deleteMany({}));
  afterAll(() => store.stop());

  it('makes one email for a raw message, also in a race', async () => {
    const raw = aRaw();
    const made = await Promise.all([1, 2, 3].map(() => mail.emails.insertForRaw(raw)));
    expect(new Set(made.map((email) => email.id)).size).toBe(1);
    expect(made.filter((email) => email.isNew)).toHaveLength(1);
  });

  it('gives a due email to one of many workers', async () => {
    await mail.emails.insertForRaw(aRaw());
    const claims = await Promise.all(['a', 'b', 'c'].map((owner) => mail.emails.claimNext(owner)));
    expect(claims.filter(Boolean)).toHaveLength(1);
  });

  it('leaves emails of a newer workflow version alone', async () => {
    const email = await mail.emails.insertForRaw(aRaw());
    await mail.emailModel.updateOne({ _id: email.id }, { $set: { wfVersion: 999 } });
    expect(await mail.emails.claimNext('a')).toBeNull();
  });

  it('lets a step write only while it holds the claim and the state is as expected', async () => {
    const { id } = await mail.emails.insertForRaw(aRaw());
    const old = (await mail.emails.claimNext('a'))!;
    clock.advance(61_000);
    const current = (await mail.emails.claimNext('b'))!;
    expect(current.fence).toBe(old.fence + 1);

    const change = { state: 'parsed' as const, runAt: clock.now() };
    expect(await mail.emails.checkpoint(id, old.fence, 'received', change, entry('received', 'parsed'))).toBe(false);
    expect(await mail.emails.checkpoint(id, current.fence, 'classified', change)).toBe(false);
    expect(await mail.emails.checkpoint(id, current.fence, 'received', change, entry('received', 'parsed'))).toBe(true);
    const email = await mail.emails.getById(id);
    expect(email).toMatchObject({ state: 'parsed', claims: 0, attempts: 0, owner: null });
    expect(email.history).toEqual([entry('received', 'parsed')]);
  });

  it('gives an email back for a later try with what went wrong', async () => {
    const { id } = await mail.emails.insertForRaw(aRaw());
    const claim = (await mail.emails.claimNext('a'))!;
    const later = new Date(clock.now().getTime() + 5000);
    const lastError = { step: 'parse', code: 'UNAVAILABLE', message: 'x', at };
    expect(await mail.emails.release(id, claim.fence, later, { attempts: 1, lastError })).toBe(true);
    expect(await mail.emails.claimNext('a')).toBeNull();
    clock.advance(5000);
    expect((await mail.emails.claimNext('a'))?.doc).toMatchObject({ attempts: 1, lastError });
  });

  it('lets the first of two people win, and takes the claim from a running worker', async () => {
    const { id } = await mail.emails.insertForRaw(aRaw());
    const claim = (await mail.emails.claimNext('a'))!;
    const ignore = () =>
      mail.emails.transition(
        id,
        ['received', 'parsed'],
        { state: 'ignored', stateReason: 'spam' },
        entry('received', 'ignored'),
      );
    const results = await Promise.all([ignore(), ignore()]);
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(results.find(Boolean)).toMatchObject({ state: 'ignored', stateReason: 'spam', runAt: null, owner: null });
    expect(await mail.emails.checkpoint(id, claim.fence, 'received', { state: 'parsed', runAt: null })).toBe(false);
    expect(await mail.emails.renew(id, claim.fence)).toBe(false);
  });

  it('keeps the last hundred history entries', async () => {
    const { id } = await mail.emails.insertForRaw(aRaw());
    for (let i = 0; i < 103; i++) {
      await mail.emails.transition(
        id,
        'received',
        { state: 'received' },
        { ...entry('received', 'received'), reason: `${i}` },
      );
    }
    const { history } = await mail.emails.getById(id);
    expect(history).toHaveLength(100);
    expect(history.at(-1)!.reason).toBe('102');
  });

  it('lists by every filter, newest first, in pages, without texts', async () => {
    const mailboxId = newId();
    for (let i = 0; i < 5; i++) {
      const { id } = await mail.emails.insertForRaw(aRaw(mailboxId));
      const parsed = {
        subject: `Refund ${i}`,
        text: 'secret',
        messageId: `<${i}@x.test>`,
        searchKeys: [`refund ${i} (x)`, 'ann@x.test'],
      };
      const classification = { category: i % 2 ? 'billing' : 'sales', priority: 'high' };
      await mail.emails.transition(
        id,
        'received',
        { state: 'in_review', parsed, classification } as never,
        entry('received', 'in_review'),
      );
    }
    await mail.emails.insertForRaw(aRaw());
    const { list } = { list: mail.emailQueries.list.bind(mail.emailQueries) };

    const first = await list({ mailboxId }, { limit: 3 });
    const second = await list({ mailboxId }, { limit: 3, cursor: first.nextCursor! });
    const subjects = [...first.items, ...second.items].map((email) => email.parsed!.subject);
    expect(subjects).toEqual(['Refund 4', 'Refund 3', 'Refund 2', 'Refund 1', 'Refund 0']);
    expect(second.nextCursor).toBeNull();
    expect(first.items[0]!.parsed).not.toHaveProperty('text');

    const count = async (filter: Parameters<typeof list>[0]) => (await list(filter, { limit: 10 })).items.length;
    expect(await count({ state: 'in_review' })).toBe(5);
    expect(await count({ state: ['in_review', 'received'] })).toBe(6);
    expect(await count({ category: 'billing' })).toBe(2);
    expect(await count({ category: 'sales', priority: 'low' })).toBe(0);
    expect(await count({ q: 'Refund 3 (' })).toBe(1);
    expect(await count({ q: 'ANN@' })).toBe(5);
    expect(await count({ q: '.*' })).toBe(0);
    expect((await mail.emailQueries.countByState()).in_review).toBe(5);
    expect(await mail.emailQueries.findByMessageIds(mailboxId, ['<1@x.test>', '<9@x.test>'])).toHaveLength(1);
    expect(await mail.emailQueries.findByMessageIds(newId(), ['<1@x.test>'])).toHaveLength(0);
  });

  it('counts dead letters by the step that failed', async () => {
    for (const step of ['parse', 'parse', 'classify']) {
      const { id } = await mail.emails.insertForRaw(aRaw());
      const lastError = { step, code: 'MAIL_LIMIT', message: 'x', at };
      await mail.emails.transition(
        id,
        'received',
        { state: 'quarantined', lastError },
        entry('received', 'quarantined'),
      );
    }
    expect((await mail.emailQueries.countDeadLetters()).sort((a, b) => a.count - b.count)).toEqual([
      { step: 'classify', count: 1 },
      { step: 'parse', count: 2 },
    ]);
    expect((await mail.emailQueries.listDeadLetters({ limit: 2 })).items).toHaveLength(2);
  });
});
