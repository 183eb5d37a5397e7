import { Clock } from '../../src/common/clock';
import type { AuditService } from '../../src/auth/audit.service';
import { newId } from '../../src/common/id';
import type { Email } from '../../src/mail/message/email.types';
import type { ParsedMail } from '../../src/mail/message/parsed-mail.types';
import { ThreadToken } from '../../src/mail/thread/thread-token';
import { ThreadRepository } from '../../src/mail/thread/thread.repository';
import { THREAD_MODEL, type ThreadDoc, threadSchema } from '../../src/mail/thread/thread.schema';
import { ThreadService } from '../../src/mail/thread/thread.service';
import { aConfig, aMailStore, aModel, FrozenClock } from '../support/mail-store';
import { startStore, type TestStore } from '../support/store';

const OWN = ['support@shop.test'];

describe('ThreadService on a real store', () => {
  let store: TestStore;
  let mail: Awaited<ReturnType<typeof aMailStore>>;
  let threads: ThreadRepository;
  let service: ThreadService;
  let mailboxId: string;
  const clock = new FrozenClock();
  const token = new ThreadToken(aConfig());
  const audited: unknown[] = [];

  beforeAll(async () => {
    store = await startStore();
    mail = await aMailStore(store.connection, clock);
    threads = new ThreadRepository(await aModel<ThreadDoc>(store.connection, THREAD_MODEL, threadSchema), new Clock());
    const audit = { record: async (entry: unknown) => void audited.push(entry) } as unknown as AuditService;
    service = new ThreadService(threads, mail.emailQueries, token, clock, audit);
  });
  beforeEach(() => (mailboxId = newId()));
  afterAll(() => store.stop());

  let serial = 0;
  /** An email in the state `parsed`, stored without a thread. */
  async function anEmail(change: Partial<ParsedMail> & { fromAddress?: string } = {}): Promise<Email> {
    const { fromAddress = 'ann@x.test', ...rest } = change;
    const parsed = {
      messageId: `<${++serial}@x.test>`,
      inReplyTo: null,
      references: [],
      from: { name: '', address: fromAddress },
      to: [{ name: '', address: 'support@shop.test' }],
      cc: [],
      subject: 'Broken',
      deliveryReport: null,
      headers: [],
      ...rest,
    } as unknown as ParsedMail;
    const { id } = await mail.emails.insertForRaw({ id: newId(), mailboxId, receivedAt: clock.now(), source: 'imap' });
    const entry = { at: clock.now(), from: 'received', event: 'parse', to: 'parsed', reason: null } as const;
    return (await mail.emails.transition(id, 'received', { state: 'parsed', parsed }, entry))!;
  }

  /** Assigns and stores, as the workflow does. */
  async function assign(email: Email): Promise<string> {
    const threadId = await service.assign(email, OWN);
    const entry = { at: clock.now(), from: 'parsed', event: 'screen', to: 'screened', reason: null } as const;
    await mail.emails.transition(email.id, 'parsed', { state: 'screened', threadId }, entry);
    return threadId;
  }

  it('begins a thread, and gives the same one at a repeated call after a crash', async () => {
    const email = await anEmail({ subject: 'Re: Broken' });
    const ids = await Promise.all([service.assign(email, OWN), service.assign(email, OWN)]);
    expect(new Set([...ids, await service.assign(email, OWN)]).size).toBe(1);
    expect(await threads.getById(ids[0])).toMatchObject({
      subject: 'Broken',
      status: 'open',
      participants: ['ann@x.test'],
      emailCount: 1,
      rootEmailId: email.id,
    });
  });

  it('joins by In-Reply-To or References, once, and opens a solved thread again', async () => {
    const first = await anEmail();
    const threadId = await assign(first);
    await threads.update(threadId, { status: 'solved' });
    const answer = await anEmail({
      references: [first.parsed!.messageId, '<unknown@x.test>'],
      inReplyTo: '<other@x.test>',
    });
    expect(await service.assign(answer, OWN)).toBe(threadId);
    expect(await assign(answer)).toBe(threadId);
    expect(await threads.getById(threadId)).toMatchObject({ status: 'open', emailCount: 2 });
    expect(await mail.emailQueries.findByThread(threadId)).toHaveLength(2);
  });

  it('joins by the Message-ID of a reply that we sent; recording it again changes nothing', async () => {
    const threadId = await assign(await anEmail());
    await service.addSentMessage(threadId, '<sent-1@shop.test>', 'Ann@x.test');
    await service.addSentMessage(threadId, '<sent-1@shop.test>', 'Ann@x.test');
    expect(await threads.getById(threadId)).toMatchObject({
      status: 'waiting',
      sentCount: 1,
      sentMessageIds: ['<sent-1@shop.test>'],
    });
    expect(await assign(await anEmail({ inReplyTo: '<sent-1@shop.test>' }))).toBe(threadId);
  });

  it('joins by the token in a recipient address, also where References are lost', async () => {
    const threadId = await assign(await anEmail());
    const address = token.addressFor('support@shop.test', threadId)!;
    expect(await assign(await anEmail({ to: [{ name: '', address }] }))).toBe(threadId);
    expect(await assign(await anEmail({ headers: [['delivered-to', address]] }))).toBe(threadId);
  });

  it('lets somebody else who quotes our Message-ID or token begin a linked thread of his own', async () => {
    const threadId = await assign(await anEmail());
    await service.addSentMessage(threadId, '<sent-2@shop.test>');
    const stranger = await assign(await anEmail({ fromAddress: 'eve@evil.test', inReplyTo: '<sent-2@shop.test>' }));
    expect(stranger).not.toBe(threadId);
    expect(await threads.getById(stranger)).toMatchObject({ linkedThreadId: threadId });
    expect((await threads.getById(threadId)).participants).toEqual(['ann@x.test']);
  });

  it('lets a colleague in Cc join', async () => {
    const first = await anEmail({ cc: [{ name: '', address: 'bob@x.test' }] });
    const threadId = await assign(first);
    expect(await assign(await anEmail({ fromAddress: 'bob@x.test', inReplyTo: first.parsed!.messageId }))).toBe(
      threadId,
    );
  });

  it('takes a ticket in the subject only from a participant, and never the words of a subject', async () => {
    const threadId = await assign(await anEmail());
    expect(await assign(await anEmail({ subject: `Broken [#${threadId}]` }))).toBe(threadId);
    const guessed = await assign(await anEmail({ fromAddress: 'eve@evil.test', subject: `[#${threadId}]` }));
    expect(await threads.getById(guessed)).toMatchObject({ linkedThreadId: null });
    expect(await assign(await anEmail({ subject: 'Re: Broken' }))).not.toBe(threadId);
  });

  it('never joins a thread of another mailbox', async () => {
    const first = await anEmail();
    const threadId = await assign(first);
    mailboxId = newId();
    const other = await assign(await anEmail({ inReplyTo: first.parsed!.messageId, subject: `[#${threadId}]` }));
    expect(other).not.toBe(threadId);
    expect(await threads.getById(other)).toMatchObject({ linkedThreadId: null });
  });

  it('notes a failed delivery on the thread of the reply', async () => {
    const threadId = await assign(await anEmail());
    await service.addSentMessage(threadId, '<sent-3@shop.test>');
    const deliveryReport = {
      action: 'failed' as const,
      status: '5.1.1',
      recipient: null,
      diagnostic: null,
      originalMessageId: '<sent-3@shop.test>',
    };
    expect(await assign(await anEmail({ fromAddress: 'mailer-daemon@mx.test', deliveryReport }))).toBe(threadId);
    const thread = await threads.getById(threadId);
    expect(thread.deliveryFailedAt).toEqual(clock.now());
    expect(thread.participants).toEqual(['ann@x.test']);
  });

  it('waits for an older mail that is not in its thread yet, not the other way round', async () => {
    const first = await anEmail({ inReplyTo: '<later@x.test>' });
    const second = await anEmail({ messageId: '<later@x.test>', inReplyTo: first.parsed!.messageId });
    await expect(service.assign(second, OWN)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    const threadId = await assign(first);
    expect(await assign(second)).toBe(threadId);
  });

  it('lists by the latest message, in pages, by every filter', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      if (i !== 3) clock.advance(1000); // two of them at the same time
      ids.unshift(await assign(await anEmail()));
    }
    await threads.update(ids[4]!, { status: 'solved', assignee: 'f'.repeat(24) });
    const first = await threads.list({ mailboxId }, { limit: 2 });
    const second = await threads.list({ mailboxId }, { limit: 2, cursor: first.nextCursor! });
    const third = await threads.list({ mailboxId }, { limit: 2, cursor: second.nextCursor! });
    expect([first, second, third].flatMap((page) => page.items.map((thread) => thread.id))).toEqual(ids);
    expect(third.nextCursor).toBeNull();
    const solved = await threads.list({ mailboxId, status: 'solved' }, { limit: 9 });
    expect(solved.items.map((thread) => thread.id)).toEqual([ids[4]]);
    expect((await threads.list({ mailboxId, assignee: 'f'.repeat(24) }, { limit: 9 })).items).toHaveLength(1);
  });

  it('audits what a person changes', async () => {
    const threadId = await assign(await anEmail());
    const actor = { id: newId(), username: 'agent', role: 'agent' as const };
    expect(await service.update(threadId, { status: 'solved' }, actor)).toMatchObject({ status: 'solved' });
    expect(audited.at(-1)).toMatchObject({
      actor,
      action: 'thread.update',
      target: `thread:${threadId}`,
      after: { status: 'solved' },
    });
    await expect(service.update(newId(), { status: 'solved' }, actor)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
