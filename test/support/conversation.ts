import { eventually } from './eventually';
import type { TestApp } from './app';

export interface EmailView {
  id: string;
  state: string;
  stateReason: string | null;
  replyId: string | null;
  decisionId: string | null;
  threadId: string | null;
  bouncedReplyId: string | null;
  classification: { category: string; engine: string } | null;
  screening: { verdict: string; reason: string | null } | null;
  history: { event: string; from: string; to: string; reason: string | null }[];
}

export interface ReplyView {
  id: string;
  state: string;
  revision: number;
  text: string;
  outboxId: string | null;
  checks: { code: string }[];
  versions: { version: number; author: string; instruction: string | null }[];
}

export interface MailParts {
  from?: string;
  subject?: string;
  text?: string;
  messageId?: string;
  headers?: Record<string, string>;
}

let count = 0;

/** RFC 5322 bytes of a plain-text mail to the built-in mailbox. */
export function rawMail(mail: MailParts = {}): string {
  count++;
  const headers = {
    // Another sender each time: one whose mails repeat themselves is held.
    From: mail.from ?? `Ada Lovelace <ada${count}@customer.example>`,
    To: 'support@localhost',
    Subject: mail.subject ?? 'How do I reset my password?',
    Date: 'Sun, 22 Nov 2026 09:00:00 +0000',
    'Message-ID': mail.messageId ?? `<conversation-${process.pid}-${count}@customer.example>`,
    'Content-Type': 'text/plain; charset=utf-8',
    ...mail.headers,
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${head.join('')}\r\n${mail.text ?? 'Hello, I forgot my password. How do I reset it?'}\r\n`;
}

/** Uploads a mail and gives its id. */
export async function arrive(app: TestApp, mail: MailParts = {}): Promise<string> {
  const response = await app.as('post', '/emails/import').type('message/rfc822').send(rawMail(mail));
  if (response.status >= 300) throw new Error(`import answered ${response.status}: ${response.text}`);
  return (response.body as { items: { emailId: string }[] }).items[0]!.emailId;
}

export async function emailOf(app: TestApp, id: string): Promise<EmailView> {
  return (await app.as('get', `/emails/${id}`).expect(200)).body as EmailView;
}

export async function replyOf(app: TestApp, id: string): Promise<ReplyView> {
  return (await app.as('get', `/replies/${id}`).expect(200)).body as ReplyView;
}

/** A downloaded file as text. */
export async function bytesOf(app: TestApp, path: string): Promise<string> {
  const response = await app.as('get', path).responseType('blob').expect(200);
  return (response.body as Buffer).toString('utf8');
}

/** Waits until the email is in one of the states. */
export async function until(app: TestApp, id: string, ...states: string[]): Promise<EmailView> {
  let last: EmailView | null = null;
  return eventually(
    async () => {
      last = await emailOf(app, id);
      return states.includes(last.state) ? last : null;
    },
    15_000,
    () => last && { state: last.state, reason: last.stateReason, wanted: states },
  );
}

/** Writes and publishes an article that answers a question about passwords. */
export async function teachPasswords(app: TestApp): Promise<void> {
  await app
    .as('post', '/knowledge')
    .send({
      title: 'Reset your password',
      body: 'If you forgot your password, open the login page and press "Forgot password". We send a link that is valid for one hour. Follow the link to reset your password.',
      language: 'en',
      status: 'published',
    })
    .expect(201);
}
