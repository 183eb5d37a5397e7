import { AppError, errorMessage } from '../../common/errors.js';

/** What imapflow, nodemailer and Node attach to their errors. */
interface MailLibraryError {
  code?: unknown;
  /** nodemailer: the code of the socket, where `code` is only ESOCKET. */
  originalCode?: unknown;
  authenticationFailed?: unknown;
  serverResponseCode?: unknown;
  responseCode?: unknown;
}

/** IMAP response codes (RFC 5530) of a refused login that heals by waiting: the password is not at fault. */
const TEMPORARY_LOGIN_CODES = new Set(['UNAVAILABLE', 'INUSE', 'LIMIT', 'SERVERBUG', 'OVERQUOTA']);

const EXPLANATIONS: Record<string, string> = {
  ECONNREFUSED: 'The mail server refused the connection: check host and port.',
  ENOTFOUND: 'The host name of the mail server cannot be resolved.',
  ETIMEDOUT: 'The mail server did not answer in time.',
  ETIMEOUT: 'The mail server did not answer in time.',
  CONNECT_TIMEOUT: 'The mail server did not answer in time: check host, port and security.',
  GREETING_TIMEOUT: 'The mail server sent no greeting: check port and security.',
  UPGRADE_TIMEOUT: 'The mail server did not finish STARTTLS.',
  ECONNRESET: 'The mail server closed the connection.',
  NoConnection: 'The connection to the mail server was lost.',
  EConnectionClosed: 'The connection to the mail server was lost.',
  ClosedAfterConnectTLS: 'The mail server closed the connection: check port and security.',
  ClosedAfterConnectText: 'The mail server closed the connection: check port and security.',
  LockTimeout: 'The connection to the mail server is stuck.',
  ETHROTTLE: 'The mail server asks to slow down.',
  NotFound: 'The folder does not exist.',
  NONEXISTENT: 'The folder does not exist.',
  ETLS: 'The mail server offers no usable TLS: check security.',
};
const LIMIT_CODES = new Set([
  'LiteralTooLarge',
  'ResponseTooLarge',
  'LineTooLarge',
  'TooManyTokens',
  'TooManyResponses',
]);

/**
 * Turns an error of the mail libraries into one with a fixed, safe text: what servers say may hold user names.
 * MAIL_AUTH (not retryable), MAIL_LIMIT (retryable), or MAIL_CONNECTION (retryable); an AppError is returned as it is.
 */
export function toMailError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { code, originalCode, authenticationFailed, serverResponseCode, responseCode } = (error ??
    {}) as MailLibraryError;
  if (isRefusedLogin({ code, authenticationFailed, serverResponseCode, responseCode })) {
    const detail = typeof serverResponseCode === 'string' ? ` (${serverResponseCode})` : '';
    return new AppError('MAIL_AUTH', `The mail server refused the login${detail}: check user and password.`, {
      cause: error,
    });
  }
  const name = [originalCode, code].find((value): value is string => typeof value === 'string') ?? '';
  if (LIMIT_CODES.has(name)) {
    return new AppError('MAIL_LIMIT', 'The mail server sent more than is allowed.', { retryable: true, cause: error });
  }
  return new AppError('MAIL_CONNECTION', explain(name, serverResponseCode, error), { retryable: true, cause: error });
}

function isRefusedLogin(error: MailLibraryError): boolean {
  if (error.authenticationFailed === true) return !TEMPORARY_LOGIN_CODES.has(String(error.serverResponseCode));
  // nodemailer: EAUTH with 535 and the like is final, 454 is not (RFC 4954 section 6).
  return error.code === 'EAUTH' && !(typeof error.responseCode === 'number' && error.responseCode < 500);
}

function explain(code: string, serverResponseCode: unknown, error: unknown): string {
  const known = EXPLANATIONS[String(serverResponseCode)] ?? EXPLANATIONS[code];
  if (known) return known;
  const text = errorMessage(error);
  if (/CERT|SELF_SIGNED|ALTNAME|ISSUER/.test(code) || /certificate|altnames/i.test(text)) {
    return 'The certificate of the mail server is not trusted: check the host name, or give its certificate authority.';
  }
  if (/STARTTLS/i.test(text)) return 'The mail server does not offer STARTTLS: check port and security.';
  return `The mail server could not be used${code ? ` (${code})` : ''}.`;
}
