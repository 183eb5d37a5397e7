/** Codes that clients and operators see: stable, upper snake case. */
export type ErrorCode =
  | 'INVALID_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'TOO_LARGE'
  | 'TOO_MANY_REQUESTS'
  | 'UNAVAILABLE'
  | 'LEASE_LOST'
  | 'MAIL_AUTH'
  | 'MAIL_CONNECTION'
  | 'MAIL_LIMIT'
  | 'MAIL_UNPARSEABLE'
  | 'LLM_RATE_LIMITED'
  | 'LLM_QUOTA'
  | 'LLM_UNAVAILABLE'
  | 'LLM_TIMEOUT'
  | 'LLM_BAD_OUTPUT'
  | 'LLM_REFUSED'
  | 'LLM_BUDGET'
  | 'LLM_CONTEXT_TOO_LONG'
  | 'INTERNAL';

export interface AppErrorOptions {
  /** True when the same action may succeed later without a change (transient). Default false. */
  retryable?: boolean;
  /** How long to wait before the next try, in milliseconds, when the other side said so. */
  retryAfterMs?: number;
  /** Extra members of the problem+json answer; must be free of secrets and mail text. */
  details?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * The one error type that crosses module borders. `message` is shown to the caller: it names what is wrong and what to do,
 * and holds no secret, address or mail text. HTTP status appears only in the exception filter.
 */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }
}

/** `what` names the thing, e.g. `notFound('email', id)`. */
export const notFound = (what: string, id: string): AppError =>
  new AppError('NOT_FOUND', `There is no ${what} with id ${id}.`);

/** Somebody else was first, or the thing is in another state than the action needs. */
export const conflict = (message: string, details?: Record<string, unknown>): AppError =>
  new AppError('CONFLICT', message, { details });

export const invalidInput = (message: string, details?: Record<string, unknown>): AppError =>
  new AppError('INVALID_INPUT', message, { details });

/** Whether an unknown thrown value is worth another try: only what says so of itself. */
export const isRetryable = (error: unknown): boolean => error instanceof AppError && error.retryable;

/** A short text of any thrown value for logs and stored errors: the message, or the class name. */
export function errorMessage(error: unknown): string {
  if (typeof error === 'string') return error;
  // Not `instanceof`: errors of a worker thread or another realm are not of this realm's class.
  const { message, name } = (error ?? {}) as { message?: unknown; name?: unknown };
  if (typeof message === 'string' && message) return message;
  return typeof name === 'string' && name ? name : 'unknown error';
}
