import { Injectable } from '@nestjs/common';
import { ImapFlow, type ImapFlowOptions } from 'imapflow';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { type CheckedHost, HostGuard } from './host-guard.js';
import { toMailError } from './mail-errors.js';
import { MailboxSecrets } from './mailbox-secrets.service.js';
import type { ImapSettings, Mailbox } from './mailbox.types.js';

const CONNECT_TIMEOUT_MS = 15_000;
const GREETING_TIMEOUT_MS = 10_000;
/** Silence on the socket; IDLE is restarted more often than this. */
const SOCKET_TIMEOUT_MS = 6 * 60_000;
/** Some servers drop an IDLE that is older; each restart also shows that the connection lives. */
const MAX_IDLE_MS = 5 * 60_000;
const MAX_LINE_BYTES = 8 * 1024 * 1024;
/** Room for the rest of a FETCH response around the largest mail that is fetched whole. */
const RESPONSE_MARGIN_BYTES = 4 * 1024 * 1024;

export interface ImapConnectOptions {
  /** Called when the connection ended, for whatever reason. */
  onClose?: () => void;
  /** Gives up connecting. */
  signal?: AbortSignal;
}

/** Opens IMAP connections for mailboxes: checked host, forced TLS, bounded sizes and times. */
@Injectable()
export class ImapConnector {
  constructor(
    private readonly guard: HostGuard,
    private readonly secrets: MailboxSecrets,
    private readonly config: AppConfig,
  ) {}

  /** A logged-in connection; the caller closes it. @throws AppError MAIL_AUTH, MAIL_CONNECTION or MAIL_LIMIT */
  async connect(mailbox: Mailbox, options: ImapConnectOptions = {}): Promise<ImapFlow> {
    if (!mailbox.imap) throw new AppError('MAIL_CONNECTION', 'The mailbox has no IMAP settings.');
    const host = await this.guard.check(mailbox.imap.host);
    const secret = this.secrets.open(mailbox, 'imap');
    if (secret === null) throw new AppError('MAIL_AUTH', 'The mailbox has no IMAP password.');
    const client = new ImapFlow(imapOptions(mailbox.imap, host, secret, this.config.env.MAIL_MAX_BYTES));
    // Before connect(): an 'error' event without a listener would end the process.
    client.on('error', () => client.close());
    if (options.onClose) client.on('close', options.onClose);
    if (options.signal?.aborted) throw new AppError('UNAVAILABLE', 'The process stops.', { retryable: true });
    const giveUp = (): void => client.close();
    options.signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await client.connect();
      return client;
    } catch (error) {
      client.close();
      throw toMailError(error);
    } finally {
      options.signal?.removeEventListener('abort', giveUp);
    }
  }
}

/** @throws AppError MAIL_CONNECTION when an unencrypted connection would leave the machine */
export function imapOptions(
  settings: ImapSettings,
  host: CheckedHost,
  secret: string,
  maxMailBytes: number,
): ImapFlowOptions {
  assertEncrypted(settings.security, host);
  return {
    host: host.address,
    port: settings.port,
    ...(host.servername ? { servername: host.servername } : {}),
    secure: settings.security === 'tls',
    // Not "if offered": whoever sits in between could strip the offer.
    doSTARTTLS: settings.security === 'starttls',
    tls: tlsOptions(settings.tlsCa),
    auth:
      settings.auth === 'xoauth2'
        ? { user: settings.user, accessToken: secret }
        : { user: settings.user, pass: secret },
    logger: false,
    disableAutoIdle: true,
    maxIdleTime: MAX_IDLE_MS,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: GREETING_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    maxLineLength: MAX_LINE_BYTES,
    maxLiteralSize: maxMailBytes + RESPONSE_MARGIN_BYTES / 2,
    maxResponseSize: maxMailBytes + RESPONSE_MARGIN_BYTES,
  };
}

/** TLS for IMAP and SMTP alike: public authorities, or only the given one. */
export function tlsOptions(ca: string | null): { minVersion: 'TLSv1.2'; rejectUnauthorized: true; ca?: string } {
  return { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca ? { ca } : {}) };
}

export function assertEncrypted(security: ImapSettings['security'], host: CheckedHost): void {
  if (security !== 'none' || host.isLoopback) return;
  throw new AppError(
    'MAIL_CONNECTION',
    'Connections without TLS are allowed on loopback only: set security to tls or starttls.',
  );
}
