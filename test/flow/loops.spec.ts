import { startApp, type TestApp } from '../support/app';
import { arrive, bytesOf, replyOf, teachPasswords, until } from '../support/conversation';
import { eventually } from '../support/eventually';
import { freePort } from '../support/free-port';
import { startSmtpSink, type SmtpSink } from '../support/smtp-sink';

/** Longer than any tick: what would be answered would have been by then. */
const QUIET_MS = 2_500;
const quiet = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, QUIET_MS));

const emailsOf = async (app: TestApp): Promise<{ id: string; state: string; stateReason: string | null }[]> =>
  (await app.as('get', '/emails?limit=100').expect(200)).body.items;
const outboxOf = async (app: TestApp): Promise<{ id: string }[]> =>
  (await app.as('get', '/outbox').expect(200)).body.items;

async function approve(app: TestApp, emailId: string): Promise<string> {
  const { replyId } = await until(app, emailId, 'in_review');
  await app.as('post', `/replies/${replyId}/approve`).send({}).expect(200);
  await until(app, emailId, 'done');
  return (await replyOf(app, replyId!)).outboxId!;
}

describe('two installations that write to each other', () => {
  const apps: TestApp[] = [];

  afterAll(async () => {
    for (const app of apps) await app.stop();
  }, 60_000);

  /** An installation whose mail goes to the other one's SMTP intake, as between two mail servers. */
  async function installation(address: string, intakePort: number, peerPort: number, key: string): Promise<TestApp> {
    const app = await startApp({
      CREDENTIALS_KEY: Buffer.from(key).toString('base64'), // what its marks are made with
      SMTP_INTAKE_PORT: String(intakePort),
      MAILBOX_ADDRESS: address,
      MAILBOX_NAME: address.split('@')[1]!,
      MAILBOX_SMTP_HOST: '127.0.0.1',
      MAILBOX_SMTP_PORT: String(peerPort),
      MAILBOX_SMTP_SECURITY: 'none',
    });
    apps.push(app);
    await teachPasswords(app);
    return app;
  }

  it('stop after one reply each', async () => {
    const [portA, portB] = [await freePort(), await freePort()];
    const a = await installation('support@a.example', portA, portB, 'a-0123456789-abcdefghijklmnopqrs');
    const b = await installation('support@b.example', portB, portA, 'b-9876543210-zyxwvutsrqponmlkjih');

    // A mail in the name of the other installation: the first answer goes there.
    const first = await arrive(a, { from: 'B <support@b.example>', headers: { To: 'support@a.example' } });
    await approve(a, first);
    const answer = await eventually(async () => (await emailsOf(b))[0]);
    expect(await until(b, answer.id, 'ignored', 'in_review', 'needs_human')).toMatchObject({
      state: 'ignored',
      stateReason: 'auto_submitted',
    });

    // And a person at B answers it all the same: A may answer a person, and then it ends again.
    await b.as('post', `/emails/${answer.id}/reopen`).send({ reason: 'a person answers' }).expect(200);
    await approve(b, answer.id);
    const back = await eventually(async () => (await emailsOf(a)).find(({ id }) => id !== first));
    expect(await until(a, back.id, 'ignored', 'in_review', 'needs_human')).toMatchObject({ state: 'ignored' });

    await quiet();
    expect(await outboxOf(a)).toHaveLength(1);
    expect(await outboxOf(b)).toHaveLength(1);
    expect([(await emailsOf(a)).length, (await emailsOf(b)).length]).toEqual([2, 1]);
  }, 90_000);
});

describe('mail that must not be answered', () => {
  let sink: SmtpSink;
  let app: TestApp;

  beforeAll(async () => {
    sink = await startSmtpSink();
    app = await startApp({
      MAILBOX_ADDRESS: 'support@shop.example',
      MAILBOX_SMTP_HOST: '127.0.0.1',
      MAILBOX_SMTP_PORT: String(sink.port),
      MAILBOX_SMTP_SECURITY: 'none',
    });
    await teachPasswords(app);
  }, 60_000);
  afterAll(async () => {
    await app?.stop();
    await sink?.stop();
  });

  /** RFC 3464: the report that a mail of ours was not delivered. */
  const bounceOf = (messageId: string): string =>
    [
      'Return-Path: <>',
      'From: Mail Delivery Subsystem <MAILER-DAEMON@mx.customer.example>',
      'To: support@shop.example',
      'Subject: Undelivered Mail Returned to Sender',
      `Message-ID: <bounce-of-${messageId.slice(1, 10)}@mx.customer.example>`,
      'Date: Sun, 22 Nov 2026 10:00:00 +0000',
      'Auto-Submitted: auto-replied',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'Your mail could not be delivered.',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.customer.example',
      '',
      'Final-Recipient: rfc822; ada@customer.example',
      'Action: failed',
      'Status: 5.1.1',
      'Diagnostic-Code: smtp; 550 5.1.1 no such user',
      '',
      '--b',
      'Content-Type: message/rfc822',
      '',
      `Message-ID: ${messageId}`,
      'Subject: Re: How do I reset my password?',
      '',
      'Hello',
      '--b--',
      '',
    ].join('\r\n');

  it('a bounce of our reply is linked to it, flags the thread, and is not answered', async () => {
    const emailId = await arrive(app, { headers: { To: 'support@shop.example' } });
    const outboxId = await approve(app, emailId);
    const { replyId, threadId } = await until(app, emailId, 'done');
    const messageId = /^message-id:\s*(<[^>]+>)/im.exec(await bytesOf(app, `/outbox/${outboxId}/raw`))![1]!;
    const { body } = await app
      .as('post', '/emails/import')
      .type('message/rfc822')
      .send(bounceOf(messageId))
      .expect(200);
    const bounce = await until(app, body.items[0].emailId, 'ignored', 'in_review', 'needs_human');
    expect(bounce).toMatchObject({
      state: 'ignored',
      stateReason: 'delivery_report',
      bouncedReplyId: replyId,
      threadId,
      replyId: null,
    });
    expect(await outboxOf(app)).toHaveLength(1);
  });

  it('a bounce of a mail that we never sent is believed by nobody', async () => {
    const forged = bounceOf('<forged0123456789@shop.example>');
    const { body } = await app.as('post', '/emails/import').type('message/rfc822').send(forged).expect(200);
    expect(await until(app, body.items[0].emailId, 'ignored')).toMatchObject({ bouncedReplyId: null, replyId: null });
  });

  const own: [string, Parameters<typeof arrive>[1]][] = [
    ['From', { from: 'Shop <support@shop.example>' }],
    ['From in another spelling', { from: 'Shop <Support+tag@SHOP.example>' }],
    ['Reply-To', { headers: { 'Reply-To': 'support@shop.example', To: 'support@shop.example' } }],
  ];
  it.each(own)('our own address in %s is a loop', async (_, mail) => {
    const email = await until(app, await arrive(app, mail), 'ignored', 'in_review', 'needs_human');
    expect(email).toMatchObject({ state: 'ignored', stateReason: 'own_mail', replyId: null });
  });
});
