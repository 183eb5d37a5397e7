import type { EmailChange } from '../../mail/message/email.repository.js';
import type { Reply } from '../../reply/reply.types.js';
import type { Decision } from '../decision/decision.types.js';
import type { Email, EmailState } from '../../mail/message/email.types.js';

/** What a step made of an email: where it goes, or when to look again. */
export type StepResult =
  | {
      kind: 'move';
      /** An event of email.machine.ts that is legal in the email's state. */
      event: string;
      reason?: string | null;
      /** Fields to save together with the move. */
      set?: EmailChange;
    }
  | {
      kind: 'wait';
      delayMs: number;
      /** What it waits for, shown as the reason of the state. */
      note?: string;
    };

/** What the steps of one pass made: the next one need not read it back from the store. Empty after a restart. */
export interface Made {
  reply?: Reply;
  decision?: Omit<Decision, 'createdAt'>;
}

export interface StepContext {
  /** Aborted when the lease is lost or the process shuts down: stop and write nothing more. */
  signal: AbortSignal;
  /** The model has failed for good: use the built-in engine. */
  allowFallback: boolean;
  /** Id of the run this step belongs to. */
  runId: string;
  made?: Made;
}

/**
 * One piece of the workflow: owns one state, calls one capability, returns where to go. A step may be run again at any
 * time (a crash, a lost lease): what it writes beside its result must be idempotent.
 */
export interface Step {
  readonly name: string;
  readonly from: EmailState;
  run(email: Email, context: StepContext): Promise<StepResult>;
}

export const move = (event: string, set: EmailChange = {}, reason: string | null = null): StepResult => ({
  kind: 'move',
  event,
  set,
  reason,
});

/** The parsed mail of an email that is past parsing. */
export function parsedOf(email: Email): NonNullable<Email['parsed']> {
  if (!email.parsed) throw new Error(`email ${email.id} is ${email.state} without a parsed mail`);
  return email.parsed;
}
