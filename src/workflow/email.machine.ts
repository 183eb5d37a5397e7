import type { EmailState } from '../mail/message/email.types.js';

/**
 * The life of an email as data: from, event, to. Everything else is refused. The docs, the claim loop and the spec read
 * this table.
 */
export const TRANSITIONS = {
  received: { parsed: 'parsed', quarantined: 'quarantined' },
  parsed: { screened: 'screened', ignored: 'ignored', quarantined: 'quarantined' },
  screened: { classified: 'classified', quarantined: 'quarantined' },
  classified: {
    drafted: 'drafted',
    classified_only: 'done',
    ignored: 'ignored',
    escalated: 'needs_human',
    quarantined: 'quarantined',
  },
  drafted: { decided: 'decided', quarantined: 'quarantined' },
  decided: {
    review_asked: 'in_review',
    shadowed: 'done',
    escalated: 'needs_human',
    ignored: 'ignored',
    quarantined: 'quarantined',
  },
  in_review: { approved: 'approved', rejected: 'rejected', regenerate_asked: 'classified', closed: 'done' },
  approved: { queued: 'outbox', escalated: 'needs_human', quarantined: 'quarantined' },
  outbox: {
    sent: 'done',
    cancelled: 'in_review',
    send_failed: 'needs_human',
    closed: 'done',
    quarantined: 'quarantined',
  },
  done: {},
  ignored: { reopened: 'screened' },
  needs_human: { approved: 'approved', regenerate_asked: 'classified', closed: 'done' },
  rejected: { approved: 'approved', regenerate_asked: 'classified', closed: 'done' },
  quarantined: {
    replayed: 'received',
    replayed_parsed: 'parsed',
    replayed_screened: 'screened',
    replayed_classified: 'classified',
    replayed_drafted: 'drafted',
    replayed_decided: 'decided',
    replayed_approved: 'approved',
    replayed_outbox: 'outbox',
    discarded: 'ignored',
  },
} as const satisfies Record<EmailState, Record<string, EmailState>>;

/** Who moves an email on from a state: a step of the workflow, a person, or nobody (it has ended). */
export const OWNER_OF: Record<EmailState, 'step' | 'person' | 'nobody'> = {
  received: 'step',
  parsed: 'step',
  screened: 'step',
  classified: 'step',
  drafted: 'step',
  decided: 'step',
  in_review: 'person',
  approved: 'step',
  outbox: 'step',
  done: 'nobody',
  ignored: 'person',
  needs_human: 'person',
  rejected: 'person',
  quarantined: 'person',
};

/** The state that `event` leads to, or null when it is not legal in `from`. */
export function nextState(from: EmailState, event: string): EmailState | null {
  const events: Record<string, EmailState> = TRANSITIONS[from];
  return Object.hasOwn(events, event) ? events[event]! : null;
}

/** The event that puts a quarantined email back to the state whose step failed. */
export function replayEvent(failedIn: EmailState): string {
  return failedIn === 'received' ? 'replayed' : `replayed_${failedIn}`;
}

/** True when no step works on it: the pass of the workflow has come to rest. */
export const isAtRest = (state: EmailState): boolean => OWNER_OF[state] !== 'step';
