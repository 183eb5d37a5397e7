import type { AddressInfo } from 'node:net';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { Clock } from '../../common/clock.js';
import { AppError, errorMessage } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { MailboxDirectory } from '../mailbox/mailbox-directory.service.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { RawIntakeService } from '../message/raw-intake.service.js';
import { ByteBudget, collectData } from './smtp-data.js';
import { countHops, MAX_HOPS, traceHeaders } from './smtp-envelope.js';

const MAX_RECIPIENTS = 100;
const MAX_CONNECTIONS = 50;
const SOCKET_TIMEOUT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 5_000;
/** All mails under way together: fifty connections with the largest mail each would not fit into memory. */
const MAX_BUFFERED_BYTES = 256 * 1024 * 1024;

/** A reply with its code (RFC 5321 section 4.2.3); the enhanced code (RFC 3463) is added by the library. */
const reply = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode });

/**
 * The built-in mail server: takes mail for the configured mailboxes and nothing else, so it is no relay. Says 250 only
 * after the bytes are stored; until then the sender keeps the mail and tries again.
 */
@Injectable()
export class SmtpIntakeService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly budget = new ByteBudget(MAX_BUFFERED_BYTES);
  /** Recipients of the sessions under way: from address to mailbox id. */
  private readonly recipients = new WeakMap<SMTPServerSession, Map<string, string>>();
  private server: SMTPServer | null = null;

  constructor(
    private readonly directory: MailboxDirectory,
    private readonly rawIntake: RawIntakeService,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    @InjectPinoLogger(SmtpIntakeService.name) private readonly logger: PinoLogger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const { SMTP_INTAKE_PORT, SMTP_INTAKE_HOST } = this.config.env;
    if (!this.config.runsWorkers || SMTP_INTAKE_PORT === 0) return;
    await this.listen(SMTP_INTAKE_PORT, SMTP_INTAKE_HOST);
  }

  /**
   * Starts listening. @param port 0 picks a free one @returns the port
   * @throws AppError UNAVAILABLE when the port is taken
   */
  async listen(port: number, host: string): Promise<number> {
    const server = this.createServer();
    const net = server.listen(port, host);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject); // the library hands the errors of its socket on
        net.once('listening', () => {
          server.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      const hint = 'set SMTP_INTAKE_PORT to another port, or to 0 to turn the SMTP intake off';
      throw new AppError('UNAVAILABLE', `SMTP intake cannot listen on ${host}:${port}: ${hint}.`, { cause: error });
    }
    server.on('error', (error) => this.logger.debug({ error: errorMessage(error) }, 'smtp connection'));
    this.server = server;
    const { port: bound } = net.address() as AddressInfo;
    this.logger.info({ host, port: bound }, 'SMTP intake listens');
    return bound;
  }

  async beforeApplicationShutdown(): Promise<void> {
    const server = this.server;
    this.server = null;
    if (server) await new Promise<void>((resolve) => server.close(resolve));
  }

  private createServer(): SMTPServer {
    return new SMTPServer({
      name: 'mailwright',
      banner: 'Mailwright',
      size: this.config.env.MAIL_MAX_BYTES,
      disabledCommands: ['AUTH', 'STARTTLS'],
      authOptional: true,
      disableReverseLookup: true,
      hideENHANCEDSTATUSCODES: false,
      maxClients: MAX_CONNECTIONS,
      socketTimeout: SOCKET_TIMEOUT_MS,
      closeTimeout: CLOSE_TIMEOUT_MS,
      logger: false,
      onRcptTo: (address, session, callback) => {
        this.checkRecipient(address.address, session).then(() => callback(), callback);
      },
      onData: (stream, session, callback) => {
        this.takeMail(stream, session).then((text) => callback(null, text), callback);
      },
    });
  }

  private async checkRecipient(address: string, session: SMTPServerSession): Promise<void> {
    if (session.envelope.rcptTo.length >= MAX_RECIPIENTS) throw reply(452, 'Too many recipients');
    const mailbox = await this.lookUp(() => this.directory.findByRecipient(address));
    if (!mailbox) throw reply(550, 'No such mailbox here');
    const known = this.recipients.get(session) ?? new Map<string, string>();
    this.recipients.set(session, known.set(address, mailbox.id));
  }

  private async lookUp<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      this.logger.warn({ error: errorMessage(error) }, 'smtp intake: a mailbox cannot be looked up');
      throw reply(451, 'Temporary failure, try again later');
    }
  }

  private async takeMail(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const maxBytes = this.config.env.MAIL_MAX_BYTES;
    const data = await collectData(stream, maxBytes, this.budget);
    if (data.kind === 'too-large') throw reply(552, `Message exceeds ${maxBytes} bytes`);
    if (data.kind === 'no-room') throw reply(452, 'Too much mail at once, try again later');
    try {
      if (countHops(data.bytes) > MAX_HOPS) throw reply(554, 'Too many hops: mail loop');
      const mailboxes = await this.recipientsOf(session);
      const ids = await this.store(mailboxes, Buffer.concat([this.trace(session), data.bytes]));
      this.logger.info({ emailIds: ids, bytes: data.bytes.length, session: session.id }, 'mail taken in over SMTP');
      return `Stored as ${ids.join(' ')}`;
    } finally {
      this.budget.giveBack(data.bytes.length);
    }
  }

  /** Each mailbox once, however many of its addresses were named; 451 when one was removed since RCPT. */
  private async recipientsOf(session: SMTPServerSession): Promise<Mailbox[]> {
    const known = this.recipients.get(session);
    const ids = new Set(session.envelope.rcptTo.map(({ address }) => known?.get(address) ?? ''));
    return Promise.all([...ids].map((id) => this.lookUp(() => this.directory.getById(id))));
  }

  /** When one fails the sender sends all again, and those that have it say so: intake is idempotent. */
  private async store(mailboxes: Mailbox[], bytes: Buffer): Promise<string[]> {
    const ids: string[] = [];
    try {
      for (const mailbox of mailboxes) {
        const receivedAt = this.clock.now();
        const { emailId } = await this.rawIntake.accept(mailbox, { source: 'smtp', bytes, receivedAt });
        ids.push(emailId);
      }
      return ids;
    } catch (error) {
      this.logger.warn({ error: errorMessage(error) }, 'smtp intake: a mail could not be stored');
      throw reply(451, 'The mail could not be stored, try again later');
    }
  }

  private trace(session: SMTPServerSession): Buffer {
    const { mailFrom } = session.envelope;
    const trace = {
      mailFrom: mailFrom ? mailFrom.address : '',
      helo: session.hostNameAppearsAs || '',
      remoteAddress: session.remoteAddress,
      protocol: session.transmissionType,
      sessionId: session.id,
    };
    return traceHeaders(trace, this.clock.now());
  }
}
