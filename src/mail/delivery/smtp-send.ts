import { Readable } from 'node:stream';
import SMTPConnection, { type SMTPConnectionAuth, type SMTPConnectionOptions } from 'nodemailer/lib/smtp-connection';
import type { SendPhase } from './outbox.types.js';

/** Milliseconds. Short waits for the final reply make mails whose fate is unknown (RFC 1047). */
export interface SmtpTimeouts {
  connect: number;
  greeting: number;
  /** Login, MAIL, RCPT and DATA up to the server's 354, hooks not counted. */
  envelope: number;
  /** From the first byte of the mail to the reply after the final dot, without any sign of life. */
  finalReply: number;
}

export const SMTP_TIMEOUTS: SmtpTimeouts = { connect: 30_000, greeting: 30_000, envelope: 60_000, finalReply: 600_000 };

export interface SmtpEnvelope {
  from: string;
  to: string;
}

/** Called at the two points where sending can still be called off; a throw closes the connection and nothing is sent. */
export interface SendHooks {
  /** Logged in; MAIL follows. */
  beforeMail(): Promise<void>;
  /** The server waits for the mail (354); its first byte follows. */
  beforeData(): Promise<void>;
}

/** What happened, with nothing interpreted: outcome.ts does that. */
export interface SendResult {
  /** The server's 2xx to the whole mail was seen. */
  isAccepted: boolean;
  phase: SendPhase;
  /** The server's last reply where it decided something; null when it said nothing. */
  response: string | null;
  responseCode: number | null;
  /** Message-ID that the server put in place of ours. */
  serverMessageId: string | null;
  /** nodemailer's code, e.g. EAUTH, ETLS, ETIMEDOUT, or that of the socket, e.g. ECONNREFUSED; null when accepted. */
  errorCode: string | null;
  /** SMTP command that was answered, e.g. `RCPT TO`; null when unknown. */
  command: string | null;
}

export interface SmtpServer {
  /** What nodemailer needs to connect: host, port, TLS. */
  options: SMTPConnectionOptions;
  /** Null for a server without login. */
  auth: SMTPConnectionAuth | null;
}

/** The mail as nodemailer's stream argument, which tells when the server asks for it. */
class MailSource extends Readable {
  constructor(
    private readonly mime: Buffer,
    private readonly onData: () => Promise<void>,
    private readonly onEnd: () => void,
  ) {
    super();
  }

  // Nothing flows before `pipe`, which the connection calls once the server has answered DATA with 354.
  override _read(): void {
    this.push(this.mime);
    this.push(null);
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T, options?: { end?: boolean }): T {
    // Registered first: the phase changes before the final dot is written.
    this.once('end', this.onEnd);
    this.onData().then(
      () => super.pipe(destination, options),
      (error: Error) => this.destroy(error),
    );
    return destination;
  }
}

/** One connection that sends one mail and knows how far it came. */
class SmtpSession {
  private phase: SendPhase = 'connect';
  private readonly connection: SMTPConnection;
  private timer: NodeJS.Timeout | undefined;
  private fail: (error: unknown) => void = () => undefined;
  private readonly failed: Promise<never>;
  /** A throw of a hook, or the reason of an abort: not a failure of the server, so it is thrown on. */
  private calledOff: { reason: unknown } | null = null;

  constructor(
    private readonly server: SmtpServer,
    private readonly timeouts: SmtpTimeouts,
  ) {
    this.connection = new SMTPConnection({
      ...server.options,
      connectionTimeout: timeouts.connect + timeouts.greeting,
      greetingTimeout: timeouts.greeting,
      socketTimeout: timeouts.finalReply,
      dnsTimeout: timeouts.connect,
      logger: false,
    });
    this.failed = new Promise((_, reject) => (this.fail = reject));
    // It may reject when nobody waits any more; an 'error' event without a listener would end the process.
    this.failed.catch(() => undefined);
    this.connection.on('error', (error) => this.fail(error));
    this.connection.on('end', () => this.fail(codedError('ECONNECTION', 'Connection closed')));
  }

  /** Stops everything at once; only where nothing has been sent. */
  abort(reason: unknown): void {
    if (this.phase !== 'connect' && this.phase !== 'envelope') return;
    this.calledOff ??= { reason };
    this.fail(reason);
  }

