import type { DecisionInput, DecisionOutcome, RuleResult, Verdict } from './decision.types.js';

/** Goes up when a rule changes its meaning; stored with each decision. */
export const POLICY_VERSION = 1;

/** Share of correct labels that a calibrated spam verdict must promise before a mail is put aside unseen. */
const SPAM_CONFIDENCE = 0.95;

type Rule = (input: DecisionInput) => RuleResult;

/** Each rule looks at one thing and says what it would do; the strongest verdict wins. Order is the order of explanation. */
const RULES: readonly Rule[] = [
  ({ screening }) => ({
    rule: 'screening',
    value: screening.reason ?? screening.verdict,
    threshold: 'answer',
    verdict: screening.verdict === 'answer' ? 'pass' : screening.verdict === 'ignore' ? 'ignore' : 'escalate',
  }),
  ({ classification }) => {
    const isSpam = classification.category === 'spam';
    // An uncalibrated "spam" must not hide a customer: a person looks.
    const isSure = (classification.confidence ?? 0) >= SPAM_CONFIDENCE;
    return {
      rule: 'spam',
      value: isSpam ? classification.confidence : false,
      threshold: SPAM_CONFIDENCE,
      verdict: !isSpam ? 'pass' : isSure ? 'ignore' : 'escalate',
    };
  },
  ({ draft }) => ({
    rule: 'answerable',
    value: draft.kind === 'draft' ? true : (draft.reason ?? false),
    threshold: true,
    verdict: draft.kind === 'draft' ? 'pass' : 'escalate',
  }),
  ({ mode }) => ({ rule: 'mode', value: mode, threshold: 'auto', verdict: 'review' }),
  ({ autoSendEnabled }) => ({
    rule: 'kill_switch',
    value: autoSendEnabled,
    threshold: true,
    verdict: autoSendEnabled ? 'pass' : 'review',
  }),
  ({ neverAutoHits }) => ({
    rule: 'never_auto',
    value: neverAutoHits.join(', ') || null,
    threshold: null,
    verdict: neverAutoHits.length ? 'review' : 'pass',
  }),
  ({ failedChecks }) => {
    const codes = failedChecks.map((check) => check.code);
    return {
      rule: 'draft_checks',
      value: codes.join(', ') || null,
      threshold: null,
      verdict: codes.length ? 'review' : 'pass',
    };
  },
  ({ classification }) => ({
    rule: 'confidence',
    value: classification.confidence,
    threshold: 'calibrated',
    verdict: classification.confidence === null ? 'review' : 'pass',
  }),
];

/** Stronger first: a mail that must be ignored is not escalated, one that must be escalated is not merely reviewed. */
const STRENGTH: readonly Exclude<Verdict, 'send'>[] = ['ignore', 'escalate', 'review'];

/**
 * What happens with a draft. Pure and total: the same input gives the same verdict, so a stored record can be checked.
 * `send` is only possible when every rule passes.
 */
export function decide(input: DecisionInput): DecisionOutcome {
  const rules = RULES.map((rule) => rule(input));
  for (const verdict of STRENGTH) {
    const deciding = rules.find((rule) => rule.verdict === verdict);
    if (deciding) return { verdict, decidedBy: deciding.rule, rules };
  }
  return { verdict: 'send', decidedBy: null, rules };
}
