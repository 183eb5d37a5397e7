import type { EditStats } from './edit-distance.js';

export const REVIEW_ACTIONS = ['approved', 'edited', 'rejected'] as const;
export type ReviewAction = (typeof REVIEW_ACTIONS)[number];

/** Why a draft was edited or rejected; what training learns from. */
export const REASON_CODES = [
  'wrong_facts',
  'wrong_category',
  'wrong_tone',
  'wrong_language',
  'missing_information',
  'policy',
  'not_needed',
  'other',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** What one person did with one draft. */
export interface Review {
  id: string;
  replyId: string;
  /** Revision of the reply that was judged: one review each. */
  replyRevision: number;
  emailId: string;
  mailboxId: string;
  action: ReviewAction;
  reasonCodes: ReasonCode[];
  comment: string | null;
  /** What the engine wrote. */
  draftText: string;
  /** What was approved; null for a rejection. */
  finalText: string | null;
  /** How far the two are apart; null for a rejection. */
  edit: EditStats | null;
  /** User id. */
  reviewerId: string;
  category: string | null;
  language: string | null;
  engine: 'openai' | 'local' | 'human';
  model: string | null;
  promptVersion: string | null;
  createdAt: Date;
}
