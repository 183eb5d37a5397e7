import { AppError } from '../common/errors.js';

const BASE_MS = 2_000;
const CAP_MS = 15 * 60_000;

/**
 * Exponential backoff with full jitter: a random wait in [0, min(cap, base * 2^attempt)), so that many mails that failed
 * together do not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter").
 * @param attempt failed tries so far, from 1
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function backoffMs(attempt: number, random: number = Math.random()): number {
  return Math.floor(random * Math.min(CAP_MS, BASE_MS * 2 ** attempt));
}

/** What to do with a step that threw. */
export type FailureAction =
  | { action: 'retry'; delayMs: number }
  /** Try again at once with the built-in engine. */
  | { action: 'fallback' }
  | { action: 'quarantine' };

/**
 * Deterministic errors (a parse limit, a malformed document) go to quarantine at once: another try gives the same result.
 * Transient ones are tried `maxAttempts` times. Model trouble never quarantines a mail: the built-in engine takes over.
 * @param attempts failed tries of this step, this one included
 */
export function onFailure(error: unknown, attempts: number, maxAttempts: number): FailureAction {
  const isModelError = error instanceof AppError && error.code.startsWith('LLM_');
  const retryable = error instanceof AppError ? error.retryable : isDriverTrouble(error);
  if (retryable && attempts < maxAttempts) {
    const asked = error instanceof AppError ? (error.retryAfterMs ?? 0) : 0;
    return { action: 'retry', delayMs: asked + backoffMs(attempts) };
  }
  return isModelError ? { action: 'fallback' } : { action: 'quarantine' };
}

/** Errors of the database driver heal by themselves, except those that say the document is wrong. */
function isDriverTrouble(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^Mongo(Network|ServerSelection|NotConnected|Pool|WriteConcern|Topology)|^MongooseServerSelection/.test(error.name)
  );
}
