import { domainOf } from './recipient.js';

const MINUTE_S = 60;
const DAY_S = 86_400;
/** Automatic replies to any addresses of one domain in a minute. */
const MAX_PER_DOMAIN = 30;
/** Automatic replies in one thread without a person's in between. */
const MAX_IN_A_ROW = 3;
const THREAD_MEMORY_S = 30 * DAY_S;

/** One counter that a mail has to fit into. */
export interface RateWindow {
  scope:
    | 'mailbox_minute'
    | 'domain_minute'
    | 'recipient_10min'
    | 'recipient_day'
    | 'thread'
    | 'mailbox_day'
    | 'same_content'
    | 'sender_hold';
  /** What is counted; addresses as pseudonyms. */
  subject: string;
  max: number;
  /** Length of the window; the thread counter has one that ends with a person's reply. */
  seconds: number;
}

export interface RateLimits {
  perRecipient: { tenMinutes: number; day: number };
  perMailbox: { minute: number; day: number };
}

/** Reads RATE_PER_RECIPIENT (`10 minutes/day`) and RATE_PER_MAILBOX (`minute/day`). */
export function rateLimits(env: { RATE_PER_RECIPIENT: string; RATE_PER_MAILBOX: string }): RateLimits {
  const [tenMinutes, recipientDay] = pair(env.RATE_PER_RECIPIENT);
  const [minute, mailboxDay] = pair(env.RATE_PER_MAILBOX);
  return { perRecipient: { tenMinutes, day: recipientDay }, perMailbox: { minute, day: mailboxDay } };
}

export interface CountedMail {
  mode: 'human' | 'auto';
  mailboxId: string;
  threadId: string | null;
  recipient: string;
}

/**
 * The counters of one mail, short windows first: a full minute must not use up the day. Automatic replies count per
 * recipient, domain and thread too, so that two automata that talk to each other stop (RFC 3834 section 2).
 */
export function rateWindows(mail: CountedMail, limits: RateLimits, pseudonym: (value: string) => string): RateWindow[] {
  const { perMailbox, perRecipient } = limits;
  const mailbox = (scope: RateWindow['scope'], max: number, seconds: number): RateWindow => ({
    scope,
    subject: mail.mailboxId,
    max,
    seconds,
  });
  const recipient = pseudonym(mail.recipient);
  const automatic: RateWindow[] = [
    { scope: 'domain_minute', subject: pseudonym(domainOf(mail.recipient)), max: MAX_PER_DOMAIN, seconds: MINUTE_S },
    { scope: 'recipient_10min', subject: recipient, max: perRecipient.tenMinutes, seconds: 10 * MINUTE_S },
    { scope: 'recipient_day', subject: recipient, max: perRecipient.day, seconds: DAY_S },
    ...(mail.threadId === null ? [] : [threadWindow(mail.threadId)]),
  ];
  return [
    mailbox('mailbox_minute', perMailbox.minute, MINUTE_S),
    ...(mail.mode === 'auto' ? automatic : []),
    mailbox('mailbox_day', perMailbox.day, DAY_S),
  ];
}

export function threadWindow(threadId: string): RateWindow {
  return { scope: 'thread', subject: threadId, max: MAX_IN_A_ROW, seconds: THREAD_MEMORY_S };
}

/** The document of the window that `now` falls into. */
export function windowKey(window: RateWindow, now: Date): string {
  if (window.scope === 'thread') return `thread|${window.subject}`;
  return `${window.scope}|${window.subject}|${Math.floor(now.getTime() / 1000 / window.seconds)}`;
}

/** When the window that `now` falls into is over. */
export function windowEnd(window: RateWindow, now: Date): Date {
  if (window.scope === 'thread') return new Date(now.getTime() + window.seconds * 1000);
  return new Date((Math.floor(now.getTime() / 1000 / window.seconds) + 1) * window.seconds * 1000);
}

function pair(text: string): [number, number] {
  const [first, second] = text.split('/').map(Number);
  return [first!, second!];
}
