import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

const requests = new AsyncLocalStorage<Request & { id?: unknown }>();

/** A request id given by the client may be of any length. */
const MAX_ID_LENGTH = 100;

/** Where the change under way came from; both null outside of a request (jobs, start-up). */
export function requestOrigin(): { ip: string | null; requestId: string | null } {
  const request = requests.getStore();
  // Read when asked: the id is set by the log middleware, which may run after ours.
  const { id } = request ?? {};
  const requestId = typeof id === 'string' || typeof id === 'number' ? String(id).slice(0, MAX_ID_LENGTH) : null;
  return { ip: request?.ip ?? null, requestId };
}

/** Makes the request known to everything it calls, so that services need not pass it down to the audit log. */
@Injectable()
export class RequestOriginMiddleware implements NestMiddleware {
  use(request: Request, _response: Response, next: NextFunction): void {
    requests.run(request, next);
  }
}
