import type { ParsedMail } from './parsed-mail.types.js';
import type { RawSource } from './raw-message.types.js';

/** Version of the state machine. A worker claims no email that a newer version wrote (mixed deployments). */
export const WF_VERSION = 1;

/** States of an email; the legal moves are in workflow/email.machine.ts. */
export const EMAIL_STATES = [
  'received',
  'parsed',
  'screened',
  'classified',
  'drafted',
  'decided',
  'in_review',
  'approved',
  'outbox',
  'done',
  'ignored',
  'needs_human',
  'rejected',
  'quarantined',
] as const;
export type EmailState = (typeof EMAIL_STATES)[number];

/** Whether a mail may be answered (RFC 3834); the first rule that hit is kept as the reason. */
export interface Screening {
  /** answer: go on; ignore: never answer; hold: a person looks first. */
  verdict: 'answer' | 'ignore' | 'hold';
  /** Code of the rule, e.g. auto_submitted, mailing_list, bounce, own_mail, spoofed_sender; null for answer. */
  reason: string | null;
  /** The deciding header or value without addresses; null when there is none. */
  evidence: string | null;
}

export interface HistoryEntry {
  at: Date;
  from: EmailState;
  event: string;
  to: EmailState;
  reason: string | null;
}

export interface StepError {
  step: string;
  code: string;
  message: string;
  at: Date;
}

/** What a person did with a draft, before it is stored as a review of reply/. */
export interface PendingReview {
  replyId: string;
  replyRevision: number;
  action: 'approved' | 'edited' | 'rejected';
  reasonCodes: string[];
  comment: string | null;
  reviewerId: string;
}

/** The approval of one version of a reply. */
export interface Approval {
  replyId: string;
  version: number;
  userId: string;
  at: Date;
  /** Goes up with each approval of this email: a cancelled sending and the next one are two mails. From 1. */
  seq: number;
}

/**
 * One inbound mail and the only document that holds workflow state. `runAt` means "due" and "lease expired" at once and is
 * null when nobody has to work on it; `fence` goes up with each claim (reliability: claim protocol).
 */
export interface Email {
  id: string;
  mailboxId: string;
  rawId: string;
  /** Where it came from, as on its raw message. */
  source: RawSource;
  threadId: string | null;
  state: EmailState;
  /** Why it is ignored, needs a person, was rejected or quarantined. */
  stateReason: string | null;
  receivedAt: Date;
  runAt: Date | null;
  owner: string | null;
  fence: number;
  /** Claims since the last checkpoint; more than five mean that this mail kills the process. */
  claims: number;
  /** Failed tries of the present step. */
  attempts: number;
  /** Version of the state machine that wrote it. */
  wfVersion: number;
  parsed: ParsedMail | null;
  screening: Screening | null;
  /** The classification as stored; its shape is `Classification` of classification/. */
  classification: StoredClassification | null;
  replyId: string | null;
  decisionId: string | null;
  runId: string | null;
  /** Who approved which version; what the outbox step sends. Kept after sending. */
  approval: Approval | null;
  /** The reply of ours that this bounce is about; null for any other mail. */
  bouncedReplyId: string | null;
  /** What a person asked for when the draft is to be written anew; null otherwise. */
  regenerate: { instruction: string; /** Number that the new version gets. */ version: number } | null;
  /** What a person did, until it is stored as a review (written with the state, so that no crash loses feedback). */
  pendingReview: PendingReview | null;
  lastError: StepError | null;
  history: HistoryEntry[];
  createdAt: Date;
  updatedAt: Date;
}

/** Category, priority, summary and the rest as one engine gave them; see classification/classification.types.ts. */
export interface StoredClassification {
  category: string;
  priority: Priority;
  summary: string;
  sentiment: Sentiment;
  /** ISO 639-1 code, or null when the text is too short to tell. */
  language: string | null;
  reason: string;
  /** Calibrated probability that the category is right; null where it is not calibrated. */
  confidence: number | null;
  engine: 'openai' | 'local' | 'human';
  /** Model or classifier version. */
  model: string;
  promptVersion: string | null;
}

export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;
export type Priority = (typeof PRIORITIES)[number];
export const SENTIMENTS = ['negative', 'neutral', 'positive'] as const;
export type Sentiment = (typeof SENTIMENTS)[number];
