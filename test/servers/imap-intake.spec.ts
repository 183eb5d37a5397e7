import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../src/common/errors';
import { armFailpoints } from '../../src/common/failpoint';
import { ImapSupervisor, type SupervisorOptions } from '../../src/mail/intake/imap-supervisor.service';
import type { ImapSettings, Mailbox } from '../../src/mail/mailbox/mailbox.types';
import { eventually } from '../support/eventually';
import { anIntakeStore, type IntakeStore } from '../support/intake-store';
import { MailStack } from '../support/mailstack';
import { SilentProxy } from '../support/silent-proxy';
import { startStore, type TestStore } from '../support/store';

const QUICK: Partial<SupervisorOptions> = {
  reconcileMs: 100,
  pollMs: 30_000,
  watchdogMs: 60_000,
  answerMs: 1_000,
  backoff: { baseMs: 100, capMs: 500 },
  leaseMs: 5_000,
};

const DAY_MS = 86_400_000;

const rawMail = (subject: string, text = 'Hello', messageId = `<${subject}@customer.test>`): string =>
  [
    'From: Ada <ada@customer.test>',
    'To: support@support.test',
    `Subject: ${subject}`,
    `Message-ID: ${messageId}`,
    'Date: Sun, 22 Nov 2026 10:00:00 +0000',
    '',
    text,
    '',
  ].join('\r\n');

jest.setTimeout(60_000);

