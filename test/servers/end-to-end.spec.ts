import { setTimeout as sleep } from 'node:timers/promises';
import { type ParsedMail, simpleParser } from 'mailparser';
import { type FakeOpenAi, startFakeOpenAi } from '../support/fake-openai';
import { MailStack } from '../support/mailstack';
import { startStore, type TestStore } from '../support/store';
import { SupportDesk } from '../support/support-desk';

/** Places between any two steps where the process is killed: on the way to the draft, and after the approval. */
const BEFORE_REVIEW = [
  'imap.after_fetch',
  'imap.before_cursor',
  'intake.after_raw',
  'workflow.checkpointed_parse',
  'workflow.checkpointed_screen',
  'workflow.checkpointed_classify',
  'workflow.checkpointed_draft',
  'workflow.checkpointed_decide',
] as const;
const AFTER_APPROVAL = [
  'workflow.after_queue',
  'outbox.before_attempt_record',
  'outbox.after_sent',
  'outbox.after_sent_copy',
] as const;

const QUESTION = 'How do I reset my password?';
/** Long enough for a second delivery, a copy or an answer that must not come. */
const QUIET_MS = 3_000;

jest.setTimeout(150_000);

describe('mail in, mail out on a real Dovecot and Postfix', () => {
  let stack: MailStack;
  let store: TestStore;
  let llm: FakeOpenAi;
  let desk: SupportDesk | null = null;
  let users = 0;

  beforeAll(async () => {
    stack = await MailStack.start(30);
    store = await startStore();
    llm = await startFakeOpenAi();
  }, 60_000);

  afterEach(async () => {
    await desk?.stop();
    desk = null;
  });

  afterAll(async () => {
    await llm?.stop();
    await store?.stop();
    await stack?.stop();
  }, 60_000);

  /** A desk and a customer of its own for each case, so that cases do not see each other's mail. */
  function open(name: string, env: Record<string, string> = {}, address?: string) {
    const number = ++users;
    desk = new SupportDesk(stack, store, address ?? `u${number}@support.test`, name, env);
    return { desk, customer: `u${number}@customer.test` };
  }

  const ask = (from: string, to: string, subject = QUESTION): Promise<string> =>
    stack.send({ from, to, subject, text: 'Hello,\n\nI forgot my password. How do I reset it?\n\nAda' });

  /** The only mail that the customer got, and the only copy of it, after a pause in which no second one came. */
  async function expectOneReply(at: SupportDesk, customer: string, messageId: string): Promise<ParsedMail> {
    await at.untilMails(customer, 1);
    await at.untilMails(at.address, 1, 'Sent');
    await sleep(QUIET_MS);
    const received = await stack.messages(customer);
    const copies = await stack.messages(at.address, 'Sent');
    expect([received.length, copies.length]).toEqual([1, 1]);
    const [reply, copy] = await Promise.all([simpleParser(received[0]!.source), simpleParser(copies[0]!.source)]);
    expect(reply.inReplyTo).toBe(messageId);
    expect(copy.messageId).toBe(reply.messageId);
    expect(await at.emails()).toHaveLength(1);
    return reply;
  }

  async function expectSentOnce(at: SupportDesk): Promise<void> {
    const item = await at.untilOutbox('sent');
    expect(item.attempts).toHaveLength(1);
    await at.untilEmail(QUESTION, 'done');
    expect(await at.outbox()).toHaveLength(1);
  }

  it('answers a customer: fetched by IMAP, drafted, approved, submitted, delivered, copied to Sent', async () => {
    const { desk, customer } = open('whole_path', {}, 'support@support.test');
    await desk.start();
    await desk.teach();
    const messageId = await ask(customer, 'support@support.test');
    const email = await desk.untilEmail(QUESTION, 'in_review');
    await desk.api.post(`/replies/${email.replyId}/approve`);
    await expectSentOnce(desk);

    const reply = await expectOneReply(desk, customer, messageId);
    expect([reply.references].flat()).toEqual([messageId]);
    expect(reply.headers.get('auto-submitted')).toBe('auto-replied');
    expect(reply.messageId).toMatch(/^<[a-z2-7]{26}@support\.test>$/);
    expect(reply.subject).toBe(`Re: ${QUESTION}`);
    expect(reply.from?.value).toEqual([{ address: 'support@support.test', name: 'Example Support' }]);
    expect([reply.to].flat().flatMap((to) => to?.value.map(({ address }) => address))).toEqual([customer]);
    expect([reply.cc, reply.bcc, reply.replyTo]).toEqual([undefined, undefined, undefined]);
    expect(reply.text).toContain('Forgot password');
    // Postfix says how it got the mail: over TLS and with a login (RFC 3848).
    expect([reply.headers.get('received')].flat().join('\n')).toContain('with ESMTPSA');

    const { items: runs } = await desk.api.get<{
      items: {
        trigger: string;
        outcome: string | null;
        errors: unknown[];
        steps: { name: string; outcome: string }[];
      }[];
    }>(`/workflow/runs?emailId=${email.id}`);
    const story = runs
      .reverse()
      .map(({ trigger, outcome, steps }) => [trigger, outcome, steps.map(({ name }) => name)]);
    expect(story).toEqual([
      ['new_mail', 'in_review', ['parse', 'screen', 'classify', 'draft', 'decide', 'act']],
      ['approval', 'done', ['queue', 'settle']],
    ]);
    expect(runs.flatMap(({ errors }) => errors)).toEqual([]);
    const metrics = await (await fetch(`${desk.url}/metrics`)).text();
    for (const line of [
      /emails_received_total\{mailbox="Example Support",outcome="new"\} 1/,
      /emails_processed_total\{mailbox="Example Support",category="account",outcome="approved"\} 1/,
      /emails_sent_total\{mailbox="Example Support",mode="human"\} 1/,
      /workflow_execution_duration_seconds_count\{workflow="email",outcome="done"\} 1/,
    ])
      expect(metrics).toMatch(line);
    expect(metrics).not.toMatch(/workflow_failures_total\{/);
  });

  it('does the same with a model behind OPENAI_BASE_URL', async () => {
    const { desk, customer } = open('openai', { OPENAI_BASE_URL: llm.url });
    await desk.start();
    await desk.teach();
    const messageId = await ask(customer, desk.address);
    const email = await desk.untilEmail(QUESTION, 'in_review');
    expect(email.classification).toMatchObject({ engine: 'openai', category: 'account' });
    expect(await desk.api.get(`/replies/${email.replyId}`)).toMatchObject({ author: 'openai' });
    expect(llm.requests.map(({ operation }) => operation)).toEqual(['classify', 'draft']);
    await desk.api.post(`/replies/${email.replyId}/approve`);
    await expectSentOnce(desk);
    expect((await expectOneReply(desk, customer, messageId)).text).toContain('Forgot password');
  });

  it.each(BEFORE_REVIEW)('ends the same when killed at %s', async (name) => {
    const { desk, customer } = open(name);
    await desk.start(`${name}=exit`);
    await desk.teach();
    const messageId = await ask(customer, desk.address);
    expect(await desk.exited()).toBe('SIGKILL');
    await desk.start();
    const email = await desk.untilEmail(QUESTION, 'in_review');
    await desk.api.post(`/replies/${email.replyId}/approve`);
    await expectSentOnce(desk);
    await expectOneReply(desk, customer, messageId);
  });

  /** Up to the approved reply at which the process dies; then it is started again. */
  async function killAfterApproval(name: string): Promise<{ desk: SupportDesk; customer: string; messageId: string }> {
    const { desk, customer } = open(name);
    await desk.start(`${name}=exit`);
    await desk.teach();
    const messageId = await ask(customer, desk.address);
    const email = await desk.untilEmail(QUESTION, 'in_review');
    await desk.api.post(`/replies/${email.replyId}/approve`).catch(() => null); // it may die while it answers
    expect(await desk.exited()).toBe('SIGKILL');
    await desk.start();
    return { desk, customer, messageId };
  }

  it.each(AFTER_APPROVAL)('ends the same when killed at %s', async (name) => {
    const { desk, customer, messageId } = await killAfterApproval(name);
    await expectSentOnce(desk);
    await expectOneReply(desk, customer, messageId);
  });

  it('never sends again what was accepted before the kill: held, until the answer of the customer proves it', async () => {
    const { desk, customer, messageId } = await killAfterApproval('outbox.after_250');
    const held = await desk.untilOutbox('held');
    expect(await stack.messages(desk.address, 'Sent')).toEqual([]); // no evidence there yet
    const [reply] = await desk.untilMails(customer, 1);
    const { messageId: replyId } = await simpleParser(reply!);
    expect(replyId).toBe(held.messageId);

    await stack.send({
      from: customer,
      to: desk.address,
      subject: 'Thanks',
      text: 'It works now.',
      inReplyTo: replyId!,
    });
    expect(await desk.untilOutbox('sent')).toMatchObject({ id: held.id, evidence: 'customer_reply' });
    await desk.untilEmail(QUESTION, 'done');
    await sleep(QUIET_MS);
    const received = await stack.messages(customer);
    expect(await Promise.all(received.map(async ({ source }) => (await simpleParser(source)).inReplyTo))).toEqual([
      messageId,
    ]);
    expect(await stack.messages(desk.address, 'Sent')).toHaveLength(1);
  });

  it('links a bounce to the reply that bounced, and never answers it', async () => {
    const { desk } = open('bounce');
    await desk.start();
    await desk.teach();
    await ask('gone@customer.test', desk.address);
    const email = await desk.untilEmail(QUESTION, 'in_review');
    await desk.api.post(`/replies/${email.replyId}/approve`);
    const bounce = await desk.untilEmail('Undelivered Mail Returned to Sender', 'ignored', 'in_review', 'needs_human');
    expect(bounce).toMatchObject({ state: 'ignored', replyId: null });
    const stored = await desk.storedEmail(bounce.id);
    expect(stored).toMatchObject({ bouncedReplyId: email.replyId, parsed: { deliveryReport: { action: 'failed' } } });
    expect(stored!.threadId).toBe((await desk.storedEmail(email.id))!.threadId);
    await sleep(QUIET_MS);
    expect(await desk.outbox()).toHaveLength(1);
    expect(await desk.emails()).toHaveLength(2);
  });

  describe('with an autoresponder as the customer', () => {
    const VACATION = 'require ["vacation"];\nvacation :subject "I am away" "Back on Monday.";\n';

    it('ends after our drafted reply: it says that it is automatic, and the autoresponder keeps silent', async () => {
      const { desk, customer } = open('vacation_drafted');
      await stack.setSieve(customer, VACATION);
      await desk.start();
      await desk.teach();
      const messageId = await ask(customer, desk.address);
      const email = await desk.untilEmail(QUESTION, 'in_review');
      await desk.api.post(`/replies/${email.replyId}/approve`);
      await expectSentOnce(desk);
      await expectOneReply(desk, customer, messageId);
    });

    it("ends after the autoresponder's answer to a person's reply", async () => {
      const { desk, customer } = open('vacation_written');
      await stack.setSieve(customer, VACATION);
      await desk.start(); // without an article: a person has to write
      await ask(customer, desk.address);
      const email = await desk.untilEmail(QUESTION, 'needs_human');
      await desk.api.post(`/emails/${email.id}/reply`, {
        text: 'Hello,\n\npress "Forgot password" on the login page.',
      });
      const answer = await desk.untilEmail('I am away', 'ignored', 'in_review', 'needs_human');
      expect(answer).toMatchObject({ state: 'ignored', replyId: null });
      await sleep(QUIET_MS);
      // Our reply, its vacation, nothing more.
      expect(await stack.messages(customer)).toHaveLength(1);
      expect(await desk.emails()).toHaveLength(2);
      expect(await desk.outbox()).toHaveLength(1);
    });
  });
});