  async run(mime: Buffer, envelope: SmtpEnvelope, hooks: SendHooks): Promise<SendResult> {
    try {
      this.startTimer(this.timeouts.connect + this.timeouts.greeting);
      await this.settled((done) => this.connection.connect(done));
      this.startTimer(this.timeouts.envelope);
      const { auth } = this.server;
      if (auth) await this.settled((done) => this.connection.login(auth, done));
      this.phase = 'envelope';
      await this.inHook(() => hooks.beforeMail());
      return await this.transmit(mime, envelope, hooks);
    } catch (error) {
      if (this.calledOff) throw this.calledOff.reason;
      return this.failure(error);
    } finally {
      this.stopTimer();
      this.connection.close();
    }
  }

  private async transmit(mime: Buffer, envelope: SmtpEnvelope, hooks: SendHooks): Promise<SendResult> {
    const begin = async (): Promise<void> => {
      await this.inHook(() => hooks.beforeData());
      this.stopTimer(); // while the mail is written only the socket's silence counts
      this.phase = 'data';
    };
    const end = (): void => {
      this.phase = 'awaiting-reply';
      this.startTimer(this.timeouts.finalReply);
    };
    const info = await this.settled<SMTPConnection.SentMessageInfo>((done) =>
      this.connection.send(
        { from: envelope.from, to: [envelope.to], size: mime.length },
        new MailSource(mime, begin, end),
        done,
      ),
    );
    return {
      ...this.reply(info?.response),
      isAccepted: this.isWholeMailWritten(),
      serverMessageId: info?.serverMessageId ?? null,
      errorCode: null,
      command: 'DATA',
    };
  }

  /** A 2xx while the mail is still being written cannot be the answer to it. */
  private isWholeMailWritten(): boolean {
    const socket = this.connection._socket;
    return this.phase === 'awaiting-reply' && (!socket || socket.writableLength === 0);
  }

  /** A callback of nodemailer as a promise that also ends with the connection. */
  private settled<T = unknown>(
    start: (done: (error?: Error | null, value?: T) => void) => void,
  ): Promise<T | undefined> {
    const answered = new Promise<T | undefined>((resolve, reject) =>
      start((error, value) => (error ? reject(error) : resolve(value))),
    );
    return Promise.race([answered, this.failed]);
  }

  /** A hook has its own time limit (the store's), and must end before anybody decides what happened. */
  private async inHook(hook: () => Promise<void>): Promise<void> {
    this.stopTimer();
    try {
      await hook();
    } catch (reason) {
      this.calledOff ??= { reason };
      throw reason;
    }
    this.startTimer(this.timeouts.envelope);
    await Promise.race([this.failed, Promise.resolve()]); // the connection may have ended meanwhile
  }

  private startTimer(ms: number): void {
    this.stopTimer();
    this.timer = setTimeout(() => this.fail(codedError('ETIMEDOUT', 'Timeout')), ms);
  }

  private stopTimer(): void {
    clearTimeout(this.timer);
  }

  private reply(response: string | undefined): Pick<SendResult, 'phase' | 'response' | 'responseCode'> {
    const code = /^\d{3}/.exec(response ?? '')?.[0];
    return { phase: this.phase, response: response ?? null, responseCode: code === undefined ? null : Number(code) };
  }

  private failure(error: unknown): SendResult {
    const { code, originalCode, command, response } = error as MailError;
    // What the system said (ECONNREFUSED, CERT_HAS_EXPIRED ...) tells more than nodemailer's word for all of it.
    const errorCode = (code === 'ESOCKET' ? originalCode : undefined) ?? code ?? 'ESOCKET';
    const outcome = { isAccepted: false, serverMessageId: null, errorCode, command: command ?? null };
    return { ...this.reply(response), ...outcome };
  }
}

/** What nodemailer attaches to its errors. */
interface MailError {
  code?: string;
  originalCode?: string;
  command?: string;
  response?: string;
}

function codedError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/**
 * Sends one mail over one new connection, once: no pool and no retry, which would make second copies of a mail whose reply was
 * lost. Never throws for what the network or the server did; the result tells how far it came.
 * `signal` is obeyed until the first byte of the mail; between DATA and the reply nothing stops it.
 * @throws what a hook threw, or the reason of `signal`: nothing was sent
 */
export async function smtpSend(
  server: SmtpServer,
  mime: Buffer,
  envelope: SmtpEnvelope,
  hooks: SendHooks,
  signal: AbortSignal,
  timeouts: SmtpTimeouts = SMTP_TIMEOUTS,
): Promise<SendResult> {
  signal.throwIfAborted();
  const session = new SmtpSession(server, timeouts);
  const onAbort = (): void => session.abort(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await session.run(mime, envelope, hooks);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
