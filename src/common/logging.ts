import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';

/** Request ids from a proxy are kept when they are harmless, so that a trace can be followed across systems. */
const REQUEST_ID = /^[\w.-]{8,64}$/;

/** What Nest says about itself at each start: a hundred lines that hide the one with the URL. */
const STARTUP_CHATTER = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
]);
const WARN_LEVEL = 40;

const QUIET = /^\/(health|metrics|docs)/;

/**
 * JSON lines with ids, counts and times. Addresses, subjects, bodies and secrets are never logged; the redaction below is
 * the second line of defence for objects that a library logs by itself.
 * @param level least level that is written
 */
export function loggerOptions(level: string): Params {
  return {
    pinoHttp: {
      level,
      hooks: {
        logMethod(args, method, lineLevel) {
          const context = (args[0] as { context?: string } | undefined)?.context;
          if (lineLevel < WARN_LEVEL && context && STARTUP_CHATTER.has(context)) return;
          method.apply(this, args);
        },
      },
      genReqId: (request: IncomingMessage, response: ServerResponse) => {
        const given = request.headers['x-request-id'];
        const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
        response.setHeader('x-request-id', id);
        return id;
      },
      // The URL's query string may hold a search text: only the path is logged.
      serializers: {
        req: (request: { id: string; method: string; url: string }) => ({
          id: request.id,
          method: request.method,
          path: request.url.split('?')[0],
        }),
        res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
      },
      redact: {
        paths: ['*.password', '*.secret', '*.token', '*.authorization', '*.cookie', '*.pass', '*.accessToken'],
        censor: '[redacted]',
      },
      autoLogging: { ignore: (request: IncomingMessage) => QUIET.test(request.url ?? '') },
      customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) =>
        error || response.statusCode >= 500 ? 'error' : response.statusCode >= 400 ? 'info' : 'debug',
    },
  };
}
