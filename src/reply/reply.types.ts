/** The thread, mail and settings that a draft may use. Untrusted text in `subject`, `text` and `history`. */
export interface DraftRequest {
  emailId: string;
  mailboxId: string;
  customerName: string;
  subject: string;
  text: string;
  /** Earlier messages of the thread, oldest first, trimmed; at most 10. */
  history: { from: 'customer' | 'us'; text: string }[];
  category: string;
  /** ISO 639-1, or null when unknown. */
  language: string | null;
  passages: DraftPassage[];
  style: DraftStyle;
  /** What a person asked for when regenerating; null on the first draft. */
  instruction: string | null;
  /** 1 for the first draft; part of the ledger key so that a regeneration is a new call. */
  revision: number;
  signal: AbortSignal;
}

export interface DraftPassage {
  id: string;
  title: string;
  heading: string;
  text: string;
  /** 0 to 1, see RankedPassage of knowledge/. */
  coverage: number;
}

export interface DraftStyle {
  tone: 'friendly' | 'neutral' | 'formal';
  signature: string;
  /** Name the reply is signed with when there is no signature. */
  mailboxName: string;
}

/** A passage that a sentence of the draft stands on. */
export interface Citation {
  passageId: string;
  title: string;
  /** The words of the draft that it supports. */
  claim: string;
}

/** A draft that an engine wrote. */
export interface Draft {
  kind: 'draft';
  /** Plain text, no greeting placeholders left, signature included. */
  text: string;
  citations: Citation[];
  /** What the customer would have to tell for a better answer; may be empty. */
  missingInformation: string[];
  engine: 'openai' | 'local';
  model: string;
  promptVersion: string | null;
}

/** There is nothing to stand on: a first-class result, not an error. */
export interface NoAnswer {
  kind: 'no_answer';
  /** One sentence for the person who takes over. */
  reason: string;
  engine: 'openai' | 'local';
  model: string;
  promptVersion: string | null;
}

export interface ReplyEngine {
  readonly name: 'openai' | 'local';
  /** @throws AppError with an LLM_* code; `retryable` tells whether another try may help */
  draft(request: DraftRequest): Promise<Draft | NoAnswer>;
}

/** Something in a draft that a person should see; found by code that does not trust who wrote it. */
export interface DraftCheck {
  /** Upper snake case, e.g. FOREIGN_LINK; see draft-checks.ts. */
  code: string;
  /** block: must not be sent without a person; warn: worth a look. */
  severity: 'block' | 'warn';
  /** Where in the text, in UTF-16 units; null when it is about the whole text. */
  evidence: { start: number; end: number; text: string } | null;
  /** What to do about it, one sentence. */
  hint: string;
}

/** What `ReplyService.draft` returns for a draft: the engine's words with their HTML and checks. */
export interface CheckedDraft extends Draft {
  html: string;
  checks: DraftCheck[];
}

export const REPLY_STATES = [
  'draft',
  'in_review',
  'approved',
  'rejected',
  'superseded',
  'cancelled',
  'sent',
  'failed',
] as const;
export type ReplyState = (typeof REPLY_STATES)[number];

/** One stored version of a reply's text; the newest is the current one. */
export interface ReplyVersion {
  /** From 1. */
  version: number;
  text: string;
  html: string;
  citations: Citation[];
  author: 'openai' | 'local' | 'human';
  /** User id of the person; null for an engine. */
  userId: string | null;
  model: string | null;
  promptVersion: string | null;
  instruction: string | null;
  /** What the draft checks found in this version. */
  checks: DraftCheck[];
  at: Date;
}

/** One answer to one email, versioned. */
export interface Reply {
  id: string;
  emailId: string;
  mailboxId: string;
  threadId: string | null;
  state: ReplyState;
  versions: ReplyVersion[];
  missingInformation: string[];
  /** Goes up with each change: the optimistic lock of two people (409 for the second). */
  revision: number;
  approvedBy: string | null;
  approvedAt: Date | null;
  outboxId: string | null;
  createdAt: Date;
  updatedAt: Date;
}
