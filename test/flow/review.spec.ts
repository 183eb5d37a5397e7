import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startApp, type TestApp } from '../support/app';
import { arrive, bytesOf, emailOf, replyOf, teachPasswords, until } from '../support/conversation';
import { eventually } from '../support/eventually';

/** What people do with drafts, over the API, on the real store. */
describe('review', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp();
    await teachPasswords(app);
  }, 60_000);
  afterAll(() => app?.stop());

  /** A mail that is drafted and waits for a person. */
  async function draft(): Promise<{ emailId: string; replyId: string }> {
    const emailId = await arrive(app);
    const { replyId } = await until(app, emailId, 'in_review');
    return { emailId, replyId: replyId! };
  }

  const outbox = (): string[] => readdirSync(join(app.dataDir, 'outbox')).filter((name) => name.endsWith('.eml'));

  it('approves, sends once, and stores the review as feedback', async () => {
    const { emailId, replyId } = await draft();
    await app.as('post', `/replies/${replyId}/approve`).send({}).expect(200);
    await until(app, emailId, 'done');
    expect((await replyOf(app, replyId)).state).toBe('sent');
    const { body } = await app.as('get', '/training/feedback?limit=100').expect(200);
    expect(body.items.find((item: { replyId: string }) => item.replyId === replyId)).toMatchObject({
      action: 'approved',
      editDistance: 0,
      engine: 'local',
    });
  });

  it('sends the edited text and learns how far it is from the draft', async () => {
    const { emailId, replyId } = await draft();
    const text = 'Dear Ada,\n\nplease use the link on the login page.\n\nBest regards';
    await app
      .as('post', `/replies/${replyId}/approve`)
      .send({ text, reasonCodes: ['wrong_tone'] })
      .expect(200);
    await until(app, emailId, 'done');
    const reply = await replyOf(app, replyId);
    expect(reply.text).toBe(text);
    expect(reply.versions.map(({ author }) => author)).toEqual(['local', 'human']);
    expect(await bytesOf(app, `/outbox/${reply.outboxId}/raw`)).toContain('please use the link on the login page');
    const { body } = await app.as('get', '/training/feedback?limit=100').expect(200);
    const feedback = body.items.find((item: { replyId: string }) => item.replyId === replyId);
    expect(feedback).toMatchObject({ action: 'edited', reasonCodes: ['wrong_tone'], finalText: text });
    expect(feedback.editDistance).toBeGreaterThan(0.2);
  });

  it('gives the second of two people a 409 and sends one reply', async () => {
    const { emailId, replyId } = await draft();
    const before = outbox().length;
    const answers = await Promise.all([1, 2, 3, 4].map(() => app.as('post', `/replies/${replyId}/approve`).send({})));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    await until(app, emailId, 'done');
    expect(outbox()).toHaveLength(before + 1);
  });

  it('refuses to approve what somebody changed since', async () => {
    const { replyId } = await draft();
    const seen = await replyOf(app, replyId);
    await app.as('patch', `/replies/${replyId}`).send({ text: 'A better answer than before.' }).expect(200);
    const { body } = await app.as('post', `/replies/${replyId}/approve`).send({ revision: seen.revision }).expect(409);
    expect(body.title).toContain('load it again');
    expect((await replyOf(app, replyId)).state).toBe('in_review');
  });

  it('rejects with a reason, and a person can still answer in their own words', async () => {
    const { emailId, replyId } = await draft();
    await app
      .as('post', `/replies/${replyId}/reject`)
      .send({ reasonCodes: ['wrong_facts'], comment: 'old link' })
      .expect(200);
    expect(await emailOf(app, emailId)).toMatchObject({ state: 'rejected', stateReason: 'wrong_facts' });
    expect((await replyOf(app, replyId)).state).toBe('rejected');

    const { body } = await app
      .as('post', `/emails/${emailId}/reply`)
      .send({ text: 'Hello Ada, I reset it for you.' })
      .expect(200);
    await until(app, emailId, 'done');
    const { outboxId } = await replyOf(app, body.id);
    expect(await bytesOf(app, `/outbox/${outboxId}/raw`)).not.toMatch(/^auto-submitted:/im); // nothing of it was made by an automaton
  });

  it('needs a reason to reject', async () => {
    const { replyId } = await draft();
    const { body } = await app.as('post', `/replies/${replyId}/reject`).send({ reasonCodes: [] }).expect(400);
    expect(body.title).toContain('reasonCodes');
  });

  it('regenerates with an instruction as the next version', async () => {
    const { emailId, replyId } = await draft();
    await app.as('post', `/replies/${replyId}/regenerate`).send({ instruction: 'Be brief.' }).expect(202);
    const reply = await eventually(async () => {
      const present = await replyOf(app, replyId);
      return present.versions.length === 2 ? present : null;
    });
    expect(reply.versions[1]).toMatchObject({ author: 'local', instruction: 'Be brief.' });
    await until(app, emailId, 'in_review');
  });

  it('closes an email without an answer', async () => {
    const { emailId, replyId } = await draft();
    await app.as('post', `/emails/${emailId}/close`).send({ reason: 'answered by phone' }).expect(200);
    expect(await emailOf(app, emailId)).toMatchObject({ state: 'done', stateReason: 'answered by phone' });
    expect((await replyOf(app, replyId)).state).toBe('superseded');
    await app.as('post', `/replies/${replyId}/approve`).send({}).expect(409);
  });

  it('keeps the reason of an ignored mail, and a person can have it answered after all', async () => {
    const emailId = await arrive(app, { headers: { 'Auto-Submitted': 'auto-replied' } });
    expect(await until(app, emailId, 'ignored')).toMatchObject({ stateReason: 'auto_submitted', replyId: null });
    await app.as('post', `/emails/${emailId}/reopen`).send({ reason: 'a real question' }).expect(200);
    await until(app, emailId, 'in_review');
  });

  it('holds a sender whose mails repeat themselves, and nobody else', async () => {
    const from = 'robot@monitor.example';
    const text = (n: number): string => `Ticket ${n}: your server is down. How do I reset my password?`;
    for (const n of [1, 2])
      await until(app, await arrive(app, { from, subject: 'Alarm', text: text(n) }), 'in_review', 'needs_human');
    const third = await until(app, await arrive(app, { from, subject: 'Alarm', text: text(3) }), 'needs_human');
    expect(third.stateReason).toContain('repeated_content');
    const other = await until(app, await arrive(app, { from, subject: 'Something else' }), 'needs_human');
    expect(other.stateReason).toContain('repeated_content');
    await until(app, await arrive(app), 'in_review');
  });

  it('hands over what it cannot answer, with the reason', async () => {
    const emailId = await arrive(app, {
      subject: 'Betamax',
      text: 'Which cable does a Betamax recorder from 1983 need?',
    });
    const email = await until(app, emailId, 'needs_human');
    expect(email.stateReason).toContain('no answer to stand on');
    const { body } = await app.as('get', `/workflow/decisions/${email.decisionId}`).expect(200);
    expect(body).toMatchObject({ verdict: 'escalate', decidedBy: 'answerable' });
    const replay = await app.as('post', `/workflow/decisions/${email.decisionId}/replay`).expect(200);
    expect(replay.body.same).toBe(true);
  });
});

