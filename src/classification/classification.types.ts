import type { Priority, Sentiment, StoredClassification } from '../mail/message/email.types.js';

/** The part of a mail that a classification engine sees. Untrusted text. */
export interface ClassifiableMail {
  subject: string;
  /** Newly written text, quoted history trimmed. */
  text: string;
  attachmentNames: string[];
}

export interface ClassificationContext {
  emailId: string;
  mailboxId: string;
  /** Allowed categories, the built-in ones first. */
  categories: readonly string[];
  signal: AbortSignal;
}

export type Classification = StoredClassification;

/** What the model or classifier itself says, before the service adds engine and version. */
export interface ClassificationAnswer {
  category: string;
  priority: Priority;
  summary: string;
  sentiment: Sentiment;
  language: string | null;
  reason: string;
}

/** What answers "what is this mail about": `openai` (any compatible endpoint) or `local` (built in, no network). */
export interface ClassificationEngine {
  readonly name: 'openai' | 'local';
  /** @throws AppError with an LLM_* code; `retryable` tells whether another try may help */
  classify(mail: ClassifiableMail, context: ClassificationContext): Promise<Classification>;
}

/** Default taxonomy; CATEGORIES adds to it. */
export const DEFAULT_CATEGORIES = [
  'billing',
  'support',
  'sales',
  'complaint',
  'account',
  'feedback',
  'spam',
  'other',
] as const;
