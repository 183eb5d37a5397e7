export interface BackoffOptions {
  /** Upper bound of the first pause, in milliseconds. */
  baseMs: number;
  capMs: number;
}

/** No pause is shorter than this share of the first one: full jitter may draw zero, and a server that kicks must not be met at once. */
const LEAST_SHARE = 0.1;

/**
 * Pause before the next try: drawn evenly up to base * 2^failures (full jitter), so that many mailboxes of one server do
 * not come back together.
 * @param failures failed tries so far, from 0
 * @param random from 0 to 1
 */
export function backoffMs(failures: number, random: number, { baseMs, capMs }: BackoffOptions): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(failures, 30));
  return Math.round(Math.max(baseMs * LEAST_SHARE, ceiling * random));
}
