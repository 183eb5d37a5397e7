import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ImapFlow } from 'imapflow';
import nodemailer from 'nodemailer';
import { eventually } from './eventually';

const run = promisify(execFile);
const SCRIPT = join(__dirname, 'mailstack.sh');
const PORTS = 10;

export interface MailStackPorts {
  imap: number;
  imaps: number;
  lmtp: number;
  smtp: number;
  submission: number;
  smtps: number;
}

export interface StoredMail {
  uid: number;
  source: string;
  flags: Set<string>;
}

/** A real Dovecot and Postfix for one test file; see mailstack.sh. Fails, and does not skip, where they are not installed. */
export class MailStack {
  static readonly PASSWORD = 'secret';
  readonly ports: MailStackPorts;
  private introspection: Server | null = null;

  private constructor(
    private readonly dir: string,
    private readonly base: number,
  ) {
    const [imap, imaps, lmtp, smtp, submission, smtps] = [0, 1, 2, 3, 4, 5].map((offset) => base + offset) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    this.ports = { imap, imaps, lmtp, smtp, submission, smtps };
  }

  static async start(users = 10): Promise<MailStack> {
    const dir = mkdtempSync(join(tmpdir(), 'mailstack-'));
    const base = await freeRange();
    await run(SCRIPT, ['start', dir, String(users), String(base)]);
    return new MailStack(dir, base);
  }

  async stop(): Promise<void> {
    this.introspection?.close();
    await run(SCRIPT, ['stop', this.dir]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** PEM of the authority that signed the servers' certificate. */
  get ca(): string {
    return readFileSync(join(this.dir, 'cert.pem'), 'utf8');
  }

  /** Sends a mail through Postfix, as the internet would. @returns its Message-ID */
  async send(mail: {
    from?: string;
    to: string;
    subject?: string;
    text?: string;
    messageId?: string;
    inReplyTo?: string;
  }): Promise<string> {
    const { smtp: port } = this.ports;
    const transport = nodemailer.createTransport({ host: '127.0.0.1', port, ignoreTLS: true });
    try {
      const info = await transport.sendMail({ from: 'u9@customer.test', subject: 'Question', text: 'Hello', ...mail });
      return info.messageId;
    } finally {
      transport.close();
    }
  }

  /** Puts a mail into a folder, optionally with the time at which the server took it. */
  async append(user: string, raw: string | Buffer, folder = 'INBOX', receivedAt?: Date): Promise<void> {
    await this.asUser(user, (client) => client.append(folder, raw, [], receivedAt));
  }

  /** Writes mails straight into the Maildir: a backlog of thousands in a moment. */
  async seed(user: string, mails: Buffer[]): Promise<void> {
    const [name, domain] = user.split('@') as [string, string];
    const maildir = join(this.dir, 'mail', domain, name, 'Maildir');
    for (const folder of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, folder), { recursive: true });
    mails.forEach((mail, index) => {
      writeFileSync(join(maildir, 'new', `${Date.now()}.${process.pid}_${index}.seed`), mail);
    });
    await run('chown', ['-R', 'mail:mail', join(this.dir, 'mail')]);
  }

  /** The user's own rules for mail that arrives (RFC 5228), e.g. an autoresponder. */
  async setSieve(user: string, script: string): Promise<void> {
    const [name, domain] = user.split('@') as [string, string];
    const home = join(this.dir, 'mail', domain, name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, '.dovecot.sieve'), script);
    await run('chown', ['-R', 'mail:mail', join(this.dir, 'mail')]);
  }

  /** What the user's folder holds, oldest first. */
  async messages(user: string, folder = 'INBOX'): Promise<StoredMail[]> {
    return this.asUser(user, async (client) => {
      const lock = await client.getMailboxLock(folder, { readOnly: true });
      try {
        if (!client.mailbox || client.mailbox.exists === 0) return [];
        const rows = await client.fetchAll('1:*', { uid: true, source: true, flags: true });
        return rows.map(({ uid, source, flags }) => ({ uid, source: source!.toString(), flags: flags! }));
      } finally {
        lock.release();
      }
    });
  }

  /** Runs `work` on a connection of the user's own. */
  async asUser<T>(user: string, work: (client: ImapFlow) => Promise<T>): Promise<T> {
    const { imaps: port } = this.ports;
    const auth = { user, pass: this.passwords.get(user) ?? MailStack.PASSWORD };
    const tls = { ca: this.ca };
    const client = new ImapFlow({
      host: '127.0.0.1',
      port,
      secure: true,
      tls,
      auth,
      logger: false,
      disableAutoIdle: true,
    });
    client.on('error', () => client.close());
    await client.connect();
    try {
      return await work(client);
    } finally {
      client.close();
    }
  }

  /** Ends the IMAP sessions of the user; waits for one when there is none at the moment. */
  async kick(user: string): Promise<void> {
    await eventually(() => this.doveadm('kick', user).catch(() => null));
  }

  async doveadm(...args: string[]): Promise<string> {
    const { stdout } = await run('doveadm', ['-c', join(this.dir, 'dovecot.conf'), ...args]);
    return stdout;
  }

  /** Resolves when the new password counts: Dovecot looks at its file once a second. */
  async setPassword(user: string, password: string): Promise<void> {
    this.passwords.set(user, password);
    const file = join(this.dir, 'users');
    const lines = readFileSync(file, 'utf8').split('\n');
    const changed = lines.map((line) => (line.startsWith(`${user}:`) ? `${user}:{PLAIN}${password}::::::` : line));
    writeFileSync(file, changed.join('\n'));
    await sleep(1_100);
  }

  /** Lines of Dovecot's log that hold the text. */
  logLines(text: string): string[] {
    const log = readFileSync(join(this.dir, 'dovecot.log'), 'utf8');
    return log.split('\n').filter((line) => line.includes(text));
  }

  /** Answers Dovecot's questions about OAuth 2 tokens (RFC 7662). @param tokens from token to user */
  async serveTokens(tokens: Map<string, string>): Promise<void> {
    this.introspection = createHttpServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const email = tokens.get(new URLSearchParams(body).get('token') ?? '');
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(email ? { active: true, email } : { active: false }));
      });
    });
    const server = this.introspection;
    await new Promise<void>((resolve) => server.listen(this.base + 9, '127.0.0.1', resolve));
  }

  private readonly passwords = new Map<string, string>();
}

/** A run of ports that nobody listens on; starts at a place of its own for each process. */
async function freeRange(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 15_000 + ((process.pid * 7 + attempt * 131) % 1000) * PORTS;
    const taken = await Promise.all(Array.from({ length: PORTS }, (_, offset) => answers(base + offset)));
    if (!taken.includes(true)) return base;
    await sleep(10);
  }
  throw new Error('no free range of ports');
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
