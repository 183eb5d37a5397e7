import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import type { Request, Response } from 'express';
import { AppError, type ErrorCode } from '../errors.js';
import type { Problem } from './api-problems.decorator.js';

/** The only place where error codes become HTTP status codes. What is not here is our fault: 500. */
const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  TOO_LARGE: 413,
  MAIL_UNPARSEABLE: 422,
  MAIL_LIMIT: 422,
  MAIL_AUTH: 422,
  MAIL_CONNECTION: 422,
  TOO_MANY_REQUESTS: 429,
  UNAVAILABLE: 503,
  LLM_UNAVAILABLE: 503,
  LLM_RATE_LIMITED: 503,
};

const CODE_OF_STATUS: Record<number, ErrorCode> = {
  400: 'INVALID_INPUT',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'TOO_LARGE',
  429: 'TOO_MANY_REQUESTS',
  503: 'UNAVAILABLE',
};

/** Errors of body-parser and multer carry a status of their own and are safe to show below 500. */
function statusOfLibraryError(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  const { status, statusCode } = error as { status?: unknown; statusCode?: unknown };
  const value = typeof status === 'number' ? status : statusCode;
  return typeof value === 'number' && value >= 400 && value < 500 ? value : null;
}

function isStoreAway(error: unknown): boolean {
  const name = error instanceof Error ? error.name : '';
  return /^Mongo(oose)?(ServerSelection|Network|NotConnected|Topology)|^MongoNotConnectedError$/.test(name);
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof HttpException) {
    const status = error.getStatus();
    return new AppError(CODE_OF_STATUS[status] ?? (status < 500 ? 'INVALID_INPUT' : 'INTERNAL'), error.message, {
      cause: error,
    });
  }
  if (isStoreAway(error)) {
    return new AppError('UNAVAILABLE', 'The database cannot be reached at the moment; try again.', { cause: error });
  }
  const status = statusOfLibraryError(error);
  if (status) {
    const code = CODE_OF_STATUS[status] ?? 'INVALID_INPUT';
    return new AppError(code, error instanceof Error ? error.message : 'The request is malformed.', { cause: error });
  }
  return new AppError('INTERNAL', 'Something went wrong on our side; the request id helps to find it in the logs.', {
    cause: error,
  });
}

const urn = (code: ErrorCode): string => `urn:mailwright:error:${code.toLowerCase().replaceAll('_', '-')}`;

/** Turns whatever was thrown into problem+json (RFC 9457) with a request id; stack traces stay in the log. */
@Catch()
export class AppExceptionFilter implements ExceptionFilter {
  constructor(@InjectPinoLogger(AppExceptionFilter.name) private readonly logger: PinoLogger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request & { id?: string | number }>();
    const response = host.switchToHttp().getResponse<Response>();
    const error = toAppError(exception);
    const httpStatus = exception instanceof HttpException ? exception.getStatus() : undefined;
    const status = STATUS_OF[error.code] ?? httpStatus ?? statusOfLibraryError(exception) ?? 500;
    if (status >= 500) this.logger.error({ err: error.cause ?? error, code: error.code }, 'request failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (error.retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(error.retryAfterMs / 1000));
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    const body: Problem = {
      type: urn(error.code),
      title: error.message,
      status,
      requestId: String(request.id ?? ''),
      ...(error.details && { details: error.details }),
    };
    response.status(status).type('application/problem+json').send(JSON.stringify(body));
  }
}
