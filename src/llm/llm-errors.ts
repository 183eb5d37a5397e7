import { AppError, type ErrorCode } from '../common/errors.js';

/** Bounds of a Retry-After that is believed, in milliseconds. */
const MIN_RETRY_AFTER_MS = 1_000;
const MAX_RETRY_AFTER_MS = 3_600_000;
/** Wait after a 429 that names no time, in milliseconds. */
const DEFAULT_RATE_LIMIT_MS = 20_000;

/** `error.code` or `error.type` that mean: nothing will work until somebody pays or changes the key. */
const QUOTA_CODES = new Set([
  'insufficient_quota',
  'credit_balance_exhausted',
  'billing_hard_limit_reached',
  'billing_not_active',
  'spend_limit_reached',
  'account_deactivated',
  'invalid_api_key',
]);
const CONTEXT_CODES = new Set(['context_length_exceeded', 'string_above_max_length']);
const CONTEXT_MESSAGE =
  /context (length|window|size)|maximum context|too many tokens|input tokens exceed|prompt is too long/i;
const FEATURE_MESSAGE = /response_format|json_schema|structured output/i;
const OVERLOADED_CODES = new Set(['slow_down', 'overloaded_error', 'server_overloaded']);
/** Status codes of gateways and overload that pass by themselves; 529 is "overloaded". */
const CLIENT_STATUS_TO_RETRY = new Set([408, 409, 425]);

/** The part of an error of the openai client (or of LangChain around it) that says what happened. */
interface ProviderError {
  name: string;
  message: string;
  status: number | undefined;
  code: string | undefined;
  type: string | undefined;
  retryAfter: string | null;
}

function readError(thrown: unknown): ProviderError {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const headers = error.headers instanceof Headers ? error.headers : null;
  const name = text(error.name);
  return {
    // Subclasses of the client all call themselves "Error": the class tells more.
    name: name === undefined || name === 'Error' ? (thrown?.constructor?.name ?? 'Error') : name,
    message: text(error.message) ?? '',
    status: typeof error.status === 'number' ? error.status : undefined,
    code: text(error.code),
    type: text(error.type),
    retryAfter: headers?.get('retry-after') ?? null,
  };
}

/**
 * Milliseconds that a Retry-After header asks for (RFC 9110 section 10.2.3: seconds or a date), within 1 s and 1 h;
 * undefined when it is absent or unreadable.
 */
export function retryAfterMs(header: string | null, now: Date): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const wanted = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now.getTime();
  if (Number.isNaN(wanted)) return undefined;
  return Math.min(Math.max(wanted, MIN_RETRY_AFTER_MS), MAX_RETRY_AFTER_MS);
}

/** True when a server refused the request because it does not know structured output (400 or 422 that names the field). */
export function isFeatureRefused(thrown: unknown): boolean {
  const error = readError(thrown);
  return (
    (error.status === 400 || error.status === 422) &&
    FEATURE_MESSAGE.test(error.message) &&
    !CONTEXT_MESSAGE.test(error.message)
  );
}

/**
 * What a failed model call means for us, decided once and by `error.code` before the status: a 429 may be "slow down" or
 * "your money is gone". Messages of ours hold no text of the provider, which may quote the prompt or the key.
 */
export function toLlmError(thrown: unknown, now: Date): AppError {
  if (thrown instanceof AppError) return thrown;
  const error = readError(thrown);
  const make = (code: ErrorCode, message: string, retryable: boolean, waitMs?: number): AppError =>
    new AppError(code, message, {
      retryable,
      retryAfterMs: waitMs,
      details: { status: error.status ?? null, providerCode: error.code ?? error.type ?? null, kind: error.name },
      cause: thrown,
    });
  const codes = [error.code, error.type].filter((code) => code !== undefined);
  const wait = retryAfterMs(error.retryAfter, now);

  if (
    codes.some((code) => QUOTA_CODES.has(code)) ||
    error.status === 401 ||
    error.status === 402 ||
    error.status === 403
  ) {
    return make(
      'LLM_QUOTA',
      'The model provider refuses the account: check the key, the quota and the billing.',
      false,
    );
  }
  if (codes.some((code) => OVERLOADED_CODES.has(code))) {
    return make('LLM_UNAVAILABLE', 'The model provider is overloaded.', true, wait);
  }
  if (error.status === 429) {
    return make('LLM_RATE_LIMITED', 'The model provider asks to slow down.', true, wait ?? DEFAULT_RATE_LIMIT_MS);
  }
  if (codes.some((code) => CONTEXT_CODES.has(code)) || error.name === 'ContextOverflowError' || error.status === 413) {
    return make('LLM_CONTEXT_TOO_LONG', 'The text is too long for the model.', false);
  }
  if (error.status === 400 && CONTEXT_MESSAGE.test(error.message)) {
    return make('LLM_CONTEXT_TOO_LONG', 'The text is too long for the model.', false);
  }
  if (error.name === 'TimeoutError' || error.name === 'APIConnectionTimeoutError') {
    return make('LLM_TIMEOUT', 'The model did not answer in time.', true);
  }
  if (error.name === 'ContentFilterFinishReasonError') {
    return make('LLM_REFUSED', 'The provider filtered the answer.', false);
  }
  if (error.status === undefined || error.status >= 500 || CLIENT_STATUS_TO_RETRY.has(error.status)) {
    return make('LLM_UNAVAILABLE', 'The model provider cannot be reached or failed.', true, wait);
  }
  return make(
    'LLM_UNAVAILABLE',
    `The model provider refused the request (status ${error.status}): check OPENAI_MODEL and OPENAI_MODEL_PARAMS.`,
    false,
  );
}
