import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/**
 * How the server behaves in one connection. The first group says what happens when the final dot has arrived; a mail whose
 * reply is lost (rst, fin, hang, partial) counts as delivered, as with a server that took it and then lost the connection.
 */
export const SMTP_MODES = [
  'ok',
  'ok-close', // 250 and closes at once
  'slow', // 250 after half a second
  'rst',
  'fin',
  'hang',
  'partial', // the beginning of a 250, then the end
  '421',
  '451',
  '550',
  '552',
  // before or during the mail
  'greeting-554',
  'refuse', // closes before the greeting
  'auth-535',
  'auth-454',
  'mail-530',
  'mail-451',
  'rcpt-550',
  'rcpt-451', // greylisting (RFC 6647)
  'data-451', // refuses the DATA command
  'pre-data', // closes instead of the 354
  'mid-data', // resets in the middle of the mail
  'early-250', // answers before the mail is complete, then closes
  'early-552', // refuses before the mail is complete
] as const;
export type SmtpMode = (typeof SMTP_MODES)[number];

export interface ReceivedMail {
  from: string;
  recipients: string[];
  raw: string;
  messageId: string | null;
}

const MID_DATA_BYTES = 100_000;
const SLOW_MS = 500;
const AFTER_DOT: Partial<Record<SmtpMode, string>> = {
  '421': '421 4.3.0 shutting down',
  '451': '451 4.3.0 try again later',
  '550': '550 5.7.1 message refused',
  '552': '552 5.3.4 too large',
};
const LOST_REPLY: readonly SmtpMode[] = ['rst', 'fin', 'hang', 'partial'];

/** An SMTP server that does the wrong thing at a chosen moment, and counts what it took. */
export class AmbiguousSmtpServer {
  /** Mails that a recipient has, whatever the client was told. */
  readonly delivered: ReceivedMail[] = [];
  /** Connections that were accepted. */
  connections = 0;
  /** Times that a complete mail arrived, refused ones too. */
  completed = 0;
  /** What clients sent up to DATA, one string a line, secrets and all: tests only. */
  readonly commands: string[] = [];
  private readonly sockets = new Set<Socket>();
  private script: SmtpMode[] = [];

  private constructor(
    private readonly server: Server,
    private fallback: SmtpMode,
  ) {}

  static async start(
    mode: SmtpMode = 'ok',
    extensions: string[] = ['AUTH PLAIN XOAUTH2', 'SIZE 10000000'],
  ): Promise<AmbiguousSmtpServer> {
    const server = createServer();
    const started = new AmbiguousSmtpServer(server, mode);
    server.on('connection', (socket) => started.serve(socket, extensions));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return started;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The next connections behave so, one after the other; later ones like the last. */
  behave(...modes: SmtpMode[]): void {
    this.script = modes.slice(0, -1);
    this.fallback = modes.at(-1) ?? this.fallback;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket, extensions: string[]): void {
    this.connections++;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined); // the client may be gone: that is what is tested
    const mode = this.script.shift() ?? this.fallback;
    if (mode === 'refuse') return void socket.destroy();
    const session = new Session(socket, mode, extensions, this);
    socket.on('data', (chunk) => session.receive(chunk));
    session.reply(mode === 'greeting-554' ? '554 no service here' : '220 ambiguous ESMTP');
  }
}

class Session {
  private buffer = '';
  private inData = false;
  private from = '';
  private recipients: string[] = [];

  constructor(
    private readonly socket: Socket,
    private readonly mode: SmtpMode,
    private readonly extensions: string[],
    private readonly counts: AmbiguousSmtpServer,
  ) {}

  reply(line: string): void {
    if (this.socket.writable) this.socket.write(`${line}\r\n`);
  }

  receive(chunk: Buffer): void {
    this.buffer += chunk.toString('latin1');
    while (!this.socket.destroyed) {
      if (this.inData ? !this.takeMail() : !this.takeCommand()) return;
    }
  }

  private takeCommand(): boolean {
    const end = this.buffer.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.buffer.slice(0, end);
    this.buffer = this.buffer.slice(end + 2);
    this.counts.commands.push(line);
    this.command(line);
    return true;
  }

  private command(line: string): void {
    const verb = line.split(' ')[0]!.toUpperCase();
    switch (verb) {
      case 'EHLO':
        return ['ambiguous', ...this.extensions].forEach((text, i, all) =>
          this.reply(`250${i === all.length - 1 ? ' ' : '-'}${text}`),
        );
      case 'AUTH':
        if (this.mode === 'auth-535') return this.reply('535 5.7.8 credentials invalid for user someone@shop.test');
        return this.reply(this.mode === 'auth-454' ? '454 4.7.0 temporary failure' : '235 2.7.0 welcome');
      case 'MAIL':
        if (this.mode === 'mail-530') return this.reply('530 5.7.0 authentication required');
        if (this.mode === 'mail-451') return this.reply('451 4.3.0 not now');
        this.from = /<(.*?)>/.exec(line)?.[1] ?? '';
        return this.reply('250 2.1.0 ok');
      case 'RCPT':
        if (this.mode === 'rcpt-550') return this.reply('550 5.1.1 <someone@customer.test> no such user');
        if (this.mode === 'rcpt-451') return this.reply('451 4.7.1 greylisted');
        this.recipients.push(/<(.*?)>/.exec(line)?.[1] ?? '');
        return this.reply('250 2.1.5 ok');
      case 'DATA':
        return this.dataCommand();
      case 'QUIT':
        this.reply('221 bye');
        return void this.socket.end();
      default:
        return this.reply(verb === 'STARTTLS' ? '502 5.5.1 not here' : '250 ok');
    }
  }

  private dataCommand(): void {
    if (this.mode === 'pre-data') return void this.socket.destroy();
    if (this.mode === 'data-451') return this.reply('451 4.3.0 not now');
    this.inData = true;
    this.reply('354 go ahead');
    if (this.mode === 'early-552') this.reply('552 5.3.4 too large');
    if (this.mode === 'early-250') {
      this.reply('250 2.0.0 ok');
      this.socket.end();
    }
  }

  /** True when there is more to look at. */
  private takeMail(): boolean {
    if (this.mode === 'mid-data' && this.buffer.length > MID_DATA_BYTES) {
      this.socket.resetAndDestroy();
      return false;
    }
    const end = this.buffer.indexOf('\r\n.\r\n');
    if (end < 0) return false;
    const raw = this.buffer.slice(0, end + 2).replace(/^\.\./gm, '.');
    this.buffer = this.buffer.slice(end + 5);
    this.inData = false;
    this.complete(raw);
    return true;
  }

  private complete(raw: string): void {
    this.counts.completed++;
    const refusal = AFTER_DOT[this.mode];
    if (refusal) return this.reply(refusal);
    if (this.mode === 'early-250' || this.mode === 'early-552') return;
    const messageId = /^message-id:\s*(\S+)/im.exec(raw)?.[1] ?? null;
    this.counts.delivered.push({ from: this.from, recipients: this.recipients, raw, messageId });
    if (this.mode === 'slow') return void setTimeout(() => this.reply('250 2.0.0 Ok: queued as 4XyZ'), SLOW_MS);
    if (!LOST_REPLY.includes(this.mode)) {
      this.reply('250 2.0.0 Ok: queued as 4XyZ');
      if (this.mode === 'ok-close') this.socket.end();
      return;
    }
    if (this.mode === 'partial') this.socket.write('25');
    if (this.mode === 'rst') this.socket.resetAndDestroy();
    else if (this.mode !== 'hang') this.socket.end();
  }
}
