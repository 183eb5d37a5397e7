import type { Mailbox } from '../mailbox/mailbox.types.js';
import type { HeldReason, OutboxItem } from './outbox.types.js';

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
/** How long an automatic reply may wait: a day later the customer's question is another one. */
const AUTO_MAX_AGE_MS = 24 * HOUR_MS;
/** How long one mail is tried before a person looks. */
export const MAX_RETRY_MS = 24 * HOUR_MS;
/** A switch that is turned back is obeyed within this time. */
const PAUSED_WAIT_MS = 3 * SECOND_MS;
/** Claims without a result after which a mail is held to be what ends the process. */
const MAX_CLAIMS = 5;

/** Whether an item may be sent now. */
export type Gate =
  | { verdict: 'go' }
  /** It stays queued as it is. */
  | { verdict: 'wait'; ms: number; why: 'delivery_paused' | 'auto_send_off' | 'mailbox_paused' }
  | { verdict: 'hold'; reason: HeldReason };

type GatedItem = Pick<OutboxItem, 'mode' | 'createdAt' | 'claims'>;

const wait = (why: Extract<Gate, { verdict: 'wait' }>['why']): Gate => ({ verdict: 'wait', ms: PAUSED_WAIT_MS, why });

/** Everything that stops a mail before a connection is opened, strictest first. */
export function gate(
  item: GatedItem,
  mailbox: Pick<Mailbox, 'paused'> | null,
  switches: { autoSendEnabled: boolean; deliveryPaused: boolean },
  now: Date,
): Gate {
  if (!mailbox) return { verdict: 'hold', reason: 'mailbox_missing' };
  if (item.claims > MAX_CLAIMS) return { verdict: 'hold', reason: 'crashing' };
  if (item.mode === 'auto' && now.getTime() - item.createdAt.getTime() > AUTO_MAX_AGE_MS) {
    return { verdict: 'hold', reason: 'stale' };
  }
  if (switches.deliveryPaused) return wait('delivery_paused');
  if (item.mode === 'auto' && !switches.autoSendEnabled) return wait('auto_send_off');
  return mailbox.paused ? wait('mailbox_paused') : { verdict: 'go' };
}

const BACKOFF_BASE_MS = 2 * SECOND_MS;
const BACKOFF_CAP_MS = 15 * 60 * SECOND_MS;

/** Full jitter: random up to 2 s, 4 s, 8 s ... 15 minutes after the first, second, third ... failed try. */
export function backoffMs(failedTries: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** Math.max(0, failedTries - 1)));
}