describe('undo window', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({ UNDO_WINDOW_SECONDS: '30' });
    await teachPasswords(app);
  }, 60_000);
  afterAll(() => app?.stop());

  it('takes an approval back, nothing leaves, and it can be approved again', async () => {
    const emailId = await arrive(app);
    const { replyId } = await until(app, emailId, 'in_review');
    await app.as('post', `/replies/${replyId}/approve`).send({}).expect(200);
    const { body } = await app.as('post', `/replies/${replyId}/cancel`).expect(200);
    expect(body.state).toBe('in_review');
    expect((await emailOf(app, emailId)).state).toBe('in_review');
    await app.as('post', `/replies/${replyId}/cancel`).expect(409);
    await app.as('post', `/replies/${replyId}/approve`).send({}).expect(200);
    const { body: page } = await app.as('get', `/outbox?emailId=${emailId}`).expect(200);
    await eventually(async () => (await emailOf(app, emailId)).state === 'outbox' || null);
    expect(page.items.filter((item: { state: string }) => item.state === 'cancelled')).toHaveLength(1);
  });
});

describe('modes and switches', () => {
  let app: TestApp;
  let mailboxId: string;

  beforeAll(async () => {
    app = await startApp();
    await teachPasswords(app);
    mailboxId = (await app.as('get', '/admin/mailboxes').expect(200)).body.items[0].id;
  }, 60_000);
  afterAll(() => app?.stop());

  const setMode = (policy: object) => app.as('patch', `/admin/mailboxes/${mailboxId}/policy`).send(policy).expect(200);
  /** A changed policy is obeyed within two seconds. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 2_100));

  it('shadow drafts silently', async () => {
    await setMode({ mode: 'shadow' });
    await settled();
    const email = await until(app, await arrive(app), 'done');
    expect(email).toMatchObject({ stateReason: 'shadow' });
    expect((await replyOf(app, email.replyId!)).state).toBe('draft');
  });

  it('off classifies only, and a category can have a mode of its own', async () => {
    await setMode({ mode: 'off', modeByCategory: { account: 'review' } });
    await settled();
    const other = await until(
      app,
      await arrive(app, { subject: 'Great product', text: 'I love your product, it is wonderful!' }),
      'done',
    );
    expect(other).toMatchObject({ stateReason: 'classified', replyId: null });
    expect(other.classification).not.toBeNull();
    await until(app, await arrive(app), 'in_review');
    await setMode({ mode: 'review', modeByCategory: {} });
    await settled();
  });

  it('a paused workflow takes mail in and works on it after the pause', async () => {
    await app.as('post', '/workflow/pause').expect(200);
    await settled();
    const emailId = await arrive(app);
    await settled();
    expect((await emailOf(app, emailId)).state).toBe('received');
    await app.as('post', '/workflow/resume').expect(200);
    await until(app, emailId, 'in_review');
  }, 20_000);

  it('paused delivery keeps approved replies queued', async () => {
    await app.as('patch', '/admin/settings').send({ deliveryPaused: true }).expect(200);
    await settled();
    const emailId = await arrive(app);
    const { replyId } = await until(app, emailId, 'in_review');
    await app.as('post', `/replies/${replyId}/approve`).send({}).expect(200);
    await settled();
    expect((await emailOf(app, emailId)).state).toBe('outbox');
    await app.as('patch', '/admin/settings').send({ deliveryPaused: false }).expect(200);
    await until(app, emailId, 'done');
  }, 30_000);
});

describe('dead letters', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp();
    await teachPasswords(app);
  }, 60_000);
  afterAll(() => app?.stop());

  /** More parts than the parser takes: deterministic, so it goes to quarantine at once. */
  const bomb = (): string => {
    const part = '--b\r\nContent-Type: text/plain\r\n\r\nx\r\n';
    return `From: a@customer.example\r\nTo: support@localhost\r\nSubject: bomb\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(2_000)}--b--\r\n`;
  };

  it('keeps the bytes, lists the mail, replays and discards it, while the next mail is fine', async () => {
    const { body } = await app.as('post', '/emails/import').type('message/rfc822').send(bomb()).expect(200);
    const emailId = body.items[0].emailId;
    await until(app, emailId, 'quarantined');
    await until(app, await arrive(app), 'in_review');

    const { body: page } = await app.as('get', '/workflow/dead-letters').expect(200);
    expect(page.items).toEqual([expect.objectContaining({ id: emailId, failedIn: 'received', code: 'MAIL_LIMIT' })]);
    const raw = await app.as('get', `/emails/${emailId}/raw`).expect(200).buffer(true);
    expect(raw.headers['content-disposition']).toContain('attachment');

    await app.as('post', `/workflow/dead-letters/${emailId}/replay`).send({ reason: 'once more' }).expect(200);
    await until(app, emailId, 'quarantined');
    expect((await emailOf(app, emailId)).history.filter(({ event }) => event === 'quarantined')).toHaveLength(2);

    await app.as('post', `/workflow/dead-letters/${emailId}/discard`).send({ reason: 'a bomb' }).expect(200);
    expect(await emailOf(app, emailId)).toMatchObject({ state: 'ignored', stateReason: 'discarded: a bomb' });
    await app.as('post', `/workflow/dead-letters/${emailId}/replay`).send({}).expect(409);
  });
});
