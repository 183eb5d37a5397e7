import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerFor, type ChatRequest, completionOf, operationOf, schemaProblem } from './fake-openai-answers';

/** How the fake answers. The first two are well-behaved, the rest are the faults that real providers and models show. */
export type FakeMode =
  | 'normal' // right answers after a short while
  | 'instant' // right answers at once
  | 'slow' // right answers after `ms`
  | 'rate-limit' // 429 with Retry-After
  | 'quota' // 429 insufficient_quota
  | 'error-500'
  | 'error-503'
  | 'context-too-long' // 400 for requests of more than `maxChars` characters
  | 'no-json-schema' // 400 for response_format json_schema, as servers without structured output
  | 'malformed' // prose instead of JSON
  | 'wrong-enum' // valid JSON, values outside the enums
  | 'truncated' // finish_reason length, JSON cut in the middle
  | 'hang' // accepts and never answers
  | 'drip' // headers at once, then a blank every 50 ms
  | 'reset' // closes the connection in the middle of the body
  | 'refusal'
  | 'huge' // an answer of 1 MB
  | 'wrong-language'
  | 'html' // 200 with a web page, as captive portals do
  | 'obeys-injection'; // does whatever the mail says

export interface FakeOptions {
  /** slow: milliseconds to wait. Default 300. */
  ms?: number;
  /** rate-limit: value of Retry-After; null leaves the header out. Default '2'. */
  retryAfter?: string | null;
  /** context-too-long: longest prompt. Default 2000. */
  maxChars?: number;
}

export interface FakeRequest {
  /** Name of the schema or tool; `json_object` where there is none. */
  operation: string;
  mode: FakeMode;
  body: ChatRequest;
}

export interface FakeOpenAi {
  /** Base URL, e.g. for OPENAI_BASE_URL. */
  url: string;
  /** One mode for all requests from now on, or a sequence: one a request, the last one stays. */
  setMode(mode: FakeMode | FakeMode[], options?: FakeOptions): void;
  /** Every chat completion that was asked for, oldest first. */
  requests: FakeRequest[];
  /** Number of requests, of one operation if it is given. */
  count(operation?: string): number;
  stop(): Promise<void>;
}

const NORMAL_MS = 15;

/**
 * A small server that speaks the OpenAI chat completions protocol on loopback: response_format (json_schema, json_object),
 * tools, usage, errors with type and code. Answers are deterministic. A request may choose its own mode with
 * `metadata: { fake_mode }` (OPENAI_MODEL_PARAMS puts it there).
 * @param options.apiKey the only key that is accepted; without it any key is
 */
export async function startFakeOpenAi({ apiKey }: { apiKey?: string } = {}): Promise<FakeOpenAi> {
  let modes: FakeMode[] = ['normal'];
  let options: FakeOptions = {};
  const requests: FakeRequest[] = [];

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (!key || (apiKey !== undefined && key !== apiKey)) {
      return fail(response, 401, 'Incorrect API key provided', 'invalid_request_error', 'invalid_api_key');
    }
    if (request.method === 'GET' && request.url === '/v1/models')
      return json(response, 200, { object: 'list', data: [] });
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
      return fail(
        response,
        404,
        `Unknown request URL: ${request.method} ${request.url}`,
        'invalid_request_error',
        null,
      );
    }
    const body = JSON.parse(await readAll(request)) as ChatRequest;
    const mode = body.metadata?.fake_mode ?? (modes.length > 1 ? modes.shift()! : modes[0]!);
    requests.push({ operation: operationOf(body), mode, body });
    const problem = schemaProblem(body);
    if (problem) return fail(response, 400, problem, 'invalid_request_error', null);
    await answer(response, mode, body, options);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    setMode(mode, given = {}) {
      modes = Array.isArray(mode) ? [...mode] : [mode];
      options = given;
    },
    requests,
    count: (operation) => requests.filter((request) => !operation || request.operation === operation).length,
    stop: () => close(server),
  };
}

async function answer(
  response: ServerResponse,
  mode: FakeMode,
  body: ChatRequest,
  options: FakeOptions,
): Promise<void> {
  switch (mode) {
    case 'rate-limit': {
      const { retryAfter = '2' } = options;
      if (retryAfter !== null) response.setHeader('retry-after', retryAfter);
      return fail(response, 429, 'Rate limit reached for requests', 'requests', 'rate_limit_exceeded');
    }
    case 'quota':
      return fail(response, 429, 'You exceeded your current quota', 'insufficient_quota', 'insufficient_quota');
    case 'error-500':
      return fail(response, 500, 'The server had an error', 'server_error', null);
    case 'error-503':
      response.writeHead(503, { 'content-type': 'text/plain' }).end('upstream connect error');
      return;
    case 'context-too-long':
      if (JSON.stringify(body.messages).length > (options.maxChars ?? 2_000)) {
        const message = "This model's maximum context length is 512 tokens.";
        return fail(response, 400, message, 'invalid_request_error', 'context_length_exceeded');
      }
      break;
    case 'no-json-schema':
      if (body.response_format?.type === 'json_schema') {
        return fail(
          response,
          400,
          "response_format type 'json_schema' is not supported",
          'invalid_request_error',
          null,
        );
      }
      break;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please log in</body></html>');
      return;
    case 'hang':
      return;
    case 'drip':
      return drip(response);
    case 'reset':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5000 });
      response.write('{"id":"chatcmpl-fake","choices":[{"mess');
      setTimeout(() => response.destroy(), 20);
      return;
    case 'slow':
      await sleep(options.ms ?? 300);
      break;
    case 'normal':
      await sleep(NORMAL_MS);
      break;
  }
  json(response, 200, completionOf(body, answerFor(body, mode)));
}

function drip(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(timer));
}

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const fail = (response: ServerResponse, status: number, message: string, type: string, code: string | null): void =>
  json(response, status, { error: { message, type, param: null, code } });

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
