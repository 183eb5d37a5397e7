import { HostGuard } from '../../src/mail/mailbox/host-guard';
import { ConnectionTester } from '../../src/mail/mailbox/connection-tester.service';
import type { Mailbox } from '../../src/mail/mailbox/mailbox.types';
import { SentFolderService } from '../../src/mail/mailbox/sent-folder.service';
import { aMailbox, anIntakeStore, type IntakeStore } from '../support/intake-store';
import { MailStack } from '../support/mailstack';
import { startStore, type TestStore } from '../support/store';

const reply = (messageId: string): Buffer =>
  Buffer.from(
    `From: support@support.test\r\nTo: ada@customer.test\r\nMessage-ID: ${messageId}\r\nSubject: Re\r\n\r\nHi\r\n`,
  );

jest.setTimeout(60_000);

describe('sent folder and connection test on a real Dovecot and Postfix', () => {
  let stack: MailStack;
  let store: TestStore;
  let intake: IntakeStore;
  let sent: SentFolderService;
  let tester: ConnectionTester;

  beforeAll(async () => {
    stack = await MailStack.start(5);
    store = await startStore();
    intake = await anIntakeStore(store.connection);
    sent = new SentFolderService(intake.connector);
    tester = new ConnectionTester(intake.connector, new HostGuard(intake.config), intake.secrets);
  }, 60_000);

  afterAll(async () => {
    await store?.stop();
    await stack?.stop();
  }, 60_000);

  const mailboxOf = (user: string, plain = MailStack.PASSWORD, imap = {}): Promise<Mailbox> =>
    intake.addImapMailbox({ port: stack.ports.imaps, user, tlsCa: stack.ca, plain, ...imap });

  it('puts one copy into the folder marked \\Sent, however often it is asked to', async () => {
    const mailbox = await mailboxOf('u1@support.test');
    expect(await sent.hasMessage(mailbox, '<reply-1@support.test>')).toBe(false);
    expect(await sent.append(mailbox, '<reply-1@support.test>', reply('<reply-1@support.test>'))).toBe('appended');
    expect(await sent.append(mailbox, '<reply-1@support.test>', reply('<reply-1@support.test>'))).toBe('present');
    expect(await sent.hasMessage(mailbox, '<reply-1@support.test>')).toBe(true);
    expect(await sent.hasMessage(mailbox, '<reply-11@support.test>')).toBe(false);
    const copies = await stack.messages('u1@support.test', 'Sent');
    expect(copies).toHaveLength(1);
    expect(copies[0]!.source).toBe(reply('<reply-1@support.test>').toString());
    expect(copies[0]!.flags.has('\\Seen')).toBe(true);
  });

  it('uses the configured folder, and says so when there is no IMAP', async () => {
    await stack.asUser('u2@support.test', (client) => client.mailboxCreate('Answers'));
    const mailbox = await mailboxOf('u2@support.test', undefined, { sentFolder: 'Answers' });
    expect(await sent.append(mailbox, '<reply-2@support.test>', reply('<reply-2@support.test>'))).toBe('appended');
    expect(await stack.messages('u2@support.test', 'Answers')).toHaveLength(1);
    const withoutImap = await intake.mailboxes.insert(aMailbox());
    expect(await sent.append(withoutImap, '<x@y>', reply('<x@y>'))).toBe('no_folder');
    expect(await sent.hasMessage(withoutImap, '<x@y>')).toBe(false);
  });

  it('raises what it could not look up, instead of calling it absent', async () => {
    const mailbox = await mailboxOf('u3@support.test', 'wrong');
    await expect(sent.hasMessage(mailbox, '<x@y>')).rejects.toMatchObject({ code: 'MAIL_AUTH' });
    const elsewhere = await mailboxOf('u3@support.test', MailStack.PASSWORD, { sentFolder: 'Missing' });
    await expect(sent.append(elsewhere, '<x@y>', reply('<x@y>'))).rejects.toMatchObject({ code: 'MAIL_CONNECTION' });
  });

  it('tells for each server whether the login works, without secrets', async () => {
    const smtp = (plain: string, port = stack.ports.submission, id = '') => ({
      host: '127.0.0.1',
      port,
      security: 'starttls' as const,
      user: 'u4@support.test',
      auth: 'password' as const,
      secret: intake.secrets.seal(id, 'smtp', plain),
      tlsCa: stack.ca,
    });
    const mailbox = await mailboxOf('u4@support.test');
    const good = { ...mailbox, smtp: smtp(MailStack.PASSWORD, undefined, mailbox.id) };
    expect(await tester.test(good)).toEqual({
      imap: { ok: true, message: 'Logged in; the folder holds 0 mails.' },
      smtp: { ok: true, message: 'Logged in.' },
    });
    const wrong = await mailboxOf('u4@support.test', 'hunter2hunter2');
    const bad = await tester.test({ ...wrong, smtp: smtp('hunter2hunter2', undefined, wrong.id) });
    expect(bad.imap).toMatchObject({ ok: false, message: expect.stringContaining('refused the login') as string });
    expect(bad.smtp).toMatchObject({ ok: false, message: expect.stringContaining('refused the login') as string });
    expect(JSON.stringify(bad)).not.toMatch(/hunter2|u4@/);
    const closed = await tester.test({ ...mailbox, imap: null, smtp: smtp('x', 1, mailbox.id) });
    expect(closed).toEqual({
      imap: null,
      smtp: { ok: false, message: expect.stringContaining('refused the connection') as string },
    });
  });
});
