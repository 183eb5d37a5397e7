import { mongo } from 'mongoose';
import { armFailpoints } from '../../src/common/failpoint';
import { aMailStore, FrozenClock } from '../support/mail-store';
import { startStore, type TestStore } from '../support/store';

const MAILBOX = { id: 'a'.repeat(24), name: 'Support' };
const receivedAt = new Date('2026-11-20T08:00:00Z');
const aMail = (id: string, body = 'Hello'): Buffer =>
  Buffer.from(`Message-ID: <${id}@customer.test>\r\nFrom: ann@customer.test\r\nSubject: x\r\n\r\n${body}\r\n`);

describe('raw mail intake on a real store', () => {
  let store: TestStore;
  let clock: FrozenClock;
  let mail: Awaited<ReturnType<typeof aMailStore>>;

  beforeAll(async () => {
    store = await startStore();
    clock = new FrozenClock();
    mail = await aMailStore(store.connection, clock);
  });
  afterAll(() => store.stop());
  afterEach(() => armFailpoints(''));

  it('stores the untouched bytes and queues one email', async () => {
    const woken = jest.fn();
    mail.wakeUp.on('process', woken);
    const bytes = Buffer.concat([aMail('bytes'), Buffer.from([0, 255, 10, 13])]);
    const accepted = await mail.intake.accept(MAILBOX, { source: 'upload', bytes, receivedAt });

    expect(accepted.isNew).toBe(true);
    expect(await mail.rawMessages.readBytes(accepted.rawId)).toEqual(bytes);
    const email = await mail.emails.getById(accepted.emailId);
    expect(email).toMatchObject({ state: 'received', rawId: accepted.rawId, mailboxId: MAILBOX.id, receivedAt });
    expect(woken).toHaveBeenCalledTimes(1);
  });

  it('takes the same mail once, however often and from wherever it comes', async () => {
    const bytes = aMail('same');
    const place = { source: 'imap' as const, folder: 'INBOX', uidValidity: '7', uid: 3 };
    const all = await Promise.all([
      mail.intake.accept(MAILBOX, { ...place, bytes, receivedAt }),
      mail.intake.accept(MAILBOX, { ...place, bytes, receivedAt }),
      mail.intake.accept(MAILBOX, { ...place, uidValidity: '8', uid: 1, bytes, receivedAt }),
      mail.intake.accept(MAILBOX, { source: 'upload', bytes, receivedAt }),
    ]);
    expect(new Set(all.map((one) => one.rawId)).size).toBe(1);
    expect(new Set(all.map((one) => one.emailId)).size).toBe(1);
    expect(all.filter((one) => one.isNew)).toHaveLength(1);
  });

  it('keeps two mails with the same Message-ID and different content (an attacker must not pre-empt a mail)', async () => {
    const first = await mail.intake.accept(MAILBOX, { source: 'imap', bytes: aMail('reused', 'one'), receivedAt });
    const second = await mail.intake.accept(MAILBOX, { source: 'imap', bytes: aMail('reused', 'two'), receivedAt });
    expect(second.isNew).toBe(true);
    expect(second.emailId).not.toBe(first.emailId);
  });

  it('stores the mail again for another mailbox', async () => {
    const bytes = aMail('two-mailboxes');
    const first = await mail.intake.accept(MAILBOX, { source: 'imap', bytes, receivedAt });
    const second = await mail.intake.accept(
      { id: 'b'.repeat(24), name: 'Sales' },
      { source: 'imap', bytes, receivedAt },
    );
    expect(second.isNew).toBe(true);
    expect(second.rawId).not.toBe(first.rawId);
  });

  it('makes the missing email after a crash between the two inserts: by the repeated call', async () => {
    armFailpoints('intake.after_raw=throw');
    const bytes = aMail('crash-1');
    const source = { source: 'imap' as const, folder: 'INBOX', uidValidity: '7', uid: 99, bytes, receivedAt };
    await expect(mail.intake.accept(MAILBOX, source)).rejects.toThrow('failpoint');
    const repeated = await mail.intake.accept(MAILBOX, source);
    expect(repeated.isNew).toBe(true);
    expect(await mail.emails.getById(repeated.emailId)).toMatchObject({ rawId: repeated.rawId, state: 'received' });
  });

  it('makes the missing email after a crash between the two inserts: by the sweeper, not before the grace time', async () => {
    armFailpoints('intake.after_raw=throw');
    const lost = mail.intake.accept(MAILBOX, { source: 'upload', bytes: aMail('crash-2'), receivedAt });
    await expect(lost).rejects.toThrow('failpoint');
    expect(await mail.intake.sweep(60_000)).toBe(0);
    clock.advance(61_000);
    expect(await mail.intake.sweep(60_000)).toBe(1);
    expect(await mail.intake.sweep(60_000)).toBe(0);
  });

  it('keeps mails above 8 MB in GridFS, readable by any tool, once', async () => {
    const bytes = Buffer.concat([aMail('large'), Buffer.alloc(9 * 1024 * 1024, 'abcdefghij')]);
    const first = await mail.intake.accept(MAILBOX, { source: 'upload', bytes, receivedAt });
    const second = await mail.intake.accept(MAILBOX, { source: 'upload', bytes, receivedAt });
    expect(second).toEqual({ ...first, isNew: false });
    expect((await mail.rawMessages.readBytes(first.rawId)).equals(bytes)).toBe(true);

    const bucket = new mongo.GridFSBucket(store.connection.db!, { bucketName: 'raw' });
    const parts: Buffer[] = [];
    for await (const part of bucket.openDownloadStream(first.rawId as never)) parts.push(part as Buffer);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect(await bucket.find({}).toArray()).toHaveLength(1);
  });

  it('tells when bytes are gone', async () => {
    await expect(mail.rawMessages.readBytes('f'.repeat(24))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
