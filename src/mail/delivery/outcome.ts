import type { SendResult } from './smtp-send.js';

/** Label `reason` of emails_send_failed_total. */
export type FailureReason = 'auth' | 'rejected' | 'tls' | 'timeout' | 'connection' | 'rate_limited' | 'unknown';

/** What one try means for the mail. */
export type Outcome =
  /** The server took it. */
  | { next: 'accepted' }
  /** Surely not taken; the same bytes may be tried again later. */
  | { next: 'retry'; reason: FailureReason }
  /** The server will never take it. */
  | { next: 'refused'; reason: 'rejected' }
  /** The server does not let this mailbox in: a setting is wrong, the mail is not. */
  | { next: 'auth'; reason: 'auth' }
  /** Bytes may have left and nobody said what became of them. */
  | { next: 'lost'; reason: 'unknown' };

const retry = (reason: FailureReason): Outcome => ({ next: 'retry', reason });
const REFUSED: Outcome = { next: 'refused', reason: 'rejected' };
const AUTH: Outcome = { next: 'auth', reason: 'auth' };
const LOST: Outcome = { next: 'lost', reason: 'unknown' };

/** 530 authentication required, 534 mechanism too weak, 535 credentials invalid (RFC 4954 section 6). */
const AUTH_CODES = [530, 534, 535];

/**
 * Reads the result of one try (reliability 2.5, outcome table; RFC 5321 section 4.2.1). Only what is certain counts: a 2xx to
 * the whole mail is sent, a 4xx or 5xx is not, and without a reply it is not sent only if no byte of it had left.
 */
export function outcomeOf(result: SendResult): Outcome {
  if (result.isAccepted) return { next: 'accepted' };
  return result.phase === 'connect' || result.phase === 'envelope' ? beforeData(result) : afterData(result);
}

function beforeData({ phase, responseCode, errorCode, command }: SendResult): Outcome {
  const isAuth = errorCode === 'EAUTH' || (responseCode !== null && AUTH_CODES.includes(responseCode));
  if (isAuth) return responseCode !== null && responseCode < 500 ? retry('auth') : AUTH;
  // A 5xx to the greeting or EHLO is about the session, not about this mail: the server may be under repair.
  if (phase === 'envelope') {
    if (responseCode !== null) return responseCode >= 500 ? REFUSED : retry('rejected');
    // Said by our side before a command was sent: larger than the server's SIZE, or an address it cannot write.
    if (errorCode === 'EMESSAGE' || (errorCode === 'EENVELOPE' && command === 'API')) return REFUSED;
  }
  return retry(transportReason(errorCode));
}

function afterData({ responseCode }: SendResult): Outcome {
  if (responseCode === null) return LOST;
  if (responseCode >= 500) return REFUSED;
  // Any other code answers something else, e.g. a 2xx while the mail was still being written.
  return responseCode >= 400 ? retry('rejected') : LOST;
}

/** Codes of Node's and OpenSSL's certificate and protocol errors, and nodemailer's own. */
const TLS_ERROR = /TLS|SSL|CERT|SELF_SIGNED|ALTNAME|ISSUER/;

function transportReason(errorCode: string | null): FailureReason {
  if (errorCode !== null && TLS_ERROR.test(errorCode)) return 'tls';
  return errorCode === 'ETIMEDOUT' ? 'timeout' : 'connection';
}
