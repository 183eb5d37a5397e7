import { APIConnectionError, APIError } from 'openai';
import { AppError } from '../common/errors.js';
import { isFeatureRefused, retryAfterMs, toLlmError } from './llm-errors.js';

const NOW = new Date('2026-11-22T10:00:00Z');

/** What the client makes of an HTTP error. */
const answered = (status: number, error: object, headers: Record<string, string> = {}): APIError =>
  APIError.generate(status, { error }, undefined, new Headers(headers));
const limited = { message: 'Rate limit', type: 'requests', code: 'rate_limit_exceeded' };

describe('toLlmError', () => {
  it.each([
    ['429', answered(429, limited, { 'retry-after': '20' }), 'LLM_RATE_LIMITED', true, 20_000],
    ['429 without a time', answered(429, limited), 'LLM_RATE_LIMITED', true, 20_000],
    [
      '429 quota',
      answered(429, { message: 'x', type: 'insufficient_quota', code: 'insufficient_quota' }),
      'LLM_QUOTA',
      false,
      undefined,
    ],
    [
      '429 quota by type alone',
      answered(429, { message: 'x', type: 'insufficient_quota', code: null }),
      'LLM_QUOTA',
      false,
      undefined,
    ],
    ['429 slow_down', answered(429, { message: 'x', code: 'slow_down' }), 'LLM_UNAVAILABLE', true, undefined],
    ['401', answered(401, { message: 'x', code: 'invalid_api_key' }), 'LLM_QUOTA', false, undefined],
    ['403', answered(403, { message: 'x' }), 'LLM_QUOTA', false, undefined],
    ['500', answered(500, { message: 'x' }), 'LLM_UNAVAILABLE', true, undefined],
    ['503 with a time', answered(503, { message: 'x' }, { 'retry-after': '7' }), 'LLM_UNAVAILABLE', true, 7_000],
    ['529', answered(529, { message: 'x', type: 'overloaded_error' }), 'LLM_UNAVAILABLE', true, undefined],
    [
      'context by code',
      answered(400, { message: 'x', code: 'context_length_exceeded' }),
      'LLM_CONTEXT_TOO_LONG',
      false,
      undefined,
    ],
    [
      'context by words',
      answered(400, { message: 'the request exceeds the available context size' }),
      'LLM_CONTEXT_TOO_LONG',
      false,
      undefined,
    ],
    ['bad request', answered(400, { message: 'unknown parameter' }), 'LLM_UNAVAILABLE', false, undefined],
    [
      'unknown model',
      answered(404, { message: 'no such model', code: 'model_not_found' }),
      'LLM_UNAVAILABLE',
      false,
      undefined,
    ],
    ['no connection', new APIConnectionError({ message: 'Connection error.' }), 'LLM_UNAVAILABLE', true, undefined],
    ['timeout', Object.assign(new Error('late'), { name: 'TimeoutError' }), 'LLM_TIMEOUT', true, undefined],
    ['something else', 'a string', 'LLM_UNAVAILABLE', true, undefined],
  ])('%s', (_, thrown, code, retryable, wait) => {
    expect(toLlmError(thrown, NOW)).toMatchObject({ code, retryable, retryAfterMs: wait });
  });

  it('repeats nothing that the provider said, which may quote the prompt', () => {
    const error = toLlmError(answered(400, { message: 'Invalid: "Dear support, my IBAN is ..."' }), NOW);
    expect(JSON.stringify([error.message, error.details])).not.toContain('IBAN');
  });

  it('leaves our own errors alone', () => {
    const own = new AppError('LEASE_LOST', 'gone');
    expect(toLlmError(own, NOW)).toBe(own);
  });
});

describe('retryAfterMs', () => {
  it.each([
    ['20', 20_000],
    ['0', 1_000],
    ['0.2', 1_000],
    ['999999', 3_600_000],
    ['Sun, 22 Nov 2026 10:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2020 10:00:30 GMT', 1_000],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
  ])('%p is %p ms', (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });
});

describe('isFeatureRefused', () => {
  it.each([
    [answered(400, { message: "response_format type 'json_schema' is not supported" }), true],
    [answered(422, { message: 'Unknown field: response_format' }), true],
    [answered(400, { message: 'unknown parameter: store' }), false],
    [answered(500, { message: 'response_format' }), false],
  ])('%#', (thrown, expected) => {
    expect(isFeatureRefused(thrown)).toBe(expected);
  });
});
