import nodemailer from 'nodemailer';

export interface TestMail {
  from?: string;
  to?: string;
  subject?: string;
  text?: string;
  messageId?: string;
  headers?: Record<string, string>;
}

let sent = 0;
const SENT_AT = new Date('2026-11-22T09:00:00Z');

/** Sends one mail over SMTP to a port on loopback, as any mail client would. */
export async function sendMail(port: number, mail: TestMail = {}): Promise<{ messageId: string; response: string }> {
  const transport = nodemailer.createTransport({ host: '127.0.0.1', port, secure: false, ignoreTLS: true });
  try {
    const messageId = mail.messageId ?? `<test-${process.pid}-${Date.now()}-${++sent}@customer.example>`;
    const { response } = await transport.sendMail({
      // Fixed, so that sending the same mail again sends the same bytes, as a mail server does.
      date: SENT_AT,
      from: mail.from ?? 'Ada Lovelace <ada@customer.example>',
      to: mail.to ?? 'support@localhost',
      subject: mail.subject ?? 'How do I reset my password?',
      text: mail.text ?? 'Hello,\n\nI forgot my password and cannot log in. How do I reset it?\n\nAda',
      messageId,
      headers: mail.headers ?? {},
    });
    return { messageId, response };
  } finally {
    transport.close();
  }
}
