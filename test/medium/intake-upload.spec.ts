import { IntakeModule } from '../../src/mail/intake/intake.module';
import { MailboxDirectory } from '../../src/mail/mailbox/mailbox-directory.service';
import { MailboxRepository } from '../../src/mail/mailbox/mailbox.repository';
import { addUser, type AuthApp, bearer, login, startAuthApp, type Tokens } from '../support/auth-app';
import { aMailbox } from '../support/intake-store';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(30_000);

let count = 0;
const aMail = (subject = 'Uploaded'): string =>
  `From: ada@customer.example\r\nMessage-ID: <up-${++count}@customer.example>\r\nSubject: ${subject}\r\n\r\nHello ${count}\r\n`;
const mboxOf = (...mails: string[]): string =>
  mails.map((mail) => `From x Mon Jan  1 00:00:00 2026\n${mail}\n`).join('');

describe('POST /emails/import', () => {
  let store: TestStore;
  let app: AuthApp;
  let agent: Tokens;

  beforeAll(async () => {
    store = await startStore();
    app = await startAuthApp(store.uri, { modules: [IntakeModule], env: { SMTP_INTAKE_PORT: '0', ROLE: 'api' } });
    agent = (await addUser(app, await login(app), 'agnes', 'agent')).tokens;
  });

  afterAll(async () => {
    await app?.stop();
    await store?.stop();
  });

  const upload = (query = '') => app.http.post(`/emails/import${query}`).set(...bearer(agent));
  const stored = (mailboxId: string) => store.connection.collection('raw_messages').countDocuments({ mailboxId });

  it('takes mails and archives from several files, and knows them the second time', async () => {
    const { id } = await app.app.get(MailboxDirectory).defaultMailbox();
    const before = await stored(id);
    const files = [aMail('single'), mboxOf(aMail('first'), aMail('second'))];
    const first = await upload()
      .attach('file', Buffer.from(files[0]!), 'a.eml')
      .attach('file', Buffer.from(files[1]!), 'b.mbox');
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ items: Array(3).fill({ emailId: expect.any(String), isNew: true }), refused: 0 });
    const again = await upload().attach('file', Buffer.from(files[0]!), 'renamed.eml').expect(200);
    expect(again.body.items).toEqual([{ emailId: first.body.items[0].emailId, isNew: false }]);
    expect(await stored(id)).toBe(before + 3);
  });

  it('takes one mail as body, into the mailbox that is named', async () => {
    const mailbox = await app.app.get(MailboxRepository).insert(aMailbox());
    const answer = await upload(`?mailboxId=${mailbox.id}`)
      .set('content-type', 'message/rfc822')
      .send(aMail())
      .expect(200);
    expect(answer.body.items).toHaveLength(1);
    expect(await stored(mailbox.id)).toBe(1);
    await upload().field('mailboxId', mailbox.id).attach('file', Buffer.from(aMail()), 'a.eml').expect(200);
    expect(await stored(mailbox.id)).toBe(2);
  });

  it('counts what is no mail, and refuses an upload of nothing else', async () => {
    const picture = Buffer.from('89504e470d0a1a0a', 'hex');
    const mixed = await upload()
      .attach('file', picture, 'p.png')
      .attach('file', Buffer.from(aMail()), 'a.eml')
      .expect(200);
    expect(mixed.body).toMatchObject({ items: [{ isNew: true }], refused: 1 });
    await upload().attach('file', picture, 'p.eml').expect(400);
    await upload().field('mailboxId', 'x'.repeat(24)).attach('file', Buffer.from(aMail()), 'a.eml').expect(400);
    await upload('?mailboxId=ffffffffffffffffffffffff').attach('file', Buffer.from(aMail()), 'a.eml').expect(404);
    await upload().send({ some: 'json' }).expect(400);
    await upload().set('content-type', 'message/rfc822').send('').expect(400);
  });

  it('refuses more than it would hold in memory, and more mails than a caller would wait for', async () => {
    const large = await upload()
      .set('content-type', 'message/rfc822')
      .set('content-length', String(65 * 1024 * 1024))
      .send('x');
    expect(large.status).toBe(413);
    const many = mboxOf(...Array.from({ length: 1001 }, () => 'Subject: x\n\ny\n'));
    await upload().attach('file', Buffer.from(many), 'many.mbox').expect(413);
  });

  it('is for agents', async () => {
    const viewer = (await addUser(app, await login(app), 'vera', 'viewer')).tokens;
    await app.http
      .post('/emails/import')
      .set(...bearer(viewer))
      .attach('file', Buffer.from(aMail()), 'a.eml')
      .expect(403);
    await app.http.post('/emails/import').attach('file', Buffer.from(aMail()), 'a.eml').expect(401);
  });
});
