import type { OutboxState } from './outbox.types.js';

/**
 * Every legal move of an outgoing mail: from, event, to. An event has one target, so that a compare-and-set on the states it
 * may start from is the whole transition. Nothing else changes `state`.
 */
export const OUTBOX_MOVES = {
  /** The attempt record is saved; DATA may follow. */
  attempt: { from: ['scheduled', 'retry_wait'], to: 'sending' },
  /** The server said 250. */
  accepted: { from: ['sending'], to: 'sent' },
  /** The server said 5xx: never tried again. */
  refused: { from: ['sending'], to: 'rejected' },
  /** Surely not sent; tried again with the same bytes. */
  retry: { from: ['scheduled', 'retry_wait', 'sending'], to: 'retry_wait' },
  /** Bytes may have left and there is no reply, or the worker died in between. */
  lost: { from: ['sending'], to: 'unknown' },
  /** Proof that it left; counts wherever a try was made and the server's 250 was not seen. */
  evidence: { from: ['sending', 'unknown', 'held', 'retry_wait'], to: 'sent' },
  /** A person has to look: limits, too old, no evidence. */
  hold: { from: ['scheduled', 'retry_wait', 'sending', 'unknown'], to: 'held' },
  /** The same bytes again: a person said so, or the policy for unknown mails. */
  resend: { from: ['held', 'unknown'], to: 'retry_wait' },
  /** A person settles a held mail without sending it. */
  close: { from: ['held'], to: 'cancelled' },
  /** Undo, while surely nothing has left. */
  cancel: { from: ['scheduled', 'retry_wait'], to: 'cancelled' },
} as const satisfies Record<string, { from: readonly OutboxState[]; to: OutboxState }>;

export type OutboxEvent = keyof typeof OUTBOX_MOVES;

/** Where every item starts. */
export const INITIAL_STATE: OutboxState = 'scheduled';

/** States that nothing leaves. */
export const FINAL_STATES: readonly OutboxState[] = ['sent', 'rejected', 'cancelled'];

/** Who moves an item on from here; final states belong to nobody. */
export const STATE_OWNER: Record<OutboxState, 'worker' | 'person' | null> = {
  scheduled: 'worker',
  retry_wait: 'worker',
  sending: 'worker',
  unknown: 'worker',
  held: 'person',
  sent: null,
  rejected: null,
  cancelled: null,
};
