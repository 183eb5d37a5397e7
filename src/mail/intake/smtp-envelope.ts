/** A relay loop adds one Received line a hop; RFC 5321 section 6.3 wants at least 100 to be let through. */
export const MAX_HOPS = 100;

export interface SmtpTrace {
  /** Envelope sender; empty for bounces. */
  mailFrom: string;
  /** What the client called itself in HELO; untrusted. */
  helo: string;
  remoteAddress: string;
  /** e.g. ESMTP (RFC 3848). */
  protocol: string;
  sessionId: string;
}

/**
 * The trace lines that a receiving server puts in front of a mail (RFC 5321 section 4.4): Return-Path with the envelope
 * sender, by which bounces are known, and Received.
 */
export function traceHeaders(trace: SmtpTrace, now: Date): Buffer {
  const date = now.toUTCString().replace('GMT', '+0000');
  const lines = [
    `Return-Path: <${clean(trace.mailFrom, /[^\x21-\x7e\u0080-\uffff]|[<>]/g)}>`,
    `Received: from ${clean(trace.helo, /[^\w.:[\]-]/g) || 'unknown'} ([${clean(trace.remoteAddress, /[^\w.:]/g)}])`,
    `\tby mailwright with ${clean(trace.protocol, /\W/g)} id ${clean(trace.sessionId, /\W/g)}; ${date}`,
  ];
  return Buffer.from(lines.join('\r\n') + '\r\n');
}

const clean = (text: string, unwanted: RegExp): string => text.replace(unwanted, '').slice(0, 320);

/** How many servers a mail has passed. */
export function countHops(bytes: Buffer): number {
  const end = bytes.indexOf('\r\n\r\n');
  const header = bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
  return header.match(/^received[ \t]*:/gim)?.length ?? 0;
}
