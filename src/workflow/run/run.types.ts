/** One step of a run: how it went, try by try. */
export interface RunStep {
  name: string;
  startedAt: Date;
  /** Wall milliseconds. */
  ms: number;
  /** 1 for the first try. */
  attempt: number;
  outcome: 'ok' | 'retried' | 'failed' | 'lease_lost';
  error: { code: string; message: string } | null;
}

/** One pass of the workflow over one email: the execution history. */
export interface Run {
  id: string;
  emailId: string;
  mailboxId: string;
  /** What began it: a new mail, a replay, a person's action. */
  trigger: string;
  startedAt: Date;
  /** When the pass came to rest; null while it is under way. */
  endedAt: Date | null;
  /** State in which it came to rest; null while it is under way. */
  outcome: string | null;
  steps: RunStep[];
  /** Errors of all tries, oldest first. */
  errors: { step: string; code: string; message: string; at: Date }[];
}
