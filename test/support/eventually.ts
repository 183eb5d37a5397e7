import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until `probe` gives a value that is not null or undefined, at most `timeoutMs`.
 * @throws Error with the last thing `describe` says, so that a failing test tells what it saw
 */
export async function eventually<T>(
  probe: () => Promise<T | null | undefined>,
  timeoutMs = 10_000,
  describe: () => unknown = () => '',
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== null && value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`not seen within ${timeoutMs} ms ${JSON.stringify(describe())}`);
    await sleep(25);
  }
}
