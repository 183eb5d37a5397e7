import type { ParsedMail } from '../message/parsed-mail.types.js';
import { canonicalAddress } from '../message/screening/sender-address.js';
import type { Thread } from './thread.types.js';

/** `[#<thread id>]` in a subject. */
const TICKET = /\[#([0-9a-f]{24})\]/i;
const REPLY_PREFIX =
  /^\s*(?:(?:re|aw|wg|fwd?|antw|sv|vs|vb|tr|rv|enc|odp|pd|ynt|ilt|回复|回覆|转发|轉寄|답장)\s?(?:\[\d+\])?\s?[:：]\s*){1,10}/iu;

export type ThreadedMail = Pick<
  ParsedMail,
  'messageId' | 'inReplyTo' | 'references' | 'from' | 'to' | 'cc' | 'subject' | 'deliveryReport' | 'headers'
>;

/** The subject without "Re:", "AW:" and the like, which a thread is called by. */
export const threadSubject = (subject: string): string => subject.replace(REPLY_PREFIX, '').replace(TICKET, '').trim();

/** The thread id that the subject names, or null. It is no secret: only a participant may use it. */
export const ticketOf = (subject: string): string | null => TICKET.exec(subject)?.[1]?.toLowerCase() ?? null;

/** Message-IDs that this mail answers, nearest first; for a delivery report the mail that it is about. */
export function answeredMessageIds(mail: ThreadedMail): string[] {
  const original = mail.deliveryReport?.originalMessageId;
  const ids = [
    ...(original ? [original] : []),
    ...(mail.inReplyTo ? [mail.inReplyTo] : []),
    ...[...mail.references].reverse(),
  ];
  return [...new Set(ids)];
}

/** Addresses that the mail was sent to, the envelope's included: where a token may stand. */
export function recipientsOf(mail: ThreadedMail): string[] {
  const envelope = mail.headers.filter(([name]) => /^(?:x-)?(?:delivered-to|original-to|envelope-to)$/.test(name));
  return [...mail.to, ...mail.cc].map(({ address }) => address).concat(envelope.map(([, value]) => value));
}

/** Who takes part by this mail: its author and whom it was sent to, without our own addresses. */
export function participantsOf(mail: ThreadedMail, ownAddresses: readonly string[]): string[] {
  const own = new Set(ownAddresses.map(canonicalAddress));
  const all = [mail.from, ...mail.to, ...mail.cc].flatMap((one) => (one ? [canonicalAddress(one.address)] : []));
  return [...new Set(all)].filter((address) => !own.has(address));
}

export type Match = { join: Thread } | { link: Thread } | null;

/**
 * Chooses among candidate threads, the nearest first. Only a participant joins: whoever else quotes our Message-ID got the
 * mail from somebody and must not see the conversation, so the mail begins a thread of its own that links to it.
 */
export function chooseThread(mail: ThreadedMail, candidates: readonly Thread[]): Match {
  const report = mail.deliveryReport;
  if (report) {
    // A report comes from a mail server; it belongs to a thread only by the Message-ID of a mail that we sent.
    const about = candidates.find((thread) => thread.sentMessageIds.includes(report.originalMessageId ?? ''));
    return about ? { join: about } : null;
  }
  const sender = mail.from ? canonicalAddress(mail.from.address) : null;
  const own = candidates.find((thread) => sender !== null && thread.participants.includes(sender));
  if (own) return { join: own };
  return candidates[0] ? { link: candidates[0] } : null;
}
