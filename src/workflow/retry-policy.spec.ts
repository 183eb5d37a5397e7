import { AppError } from '../common/errors';
import { backoffMs, onFailure } from './retry-policy';

describe('backoffMs', () => {
  it('doubles the ceiling with each attempt up to 15 minutes', () => {
    expect(backoffMs(1, 0.999999)).toBe(3_999);
    expect(backoffMs(3, 0.5)).toBe(8_000);
    expect(backoffMs(30, 0.999999)).toBeLessThan(900_000);
  });
});

describe('onFailure', () => {
  it('quarantines what would fail again', () => {
    expect(onFailure(new AppError('MAIL_LIMIT', 'too many parts'), 1, 8)).toEqual({ action: 'quarantine' });
    expect(onFailure(new TypeError('bug'), 1, 8)).toEqual({ action: 'quarantine' });
  });

  it('waits at least as long as the provider asked', () => {
    const error = new AppError('LLM_RATE_LIMITED', 'slow down', { retryable: true, retryAfterMs: 20_000 });
    const action = onFailure(error, 1, 8);
    expect(action).toMatchObject({ action: 'retry' });
    expect((action as { delayMs: number }).delayMs).toBeGreaterThanOrEqual(20_000);
  });

  it('gives up on a transient error after the last attempt', () => {
    expect(onFailure(new AppError('UNAVAILABLE', 'away', { retryable: true }), 8, 8)).toEqual({ action: 'quarantine' });
  });

  it('falls back to the built-in engine when the model stays away or answers junk', () => {
    expect(onFailure(new AppError('LLM_UNAVAILABLE', 'away', { retryable: true }), 8, 8)).toEqual({
      action: 'fallback',
    });
    expect(onFailure(new AppError('LLM_BAD_OUTPUT', 'junk'), 1, 8)).toEqual({ action: 'fallback' });
  });

  it('retries a lost database connection', () => {
    const error = Object.assign(new Error('connection closed'), { name: 'MongoNetworkError' });
    expect(onFailure(error, 1, 8)).toMatchObject({ action: 'retry' });
  });
});
