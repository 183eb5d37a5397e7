import type { Decision, RuleResult } from './decision.types.js';

/** Why a rule held a draft back, in words for the person who reads it. */
const WORDS: Record<string, (rule: RuleResult) => string> = {
  screening: ({ value }) => `screening found ${String(value)}`,
  spam: ({ value }) =>
    value === null ? 'it looks like spam, but how sure that is cannot be told' : 'it looks like spam',
  answerable: ({ value }) => `there is no answer to stand on (${String(value)})`,
  mode: ({ value }) => `the mailbox is in ${String(value)} mode`,
  kill_switch: () => 'automatic sending is switched off',
  never_auto: ({ value }) => `it touches what is never answered automatically: ${String(value)}`,
  draft_checks: ({ value }) => `draft checks failed: ${String(value)}`,
  confidence: () => 'the classification is not calibrated',
};

const VERDICTS = {
  send: 'Sent without a person: every rule passed.',
  review: 'Waits for a person',
  escalate: 'Handed to a person',
  ignore: 'Not answered',
} as const;

/** The verdict in one sentence: which rules held it back, the deciding one first. */
export function explain(decision: Pick<Decision, 'verdict' | 'decidedBy' | 'rules'>): string {
  const reasons = decision.rules
    .filter((rule) => rule.verdict !== 'pass')
    .sort((a, b) => Number(b.rule === decision.decidedBy) - Number(a.rule === decision.decidedBy))
    .map((rule) => WORDS[rule.rule]?.(rule) ?? rule.rule);
  const verdict = VERDICTS[decision.verdict];
  return reasons.length > 0 && decision.verdict !== 'send' ? `${verdict}: ${reasons.join('; ')}.` : verdict;
}
