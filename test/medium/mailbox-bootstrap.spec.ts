import { CredentialCipher } from '../../src/mail/mailbox/credential-cipher';
import { MailboxBootstrap } from '../../src/mail/mailbox/mailbox-bootstrap.service';
import { MailboxSecrets } from '../../src/mail/mailbox/mailbox-secrets.service';
import { AppConfig } from '../../src/config/app-config';
import { envSchema } from '../../src/config/env.schema';
import { aMailbox, anIntakeStore, type IntakeStore, quietLogger } from '../support/intake-store';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(30_000);

const KEY = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64');
const NEW_KEY = Buffer.from('vutsrqponmlkjihgfedcba9876543210').toString('base64');
const IMAP = {
  MAILBOX_ADDRESS: 'support@example.org',
  MAILBOX_IMAP_HOST: 'imap.example.org',
  MAILBOX_IMAP_PASSWORD: 'from the environment',
};

describe('mailboxes at start', () => {
  let store: TestStore;
  let intake: IntakeStore;

  beforeEach(async () => {
    store = await startStore();
    intake = await anIntakeStore(store.connection);
  });

  afterEach(() => store.stop());

  const replica = (env: Record<string, string> = {}, credentialsKey = KEY) => {
    const config = new AppConfig(envSchema.parse(env), { jwtSecret: '', credentialsKey }, '/nonexistent', false, false);
    const secrets = new MailboxSecrets(new CredentialCipher(config), intake.mailboxes);
    const bootstrap = new MailboxBootstrap(intake.mailboxes, secrets, config, intake.clock, quietLogger);
    return { secrets, run: () => bootstrap.run() };
  };

  it('makes the built-in mailbox when there is none, once for all replicas', async () => {
    await Promise.all([replica().run(), replica().run(), replica().run()]);
    expect(await intake.mailboxes.list(10)).toMatchObject([
      { name: 'local', address: 'support@localhost', managed: 'builtin', imap: null, smtp: null },
    ]);
    expect(await intake.directory.defaultMailbox()).toMatchObject({ name: 'local' });
  });

  it('makes none beside mailboxes that somebody added', async () => {
    await intake.mailboxes.insert(aMailbox({ name: 'mine' }));
    await replica().run();
    expect(await intake.mailboxes.count()).toBe(1);
    expect(await intake.directory.defaultMailbox()).toMatchObject({ name: 'mine' });
  });

  it('makes the mailbox of the environment, once for all replicas, and leaves it alone at the next start', async () => {
    await Promise.all([replica(IMAP).run(), replica(IMAP).run()]);
    const [made, ...others] = await intake.mailboxes.list(10);
    expect(others).toEqual([]);
    expect(made).toMatchObject({ address: 'support@example.org', managed: 'environment', policy: { mode: 'review' } });
    expect(replica().secrets.open(made!, 'imap')).toBe('from the environment');
    await replica(IMAP).run();
    expect((await intake.mailboxes.findById(made!.id))!.imap).toEqual(made!.imap);
  });

  it('applies changed variables, keeps the position, and overrules the mode only when MAILBOX_MODE changed', async () => {
    await replica(IMAP).run();
    const [before] = await intake.mailboxes.list(1);
    await intake.mailboxes.advanceCursor(before!.id, before!.cursor!, { uidValidity: '7', lastUid: 9, since: null });
    await intake.mailboxes.update(before!.id, { policy: { ...before!.policy, mode: 'shadow', tone: 'formal' } });
    await intake.mailboxes.recordSync(before!.id, {
      paused: true,
      pausedReason: 'refused',
      'sync.state': 'auth_failed',
    });

    await replica({ ...IMAP, MAILBOX_IMAP_PASSWORD: 'changed', MAILBOX_NAME: 'Support' }).run();
    const after = (await intake.mailboxes.findById(before!.id))!;
    expect(after).toMatchObject({
      name: 'Support',
      cursor: { uidValidity: '7', lastUid: 9 },
      policy: { mode: 'shadow', tone: 'formal' },
      paused: false,
      pausedReason: null,
      sync: { state: 'never' },
    });
    expect(replica().secrets.open(after, 'imap')).toBe('changed');

    await replica({ ...IMAP, MAILBOX_MODE: 'off' }).run();
    expect((await intake.mailboxes.findById(before!.id))!.policy).toMatchObject({ mode: 'off', tone: 'formal' });
  });

  it('takes over a mailbox of the same address, and pauses the former one when the address changes', async () => {
    const mine = await intake.mailboxes.insert(aMailbox({ address: 'support@example.org' }));
    await replica(IMAP).run();
    expect(await intake.mailboxes.findById(mine.id)).toMatchObject({ managed: 'environment' });
    await replica({ ...IMAP, MAILBOX_ADDRESS: 'help@example.org' }).run();
    expect(await intake.mailboxes.findById(mine.id)).toMatchObject({ managed: null, paused: true, pausedReason: null });
    expect(await intake.mailboxes.findManaged('environment')).toMatchObject({ address: 'help@example.org' });
  });

  it('encrypts secrets again after a change of the key', async () => {
    const old = replica();
    const id = aMailbox().id;
    const imap = { host: 'h', port: 993, security: 'tls', user: 'u', auth: 'password', tlsCa: null } as const;
    const folder = { folder: 'INBOX', fetchFrom: 'now', sentFolder: null } as const;
    const secret = old.secrets.seal(id, 'imap', 'kept');
    await intake.mailboxes.insert(aMailbox({ id, imap: { ...imap, ...folder, secret } }));
    await Promise.all([1, 2].map(() => replica({ CREDENTIALS_KEY_PREVIOUS: KEY }, NEW_KEY).run()));
    const rotated = (await intake.mailboxes.findById(id))!;
    expect(rotated.imap!.secret).not.toBe(secret);
    expect(replica({}, NEW_KEY).secrets.open(rotated, 'imap')).toBe('kept');
    expect(() => old.secrets.open(rotated, 'imap')).toThrow(/not configured/);
  });

  it('finds the mailbox of a recipient: address, alias, plus-address, or the built-in one while it is alone', async () => {
    await replica().run();
    expect(await intake.directory.findByRecipient('anybody@anywhere.example')).toMatchObject({ name: 'local' });
    const mine = await intake.mailboxes.insert(
      aMailbox({ name: 'mine', address: 'support@example.org', aliases: ['help@example.org', 'a+b@example.org'] }),
    );
    for (const recipient of ['Support@example.org', 'help@EXAMPLE.org', 'support+x@example.org', 'a+b@example.org']) {
      expect(await intake.directory.findByRecipient(recipient)).toMatchObject({ id: mine.id });
    }
    expect(await intake.directory.findByRecipient('anybody@anywhere.example')).toBeNull();
    expect(await intake.directory.findByRecipient('support@localhost')).toMatchObject({ name: 'local' });
  });
});
