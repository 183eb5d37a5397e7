import { once } from 'node:events';
import { connect } from 'node:net';
import nodemailer from 'nodemailer';
import { SmtpIntakeService } from '../../src/mail/intake/smtp-intake.service';
import type { RawIntakeService } from '../../src/mail/message/raw-intake.service';
import { aMailbox, anIntakeStore, type IntakeStore, quietLogger } from '../support/intake-store';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(30_000);

const MAX_BYTES = 100_000;

interface Refusal {
  responseCode: number;
  response: string;
}

describe('SMTP intake', () => {
  let store: TestStore;
  let intake: IntakeStore;
  let service: SmtpIntakeService;
  let port: number;
  let isStoreAway: boolean;

  beforeEach(async () => {
    store = await startStore();
    intake = await anIntakeStore(store.connection, { MAIL_MAX_BYTES: MAX_BYTES });
    isStoreAway = false;
    const accept: RawIntakeService['accept'] = (mailbox, mail) =>
      isStoreAway ? Promise.reject(new Error('not primary')) : intake.intake.accept(mailbox, mail);
    const rawIntake = { accept } as RawIntakeService;
    service = new SmtpIntakeService(intake.directory, rawIntake, intake.config, intake.clock, quietLogger);
    port = await service.listen(0, '127.0.0.1');
  });

  afterEach(async () => {
    await service.beforeApplicationShutdown();
    await store.stop();
  });

  const send = async (to: string | string[], mail: { from?: string; text?: string; raw?: string | Buffer } = {}) => {
    const transport = nodemailer.createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
    const from = mail.from ?? 'ada@customer.example';
    const content = mail.raw === undefined ? { subject: 'Hi', text: mail.text ?? 'Hello' } : { raw: mail.raw };
    try {
      return await transport.sendMail({ from, to, ...content, envelope: { from, to } });
    } finally {
      transport.close();
    }
  };
  const refusal = (sending: Promise<unknown>): Promise<Refusal> =>
    sending.then(
      () => Promise.reject(new Error('it was taken')),
      (error: Refusal) => error,
    );
  const bytesOf = async (mailboxId: string): Promise<string[]> => {
    const raws = (await intake.rawOf(mailboxId)) as unknown as { _id: string }[];
    return Promise.all(raws.map(async (raw) => (await intake.rawMessages.readBytes(raw._id)).toString('latin1')));
  };
  const builtin = () =>
    intake.mailboxes.insert(aMailbox({ name: 'local', address: 'support@localhost', managed: 'builtin' }));

  it('stores the mail before it says 250, with the envelope sender in front', async () => {
    const mailbox = await builtin();
    const { response } = await send('anybody@anywhere.example');
    expect(response).toMatch(/^250 2\.\S+ Stored as [0-9a-f]{24}$/);
    const [bytes] = await bytesOf(mailbox.id);
    expect(bytes).toMatch(
      /^Return-Path: <ada@customer\.example>\r\nReceived: from \S+ \(\[127\.0\.0\.1\]\)\r\n\tby mailwright with ESMTP/,
    );
    expect(bytes).toMatch(/\r\nSubject: Hi\r\n/);
    expect(await intake.emailModel.countDocuments({ mailboxId: mailbox.id, state: 'received' })).toBe(1);
  });

  it('keeps the empty envelope sender of a bounce', async () => {
    const mailbox = await builtin();
    await send('support@localhost', {
      from: '',
      raw: 'From: MAILER-DAEMON@x.example\r\nSubject: Undelivered\r\n\r\nx\r\n',
    });
    expect((await bytesOf(mailbox.id))[0]).toMatch(/^Return-Path: <>\r\n/);
  });

  it('says 451 while the store is away; the second try is one mail', async () => {
    const mailbox = await builtin();
    const raw = 'From: ada@customer.example\r\nMessage-ID: <again@customer.example>\r\nSubject: Again\r\n\r\nx\r\n';
    isStoreAway = true;
    expect(await refusal(send('support@localhost', { raw }))).toMatchObject({ responseCode: 451 });
    expect(await intake.rawOf(mailbox.id)).toHaveLength(0);
    isStoreAway = false;
    await send('support@localhost', { raw });
    await send('support@localhost', { raw }); // the sender that never saw our 250
    expect(await intake.rawOf(mailbox.id)).toHaveLength(1);
  });

  it('says 451 and not 550 when it cannot look up the recipient', async () => {
    jest.spyOn(intake.directory, 'findByRecipient').mockRejectedValueOnce(new Error('not primary'));
    expect(await refusal(send('support@example.org'))).toMatchObject({ responseCode: 451 });
  });

  it('takes mail for configured mailboxes only, each once', async () => {
    await builtin();
    const sales = await intake.mailboxes.insert(
      aMailbox({ address: 'sales@example.org', aliases: ['shop@example.org'] }),
    );
    const help = await intake.mailboxes.insert(aMailbox({ address: 'help@example.org' }));
    expect(await refusal(send('stranger@example.org'))).toMatchObject({ responseCode: 550 });
    await send(['sales@example.org', 'shop+offer@example.org', 'HELP@example.org']);
    expect(await intake.rawOf(sales.id)).toHaveLength(1);
    expect(await intake.rawOf(help.id)).toHaveLength(1);
  });

  it('refuses mail that is too large, whether announced or not', async () => {
    await builtin();
    const text = 'x'.repeat(MAX_BYTES);
    expect(await refusal(send('support@localhost', { text }))).toMatchObject({ responseCode: 552 });
    const { code } = await talk(port, [
      'HELO test',
      'MAIL FROM:<ada@customer.example>',
      'RCPT TO:<support@localhost>',
      'DATA',
      `Subject: x\r\n\r\n${'y'.repeat(998)}\r\n`.padEnd(MAX_BYTES + 5_000, 'z\r\n') + '\r\n.',
    ]);
    expect(code).toBe(552);
  });

  it('takes a hundred recipients at once, and no relay loop', async () => {
    const mailbox = await builtin();
    const many = Array.from({ length: 101 }, (_, index) => `r${index}@example.org`);
    const { accepted, rejected } = await send(many);
    expect([accepted.length, rejected.length]).toEqual([100, 1]);
    expect(await intake.rawOf(mailbox.id)).toHaveLength(1);
    const raw = 'Received: by x\r\n'.repeat(101) + 'Subject: loop\r\n\r\nx\r\n';
    expect(await refusal(send('support@localhost', { raw }))).toMatchObject({ responseCode: 554 });
  });

  it('offers neither login nor TLS that it cannot do', async () => {
    const { text } = await talk(port, ['EHLO test']);
    expect(text).toContain(`SIZE ${MAX_BYTES}`);
    expect(text).not.toMatch(/AUTH|STARTTLS/);
  });

  it('stops taking connections when the process ends', async () => {
    await service.beforeApplicationShutdown();
    const socket = connect(port, '127.0.0.1');
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });

  it('names the variable when the port is taken', async () => {
    const second = new SmtpIntakeService(intake.directory, intake.intake, intake.config, intake.clock, quietLogger);
    await expect(second.listen(port, '127.0.0.1')).rejects.toThrow(/SMTP_INTAKE_PORT/);
  });
});

/** Sends commands one after the other as a plain client would. @returns the last reply */
async function talk(port: number, commands: string[]): Promise<{ code: number; text: string }> {
  const socket = connect(port, '127.0.0.1');
  const reply = async (): Promise<string> => {
    let text = '';
    while (!/^\d{3} .*\r\n$/m.test(text)) text += String((await once(socket, 'data'))[0]);
    return text;
  };
  let text = await reply();
  for (const command of commands) {
    socket.write(`${command}\r\n`);
    text = await reply();
  }
  socket.destroy();
  return { code: Number(text.slice(0, 3)), text };
}
