import { backoffMs } from './backoff.js';

describe('backoffMs', () => {
  const options = { baseMs: 5_000, capMs: 300_000 };

  it.each([
    [0, 1, 5_000],
    [1, 1, 10_000],
    [3, 0.5, 20_000],
    [6, 1, 300_000],
    [1000, 1, 300_000],
    [5, 0, 500],
  ])('after %i failures and a draw of %f: %i ms', (failures, random, expected) => {
    expect(backoffMs(failures, random, options)).toBe(expected);
  });
});
