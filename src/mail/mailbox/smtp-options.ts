import type { CheckedHost } from './host-guard.js';
import { assertEncrypted, tlsOptions } from './imap-client.js';
import type { ServerSettings } from './mailbox.types.js';

const CONNECT_TIMEOUT_MS = 15_000;
const GREETING_TIMEOUT_MS = 15_000;
/** RFC 5321 section 4.5.3.2 allows a server minutes for the answer after the final dot. */
const SOCKET_TIMEOUT_MS = 10 * 60_000;

/**
 * Options for nodemailer, as transport or as SMTPConnection: the checked address, forced TLS, times.
 * @throws AppError MAIL_CONNECTION when an unencrypted connection would leave the machine
 */
export function smtpOptions(settings: ServerSettings, host: CheckedHost) {
  assertEncrypted(settings.security, host);
  return {
    host: host.address,
    port: settings.port,
    secure: settings.security === 'tls',
    requireTLS: settings.security === 'starttls',
    ignoreTLS: settings.security === 'none',
    tls: { ...tlsOptions(settings.tlsCa), ...(host.servername ? { servername: host.servername } : {}) },
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: GREETING_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    logger: false,
  } as const;
}

/** The login as nodemailer wants it; null when the server asks for none (no secret stored). */
export function smtpAuth(settings: ServerSettings, secret: string | null) {
  if (secret === null) return null;
  return settings.auth === 'xoauth2'
    ? { type: 'OAuth2' as const, user: settings.user, accessToken: secret }
    : { user: settings.user, pass: secret };
}
