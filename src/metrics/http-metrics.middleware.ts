import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { httpRequestDuration } from '../common/metrics.js';

/**
 * Times every request. A middleware, not an interceptor: guards (401, 429) run before interceptors, and filters set the
 * status after them. The route label is the template, never the address that was asked for.
 */
@Injectable()
export class HttpMetricsMiddleware implements NestMiddleware {
  use(request: Request, response: Response, next: NextFunction): void {
    const end = httpRequestDuration.startTimer({ method: request.method });
    response.once('close', () => {
      const route = (request.route as { path?: string } | undefined)?.path ?? 'unmatched';
      end({ route, code: String(response.statusCode) });
    });
    next();
  }
}
