/** States of one outgoing mail (reliability: outbox and SMTP); the legal moves are in outbox.machine.ts. */
export const OUTBOX_STATES = [
  'scheduled',
  'sending',
  'sent',
  'retry_wait',
  'rejected',
  'unknown',
  'held',
  'cancelled',
] as const;
export type OutboxState = (typeof OUTBOX_STATES)[number];

/** How far a connection got before it failed; from `data` on bytes may have left. `connect` includes the login. */
export const SEND_PHASES = ['connect', 'envelope', 'data', 'awaiting-reply'] as const;
export type SendPhase = (typeof SEND_PHASES)[number];

/** Why an item waits for a person: resend or close it. */
export const HELD_REASONS = [
  'rate_limited', // an automatic reply over a limit
  'no_evidence', // it may or may not have arrived
  'retries_exhausted', // the mail server did not take it for a day
  'stale', // an automatic reply that could not leave for a day
  'mailbox_missing', // its mailbox was deleted
  'crashing', // five claims ended without a result
] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** What proved that a mail left: our copy in Sent, a bounce, an answer that quotes it, or a late 250 of a lost attempt. */
export const EVIDENCE_KINDS = ['sent_folder', 'bounce', 'customer_reply', 'late_reply'] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

/** Written and acknowledged before DATA is possible. */
export interface SendAttempt {
  no: number;
  fence: number;
  startedAt: Date;
  /** Process that made the attempt. */
  host: string;
  /** Set when the attempt ended. */
  phase: SendPhase | null;
  /** SMTP reply code, or null without a reply. */
  responseCode: number | null;
  error: string | null;
}

/** One move of an item, newest last; at most 50 are kept. */
export interface OutboxHistoryEntry {
  at: Date;
  event: string;
  to: OutboxState;
}

/** Frozen MIME bytes waiting to be sent, with their delivery state. */
export interface OutboxItem {
  id: string;
  mailboxId: string;
  emailId: string;
  replyId: string;
  threadId: string | null;
  /** `emailId|reply|seq`, unique: a second approval finds the first. */
  dedupeKey: string;
  /** With angle brackets, unique, deterministic. */
  messageId: string;
  /** The Message-ID that the server put in its place (Microsoft 365, Amazon SES); null otherwise. Answers quote this one. */
  serverMessageId: string | null;
  envelopeFrom: string;
  recipient: string;
  /** The exact bytes; the same at every try. */
  mime: Buffer;
  mode: 'human' | 'auto';
  state: OutboxState;
  heldReason: HeldReason | null;
  runAt: Date | null;
  owner: string | null;
  fence: number;
  claims: number;
  /** Attempts that reached the mail server's MAIL command; at most 20 are kept. */
  attempts: SendAttempt[];
  /** Failed tries since the last resend by a person, with those that did not reach the server; drives the backoff. */
  tries: number;
  /** First try since the last resend by a person: a day later it is held. */
  firstTriedAt: Date | null;
  /** When it became unknown; evidence is waited for from then on. */
  unknownAt: Date | null;
  evidence: EvidenceKind | null;
  /** Queue id text of the server's 250, or the path of the captured file below DATA_DIR. */
  receipt: string | null;
  /** Without addresses or mail text. */
  lastError: string | null;
  /** The rate counters were consumed for this item; a retry does not consume twice. */
  rateConsumed: boolean;
  sentAt: Date | null;
  /** The copy in the Sent folder: pending, done, failed (given up), or not wanted (file transport, no IMAP). */
  sentCopy: 'pending' | 'done' | 'none' | 'failed';
  sentCopyTries: number;
  history: OutboxHistoryEntry[];
  createdAt: Date;
  updatedAt: Date;
}

/** An item without its bytes, for lists. */
export type OutboxSummary = Omit<OutboxItem, 'mime'>;

/** What approval freezes. */
export interface NewOutboxItem {
  mailboxId: string;
  emailId: string;
  replyId: string;
  threadId: string | null;
  dedupeKey: string;
  messageId: string;
  envelopeFrom: string;
  recipient: string;
  mime: Buffer;
  mode: 'human' | 'auto';
  /** End of the undo window: not sent before. */
  runAt: Date;
}
