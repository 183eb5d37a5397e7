import { z } from 'zod';
import { pageOf, pageQuery } from '../common/http/page.js';
import { ID_PATTERN } from '../common/id.js';
import type { Decision } from './decision/decision.types.js';
import type { Run } from './run/run.types.js';

const time = z.string().meta({ format: 'date-time' });
const id = z.string().regex(ID_PATTERN);

export const runView = z
  .object({
    id: z.string(),
    emailId: z.string(),
    mailboxId: z.string(),
    trigger: z.string().describe('What began the pass: new_mail, approval, regenerate or replay'),
    startedAt: time,
    endedAt: time.nullable().describe('null while it is under way'),
    outcome: z.string().nullable().describe('State in which the email came to rest'),
    steps: z.array(
      z.object({
        name: z.string(),
        startedAt: time,
        ms: z.number().describe('Duration in milliseconds'),
        attempt: z.number(),
        outcome: z.enum(['ok', 'retried', 'failed', 'lease_lost']),
        error: z.object({ code: z.string(), message: z.string() }).nullable(),
      }),
    ),
    errors: z.array(z.object({ step: z.string(), code: z.string(), message: z.string(), at: time })),
  })
  .meta({ id: 'Run' });
export type RunView = z.infer<typeof runView>;
export const runPage = pageOf(runView, 'RunPage');

export const listRuns = pageQuery.extend({
  emailId: id.optional(),
  mailboxId: id.optional(),
  outcome: z.string().max(40).optional().describe('State in which runs came to rest'),
});
export type ListRuns = z.infer<typeof listRuns>;

const verdict = z.enum(['send', 'review', 'escalate', 'ignore']);
const ruleValue = z.union([z.string(), z.number(), z.boolean()]).nullable();

export const decisionView = z
  .object({
    id: z.string(),
    emailId: z.string(),
    mailboxId: z.string(),
    replyId: z.string().nullable(),
    runId: z.string().nullable(),
    verdict,
    decidedBy: z.string().nullable().describe('The rule that decided; null when every rule passed'),
    explanation: z.string().describe('The verdict in words'),
    rules: z.array(
      z.object({
        rule: z.string(),
        value: ruleValue,
        threshold: ruleValue,
        verdict: z.enum(['pass', 'review', 'escalate', 'ignore']),
      }),
    ),
    input: z.record(z.string(), z.unknown()).describe('All that the rules looked at'),
    policyVersion: z.number(),
    createdAt: time,
  })
  .meta({ id: 'Decision' });
export type DecisionView = z.infer<typeof decisionView>;
export const decisionPage = pageOf(decisionView, 'DecisionPage');

export const listDecisions = pageQuery.extend({ emailId: id.optional(), verdict: verdict.optional() });
export type ListDecisions = z.infer<typeof listDecisions>;

export const decisionReplay = z
  .object({
    stored: verdict,
    replayed: verdict,
    same: z.boolean(),
    rules: decisionView.shape.rules,
  })
  .meta({ id: 'DecisionReplay' });
export type DecisionReplay = z.infer<typeof decisionReplay>;

export const statsView = z
  .object({
    paused: z.boolean(),
    byState: z.record(z.string(), z.number()).describe('Emails in each state'),
    queue: z.object({ depth: z.number(), oldestAgeSeconds: z.number() }),
    inProgress: z.number().describe('Emails that this process works on'),
    deadLetters: z.array(z.object({ step: z.string(), count: z.number() })),
  })
  .meta({ id: 'WorkflowStats' });
export type StatsView = z.infer<typeof statsView>;

export function toRunView(run: Run): RunView {
  return {
    ...run,
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
    steps: run.steps.map((step) => ({ ...step, startedAt: step.startedAt.toISOString() })),
    errors: run.errors.map((error) => ({ ...error, at: error.at.toISOString() })),
  };
}

export function toDecisionView(decision: Decision, explanation: string): DecisionView {
  return { ...decision, explanation, input: { ...decision.input }, createdAt: decision.createdAt.toISOString() };
}
