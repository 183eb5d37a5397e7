import type { Mode } from '../../mail/mailbox/mailbox.types.js';
import type { Classification } from '../../classification/classification.types.js';
import type { Screening } from '../../mail/message/email.types.js';

/** The recorded verdict on a draft. */
export type Verdict = 'send' | 'review' | 'escalate' | 'ignore';

/** Everything `decide` looks at: stored with the decision, so that the record can be evaluated again. */
export interface DecisionInput {
  mode: Mode;
  screening: Screening;
  classification: Pick<Classification, 'category' | 'priority' | 'confidence' | 'language'>;
  draft: { kind: 'draft' | 'no_answer'; citations: number; reason: string | null };
  /** Codes of failed draft checks. */
  failedChecks: { code: string; severity: 'warn' | 'block' }[];
  /** Entries of the never-auto list that occur in the mail. */
  neverAutoHits: string[];
  autoSendEnabled: boolean;
}

/** What one rule saw and said. */
export interface RuleResult {
  rule: string;
  value: string | number | boolean | null;
  threshold: string | number | boolean | null;
  verdict: 'pass' | Exclude<Verdict, 'send'>;
}

export interface DecisionOutcome {
  verdict: Verdict;
  /** The first rule with the deciding verdict; null when every rule passed. */
  decidedBy: string | null;
  rules: RuleResult[];
}

export interface Decision extends DecisionOutcome {
  id: string;
  emailId: string;
  mailboxId: string;
  replyId: string | null;
  runId: string | null;
  input: DecisionInput;
  /** Version of the rule table that gave the verdict. */
  policyVersion: number;
  createdAt: Date;
}
