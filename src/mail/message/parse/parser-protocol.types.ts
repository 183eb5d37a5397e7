import type { ParsedOutcome } from './parsed-outcome.types.js';

/** To the worker: the memory of `bytes` moves with it. */
export interface ParseRequest {
  id: number;
  bytes: Uint8Array;
}

/** From the worker, after `'ready'` once at its start. */
export type ParseAnswer =
  { id: number; outcome: ParsedOutcome } | { id: number; code: 'MAIL_LIMIT' | 'MAIL_UNPARSEABLE'; message: string };
