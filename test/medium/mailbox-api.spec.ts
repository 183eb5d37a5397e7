import { AuditService } from '../../src/auth/audit.service';
import type { MailboxView } from '../../src/mail/mailbox/mailbox.dto';
import { MailboxModule } from '../../src/mail/mailbox/mailbox.module';
import { MailboxRepository } from '../../src/mail/mailbox/mailbox.repository';
import { MailboxSecrets } from '../../src/mail/mailbox/mailbox-secrets.service';
import { addUser, type AuthApp, bearer, login, startAuthApp, type Tokens } from '../support/auth-app';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(30_000);

const IMAP = { host: 'imap.example.org', user: 'support@example.org', secret: 'imap password 1' };
const SMTP = { host: 'smtp.example.org', user: 'support@example.org', secret: 'smtp password 2' };

describe('/admin/mailboxes', () => {
  let store: TestStore;
  let app: AuthApp;
  let admin: Tokens;
  let viewer: Tokens;
  let count = 0;

  beforeAll(async () => {
    store = await startStore();
    app = await startAuthApp(store.uri, { modules: [MailboxModule] });
    admin = await login(app);
    viewer = (await addUser(app, admin, 'vera', 'viewer')).tokens;
  });

  afterAll(async () => {
    await app?.stop();
    await store?.stop();
  });

  const call = (method: 'get' | 'post' | 'patch' | 'delete', path = '', who: Tokens = admin) =>
    app.http[method](`/admin/mailboxes${path}`).set(...bearer(who));

  const create = async (body: Record<string, unknown> = {}) => {
    const name = `support ${++count}`;
    const address = `support${count}@example.org`;
    const answer = await call('post').send({ name, address, ...body });
    return { status: answer.status, body: answer.body as MailboxView, text: answer.text };
  };

  it('makes a mailbox with careful defaults', async () => {
    const { status, body } = await create({ imap: IMAP, smtp: SMTP });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      imap: {
        host: 'imap.example.org',
        port: 993,
        security: 'tls',
        folder: 'INBOX',
        fetchFrom: 'now',
        hasSecret: true,
      },
      smtp: { port: 587, hasSecret: true },
      policy: { mode: 'review', modeByCategory: {}, undoWindowSeconds: null },
      paused: false,
      managed: null,
      sync: { state: 'never', lastSuccessAt: null },
    });
    expect(new Date(body.createdAt).getTime()).toBeGreaterThan(0);
  });

  it('never shows a secret, and stores it encrypted', async () => {
    const { body, text } = await create({ imap: IMAP, smtp: SMTP });
    const shown = await call('get', `/${body.id}`, viewer).expect(200);
    const listed = await call('get', '', viewer).expect(200);
    for (const answer of [text, shown.text, listed.text]) expect(answer).not.toMatch(/password \d|v1:/);
    const stored = await app.app.get(MailboxRepository).findById(body.id);
    expect(stored?.imap?.secret).toMatch(/^v1:/);
    expect(app.app.get(MailboxSecrets).open(stored!, 'imap')).toBe('imap password 1');
    expect(app.app.get(MailboxSecrets).open(stored!, 'smtp')).toBe('smtp password 2');
  });

  it('keeps the secret through a change that leaves it out, but never sends it to another host or user', async () => {
    const { body } = await create({ imap: IMAP });
    const { secret: _secret, ...rest } = IMAP;
    await call('patch', `/${body.id}`)
      .send({ imap: { ...rest, folder: 'Support' } })
      .expect(200);
    const stored = await app.app.get(MailboxRepository).findById(body.id);
    expect(app.app.get(MailboxSecrets).open(stored!, 'imap')).toBe('imap password 1');
    for (const change of [{ host: 'evil.example.org' }, { user: 'other@example.org' }]) {
      const refused = await call('patch', `/${body.id}`).send({ imap: { ...rest, ...change } });
      expect(refused.status).toBe(400);
      expect(refused.text).toContain('enter the password again');
    }
  });

  it('starts anew in another folder, and goes on where it was otherwise', async () => {
    const { body } = await create({ imap: IMAP });
    const mailboxes = app.app.get(MailboxRepository);
    const start = (await mailboxes.findById(body.id))!.cursor!;
    await mailboxes.advanceCursor(body.id, start, { uidValidity: '7', lastUid: 42, since: null });
    await call('patch', `/${body.id}`)
      .send({ imap: { ...IMAP, secret: 'a new one' } })
      .expect(200);
    expect((await mailboxes.findById(body.id))!.cursor).toMatchObject({ uidValidity: '7', lastUid: 42 });
    await call('patch', `/${body.id}`)
      .send({ imap: { ...IMAP, folder: 'Other' } })
      .expect(200);
    expect((await mailboxes.findById(body.id))!.cursor).toMatchObject({ uidValidity: '', lastUid: 0 });
  });

  it('lets one mailbox only have a name or an address, as its own or as an alias', async () => {
    const { body } = await create({ aliases: ['Help@Example.org'] });
    expect(body.aliases).toEqual(['help@example.org']);
    expect((await create({ name: body.name })).status).toBe(409);
    expect((await create({ address: body.address })).status).toBe(409);
    expect((await create({ address: 'help@example.org' })).status).toBe(409);
    expect((await create({ aliases: [body.address] })).status).toBe(409);
    await call('patch', `/${body.id}`)
      .send({ aliases: ['help@example.org', 'sos@example.org'] })
      .expect(200);
  });

  it.each([
    ['no address', { address: 'support' }],
    ['a name of two lines', { name: 'a\nBcc: x@y.z' }],
    ['a host with a path', { imap: { ...IMAP, host: 'example.org/x' } }],
    ['a folder with a line break', { imap: { ...IMAP, folder: 'INBOX\r\nA1 LOGOUT' } }],
    ['an unknown mode', { policy: { mode: 'auto' } }],
    ['a category that would be an operator', { policy: { modeByCategory: { $where: 'off' } } }],
    ['a port out of range', { smtp: { ...SMTP, port: 70_000 } }],
  ])('refuses %s', async (_, change) => {
    expect((await create(change)).status).toBe(400);
  });

  it('changes the policy in part', async () => {
    const { body } = await create();
    const change = { mode: 'shadow', modeByCategory: { billing: 'off' }, signature: 'The team' };
    const changed = await call('patch', `/${body.id}/policy`).send(change).expect(200);
    expect(changed.body.policy).toMatchObject({ ...change, tone: 'friendly' });
  });

  it('pauses and resumes, and takes a request to look for mail', async () => {
    const { body } = await create({ imap: IMAP });
    expect((await call('post', `/${body.id}/pause`).expect(200)).body.paused).toBe(true);
    await call('post', `/${body.id}/sync`).expect(409);
    expect((await call('post', `/${body.id}/resume`).expect(200)).body.paused).toBe(false);
    await call('post', `/${body.id}/sync`).expect(202);
    const withoutImap = await create();
    await call('post', `/${withoutImap.body.id}/sync`).expect(409);
  });

  it('goes on at once when somebody resumes a mailbox whose login was refused', async () => {
    const { body } = await create({ imap: IMAP });
    const mailboxes = app.app.get(MailboxRepository);
    const refused = {
      paused: true,
      pausedReason: 'refused',
      'sync.state': 'auth_failed',
      'sync.lastErrorAt': new Date(),
    };
    await mailboxes.recordSync(body.id, refused);
    expect((await mailboxes.listPolled()).some((mailbox) => mailbox.id === body.id)).toBe(true);
    const resumed = await call('post', `/${body.id}/resume`).expect(200);
    expect(resumed.body).toMatchObject({ paused: false, pausedReason: null, sync: { state: 'never' } });
    await mailboxes.recordSync(body.id, refused);
    const changed = await call('patch', `/${body.id}`).send({ imap: { ...IMAP, secret: 'right' } });
    expect(changed.body).toMatchObject({ paused: false, pausedReason: null, sync: { state: 'never' } });
  });

  it('does not let settings of managed mailboxes be changed here', async () => {
    const { items } = (await call('get').expect(200)).body as { items: MailboxView[] };
    const builtin = items.find((item) => item.managed === 'builtin')!;
    expect(builtin.name).toBe('local');
    await call('patch', `/${builtin.id}`).send({ name: 'mine' }).expect(409);
    await call('delete', `/${builtin.id}`).expect(409);
    await call('patch', `/${builtin.id}/policy`).send({ tone: 'formal' }).expect(200);
  });

  it('tells what is wrong with servers that cannot be used', async () => {
    const local = { host: '127.0.0.1', port: 1, user: 'u', secret: 'geheim-1' };
    const { body } = await create({ imap: local, smtp: { ...local, security: 'starttls' } });
    const tested = await call('post', `/${body.id}/test`).expect(200);
    expect(tested.body).toMatchObject({
      imap: { ok: false, message: expect.stringContaining('refused the connection') },
      smtp: { ok: false, message: expect.stringContaining('refused the connection') },
    });
    expect(tested.text).not.toContain('geheim');
    const metadata = await create({ imap: { ...local, host: '169.254.169.254' } });
    const refused = await call('post', `/${metadata.body.id}/test`).expect(200);
    expect(refused.body.imap.message).toMatch(/link-local/);
  });

  it('writes every change into the audit log', async () => {
    const { body } = await create({ imap: IMAP });
    await call('patch', `/${body.id}/policy`).send({ mode: 'off' }).expect(200);
    await call('delete', `/${body.id}`).expect(204);
    await call('get', `/${body.id}`).expect(404);
    const { items } = await app.app.get(AuditService).list({ limit: 10 }, { target: `mailbox:${body.id}` });
    expect(items.map((entry) => entry.action)).toEqual(['mailbox.delete', 'mailbox.policy', 'mailbox.create']);
    expect(items[1]!.fields).toEqual(expect.arrayContaining(['policy']));
  });

  it('is read by viewers and changed by administrators', async () => {
    const { body } = await create();
    await call('get', `/${body.id}`, viewer).expect(200);
    await call('post', '', viewer).send({ name: 'x', address: 'x@example.org' }).expect(403);
    for (const action of ['pause', 'resume', 'sync', 'test']) {
      await call('post', `/${body.id}/${action}`, viewer).expect(403);
    }
    await app.http.get('/admin/mailboxes').expect(401);
  });

  it('pages the list, newest first', async () => {
    const { body } = await create();
    const first = await call('get', '?limit=1').expect(200);
    expect(first.body.items[0].id).toBe(body.id);
    const second = await call('get', `?limit=1&cursor=${first.body.nextCursor}`).expect(200);
    expect(second.body.items[0].id < body.id).toBe(true);
  });
});