describe('IMAP intake from a real Dovecot', () => {
  let stack: MailStack;
  let store: TestStore;
  let intake: IntakeStore;
  let supervisors: ImapSupervisor[] = [];
  let users = 0;

  beforeAll(async () => {
    stack = await MailStack.start(20);
    store = await startStore();
    intake = await anIntakeStore(store.connection);
  }, 60_000);

  afterAll(async () => {
    await store?.stop();
    await stack?.stop();
  }, 60_000);

  afterEach(async () => {
    armFailpoints('');
    await Promise.all(supervisors.map((supervisor) => supervisor.stop()));
    supervisors = [];
    for (const mailbox of await intake.mailboxes.list(100)) await intake.mailboxes.delete(mailbox.id);
  });

  const nextUser = (): string => `u${++users}@support.test`;

  const add = (user: string, imap: Partial<ImapSettings> & { plain?: string } = {}): Promise<Mailbox> =>
    intake.addImapMailbox({ port: stack.ports.imaps, user, tlsCa: stack.ca, plain: MailStack.PASSWORD, ...imap });

  const supervise = (options: Partial<SupervisorOptions> = {}): ImapSupervisor => {
    const supervisor = intake.supervisor();
    supervisor.start({ ...QUICK, owner: `replica ${supervisors.length}`, ...options });
    supervisors.push(supervisor);
    return supervisor;
  };

  const untilSynced = (mailbox: Mailbox): Promise<unknown> =>
    eventually(async () => (await intake.mailboxes.findById(mailbox.id))?.sync.lastSuccessAt);

  const untilSubjects = async (mailbox: Mailbox, count: number, timeoutMs = 20_000): Promise<string[]> => {
    let seen = 0;
    const isThere = async (): Promise<true | null> => {
      seen = await intake.emailModel.countDocuments({ mailboxId: mailbox.id });
      return seen >= count ? true : null;
    };
    await eventually(isThere, timeoutMs, () => ({ expected: count, seen }));
    return intake.subjectsOf(mailbox.id);
  };

  it('takes in what came since "from when", oldest first, and nothing older', async () => {
    const user = nextUser();
    const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
    await stack.append(user, rawMail('older'), 'INBOX', hoursAgo(30));
    await stack.append(user, rawMail('first'), 'INBOX', hoursAgo(20));
    await stack.append(user, rawMail('second'), 'INBOX', hoursAgo(2));
    const mailbox = await add(user, { fetchFrom: 'day' });
    supervise();
    await untilSynced(mailbox);
    expect(await intake.subjectsOf(mailbox.id)).toEqual(['first', 'second']);
    const [raw] = await intake.rawOf(mailbox.id);
    expect(Math.abs(raw!.receivedAt.getTime() - hoursAgo(20).getTime())).toBeLessThan(60_000);
  });

  it('leaves every flag in the mailbox as it was', async () => {
    const user = nextUser();
    await stack.append(user, rawMail('untouched'));
    const mailbox = await add(user, { fetchFrom: 'day' });
    supervise();
    await untilSubjects(mailbox, 1);
    const [mail] = await stack.messages(user);
    expect(mail!.flags.has('\\Seen')).toBe(false);
  });

  it('sees a mail that arrives during IDLE within 3 s, long before the next poll', async () => {
    const user = nextUser();
    const mailbox = await add(user);
    supervise();
    await untilSynced(mailbox);
    const sentAt = performance.now();
    await stack.send({ to: user, subject: 'arrived' });
    await untilSubjects(mailbox, 1);
    expect(performance.now() - sentAt).toBeLessThan(3_000);
  });

  it('loses and doubles nothing when the server ends the connection again and again', async () => {
    const user = nextUser();
    const mailbox = await add(user);
    supervise();
    await untilSynced(mailbox);
    const subjects = Array.from({ length: 24 }, (_, index) => `kicked ${index}`);
    for (const [index, subject] of subjects.entries()) {
      await stack.append(user, rawMail(subject, 'x', `<kicked-${index}@customer.test>`));
      if (index % 6 === 3) await stack.kick(user);
    }
    await untilSubjects(mailbox, subjects.length);
    expect(await intake.subjectsOf(mailbox.id)).toEqual(subjects);
  });

  it.each(['imap.after_fetch', 'imap.before_cursor'])(
    'repeats a batch that was cut off at %s without doubling it',
    async (point) => {
      const user = nextUser();
      const subjects = Array.from({ length: 60 }, (_, index) => `batch ${index}`);
      await stack.seed(
        user,
        subjects.map((subject, index) => Buffer.from(rawMail(subject, 'x', `<batch-${index}@customer.test>`))),
      );
      const mailbox = await add(user, { fetchFrom: 'day' });
      armFailpoints(`${point}=throw@2`);
      supervise();
      await untilSubjects(mailbox, 60);
      await eventually(async () =>
        (await intake.mailboxes.findById(mailbox.id))!.cursor!.lastUid === 60 ? true : null,
      );
      expect((await intake.subjectsOf(mailbox.id)).sort()).toEqual(subjects.sort());
      expect(await intake.emailModel.countDocuments({ mailboxId: mailbox.id })).toBe(60);
    },
  );

  it('stores each mail once when three replicas read the same mailbox in spite of the lease', async () => {
    const user = nextUser();
    const mails = Array.from({ length: 200 }, (_, index) => Buffer.from(rawMail(`mail ${index}`)));
    await stack.seed(user, mails);
    const mailbox = await add(user, { fetchFrom: 'day' });
    const replica = async (): Promise<void> => {
      for (;;) {
        const fresh = (await intake.mailboxes.findById(mailbox.id))!;
        const client = await intake.connector.connect(fresh);
        try {
          await client.mailboxOpen('INBOX', { readOnly: true });
          await intake.sync.pass(client, fresh, fresh.cursor!, () => undefined, new AbortController().signal);
          return;
        } catch (error) {
          if (!(error instanceof AppError && error.code === 'CONFLICT')) throw error;
        } finally {
          client.close();
        }
      }
    };
    await Promise.all([replica(), replica(), replica()]);
    expect((await intake.mailboxes.findById(mailbox.id))!.cursor!.lastUid).toBe(200);
    expect(new Set(await intake.subjectsOf(mailbox.id)).size).toBe(200);
    expect(await intake.emailModel.countDocuments({ mailboxId: mailbox.id })).toBe(200);
  });

  it('recognises known mails after the folder got a new UIDVALIDITY, and takes in the new one', async () => {
    const user = nextUser();
    const known = [1, 2, 3].map((number) => rawMail(`known ${number}`, 'x', `<known-${number}@customer.test>`));
    await stack.asUser(user, (client) => client.mailboxCreate('Support'));
    for (const mail of known) await stack.append(user, mail, 'Support');
    const mailbox = await add(user, { folder: 'Support', fetchFrom: 'week' });
    supervise({ pollMs: 500 });
    await untilSubjects(mailbox, 3);
    const before = (await intake.mailboxes.findById(mailbox.id))!.cursor!.uidValidity;

    // Dovecot makes a UIDVALIDITY of the clock's seconds: within one second the new folder would have the old number.
    await sleep(1_100);
    await stack.asUser(user, async (client) => {
      await client.mailboxDelete('Support');
      await client.mailboxCreate('Support');
    });
    for (const mail of [...known, rawMail('new one')]) await stack.append(user, mail, 'Support');

    const subjects = await untilSubjects(mailbox, 4);
    expect(subjects).toEqual(['known 1', 'known 2', 'known 3', 'new one']);
    const after = await eventually(async () => {
      const { cursor } = (await intake.mailboxes.findById(mailbox.id))!;
      return cursor!.lastUid >= 4 ? cursor : null;
    });
    expect(after.uidValidity).not.toBe(before);
    expect(after.since!.getTime()).toBeGreaterThanOrEqual(Date.now() - 14 * DAY_MS - 60_000);
  });

  it('gets over a connection that died silently during IDLE', async () => {
    const user = nextUser();
    const proxy = await SilentProxy.to(stack.ports.imaps);
    const mailbox = await add(user, { port: proxy.port });
    supervise({ pollMs: 1_000, answerMs: 500, watchdogMs: 3_000 });
    await untilSynced(mailbox);
    proxy.silence();
    await stack.append(user, rawMail('through the silence'));
    await untilSubjects(mailbox, 1, 8_000);
    expect(proxy.connections).toBeGreaterThanOrEqual(2);
    await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.stop()));
    await proxy.stop();
  });

  it('destroys a connection that hangs in the middle of a pass', async () => {
    const user = nextUser();
    await stack.append(user, rawMail('x'.repeat(50), 'y'.repeat(500_000)));
    const proxy = await SilentProxy.to(stack.ports.imaps);
    const mailbox = await add(user, { port: proxy.port, fetchFrom: 'day' });
    const connect = intake.connector.connect.bind(intake.connector);
    const hangs = jest.spyOn(intake.connector, 'connect').mockImplementationOnce(async (...args) => {
      const client = await connect(...args);
      proxy.silence(); // logged in, then nothing ever comes
      return client;
    });
    supervise({ watchdogMs: 1_000 });
    await untilSubjects(mailbox, 1, 20_000);
    expect(hangs).toHaveBeenCalledTimes(2);
    hangs.mockRestore();
    await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.stop()));
    await proxy.stop();
  });

  it('stops in bounded time when the server has fallen silent', async () => {
    const user = nextUser();
    const proxy = await SilentProxy.to(stack.ports.imaps);
    const mailbox = await add(user, { port: proxy.port });
    const supervisor = supervise({ stopMs: 500 });
    await untilSynced(mailbox);
    proxy.silence();
    const looking = supervisor.syncNow(mailbox.id); // never answered
    await sleep(200);
    const startedAt = performance.now();
    await supervisor.stop();
    await looking;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await proxy.stop();
  });

  it('pauses after a refused login, tries once in five minutes, and goes on with the new password', async () => {
    const user = nextUser();
    const mailbox = await add(user);
    supervise();
    await untilSynced(mailbox);
    await stack.setPassword(user, 'changed');
    await stack.kick(user);
    const paused = await eventually(async () => {
      const current = (await intake.mailboxes.findById(mailbox.id))!;
      return current.paused ? current : null;
    });
    expect(paused.sync.state).toBe('auth_failed');
    expect(paused.pausedReason).toMatch(/refused the login/);
    expect(paused.pausedReason).not.toContain(user);

    const refusals = (): number => stack.logLines('auth failed').filter((line) => line.includes(user)).length;
    await sleep(1_500);
    expect(refusals()).toBe(1);
    await supervisors[0]!.stop(); // another replica, or a restart, must keep to the limit too
    supervise();
    await sleep(1_500);
    expect(refusals()).toBe(1);

    const secret = intake.secrets.seal(mailbox.id, 'imap', 'changed');
    const { imap } = paused;
    const sync = { state: 'never', lastSuccessAt: null, lastErrorAt: null, lastError: null } as const;
    await intake.mailboxes.update(mailbox.id, { imap: { ...imap!, secret }, paused: false, pausedReason: null, sync });
    await stack.append(user, rawMail('after the change'));
    expect(await untilSubjects(mailbox, 1)).toEqual(['after the change']);
    expect((await intake.mailboxes.findById(mailbox.id))!.paused).toBe(false);
  });

  it('keeps two mails that share a Message-ID but not their content', async () => {
    const user = nextUser();
    const mailbox = await add(user, { fetchFrom: 'day' });
    await stack.append(user, rawMail('reused', 'first content'));
    await stack.append(user, rawMail('reused', 'other content'));
    await stack.append(user, rawMail('reused', 'first content')); // a true duplicate
    await stack.append(user, rawMail('last'));
    supervise();
    expect(await untilSubjects(mailbox, 3)).toEqual(['reused', 'reused', 'last']);
  });

  it('takes the headers of a 50 MB mail with a notice, and the mail after it', async () => {
    const user = nextUser();
    const line = Buffer.from('a'.repeat(76) + '\r\n');
    const body = Buffer.alloc(50 * 1024 * 1024, line);
    await stack.append(user, Buffer.concat([Buffer.from(rawMail('huge', '')), body]));
    await stack.append(user, rawMail('small'));
    const mailbox = await add(user, { fetchFrom: 'day' });
    supervise();
    expect(await untilSubjects(mailbox, 2, 30_000)).toEqual(['huge', 'small']);
    const [huge, small] = await intake.rawOf(mailbox.id);
    expect(huge).toMatchObject({ oversize: true });
    expect(huge!.size).toBeLessThan(2_000);
    expect(small).toMatchObject({ oversize: false });
  }, 60_000);

  it('reads a mailbox in one replica only; another takes over when that one stops', async () => {
    const user = nextUser();
    const mailbox = await add(user, { fetchFrom: 'day' });
    const [first, second] = [supervise({ leaseMs: 1_000 }), supervise({ leaseMs: 1_000 })];
    await untilSynced(mailbox);
    const owners = await Promise.all(
      [first, second].map((supervisor) =>
        supervisor.syncNow(mailbox.id).then(
          () => supervisor,
          () => null,
        ),
      ),
    );
    const holder = owners.filter((owner) => owner !== null);
    expect(holder).toHaveLength(1);
    await holder[0]!.stop();
    await stack.append(user, rawMail('taken over'));
    expect(await untilSubjects(mailbox, 1)).toEqual(['taken over']);
  });

  it('follows a change of settings, a pause and a request to look now, made anywhere', async () => {
    const user = nextUser();
    await stack.asUser(user, (client) => client.mailboxCreate('Other'));
    const mailbox = await add(user);
    supervise();
    await untilSynced(mailbox);

    const imap = { ...mailbox.imap!, folder: 'Other' };
    const cursor = { uidValidity: '', lastUid: 0, since: null };
    await intake.mailboxes.update(mailbox.id, { imap, cursor });
    await stack.append(user, rawMail('in the other folder'), 'Other');
    expect(await untilSubjects(mailbox, 1)).toEqual(['in the other folder']);

    await intake.mailboxes.update(mailbox.id, { paused: true, pausedReason: null });
    await eventually(async () => ((await stack.doveadm('who', user)).includes(user) ? null : true));
    await stack.append(user, rawMail('while paused'), 'Other');
    await intake.mailboxes.update(mailbox.id, { paused: false });
    expect(await untilSubjects(mailbox, 2)).toEqual(['in the other folder', 'while paused']);

    const syncedAt = (await intake.mailboxes.findById(mailbox.id))!.sync.lastSuccessAt!.getTime();
    await intake.mailboxes.requestSync(mailbox.id, new Date());
    await eventually(async () => {
      const { lastSuccessAt } = (await intake.mailboxes.findById(mailbox.id))!.sync;
      return lastSuccessAt!.getTime() > syncedAt || null;
    }, 3_000);
  });

  it('logs in with an OAuth 2 token, and treats a dead token as a refused login', async () => {
    const user = nextUser();
    await stack.serveTokens(new Map([['good-token', user]]));
    const mailbox = await add(user, { auth: 'xoauth2', plain: 'good-token', fetchFrom: 'day' });
    const other = await add(nextUser(), { auth: 'xoauth2', plain: 'expired-token' });
    await stack.append(user, rawMail('by token'));
    supervise();
    expect(await untilSubjects(mailbox, 1)).toEqual(['by token']);
    await eventually(async () =>
      (await intake.mailboxes.findById(other.id))!.sync.state === 'auth_failed' ? true : null,
    );
  });

  it('speaks STARTTLS, and refuses a certificate that nobody vouches for', async () => {
    const user = nextUser();
    await stack.append(user, rawMail('by STARTTLS'));
    const mailbox = await add(user, { port: stack.ports.imap, security: 'starttls', fetchFrom: 'day' });
    const untrusted = await add(user, { tlsCa: null });
    supervise();
    expect(await untilSubjects(mailbox, 1)).toEqual(['by STARTTLS']);
    const { sync } = await eventually(async () => {
      const current = (await intake.mailboxes.findById(untrusted.id))!;
      return current.sync.lastError ? current : null;
    });
    expect(sync).toMatchObject({ state: 'backoff' });
    expect(sync.lastError).toMatch(/certificate/);
  });
});
