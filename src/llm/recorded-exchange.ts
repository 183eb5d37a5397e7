import { AsyncLocalStorage } from 'node:async_hooks';
import { AppError } from '../common/errors.js';

/** Bytes of an answer that are read: a completion is a few kilobytes, a runaway server must not fill the memory. */
export const MAX_BODY_BYTES = 512 * 1024;

/**
 * The HTTP exchange of one model call: a `fetch` that reads the whole body up to a bound and keeps it, so that text and
 * token usage are known also when a library above stumbles over the content.
 */
export class RecordedExchange {
  private static readonly current = new AsyncLocalStorage<RecordedExchange>();

  /** For a client that many calls share: goes through the exchange in whose `run` it is called. */
  static readonly fetch: typeof globalThis.fetch = (input, init) => {
    const exchange = RecordedExchange.current.getStore();
    if (!exchange) throw new AppError('INTERNAL', 'A model was called outside of an exchange.');
    return exchange.fetch(input, init);
  };

  /** Everything that `work` fetches is recorded here. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return RecordedExchange.current.run(this, work);
  }

  /** Status and body of the last answer; null before there is one. */
  response: { status: number; body: string } | null = null;
  /** True once a request was handed to the network: from then on the provider may charge. */
  requestSent = false;
  /** Why there is no answer, before a library wraps it; null while there is none. */
  failure: unknown = null;

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    this.response = null;
    this.requestSent = true;
    try {
      const response = await globalThis.fetch(input, init);
      const body = await readBounded(response);
      this.response = { status: response.status, body };
      return replayed(response, body);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  };
}

/** The answer once more, for the library; its JSON is parsed from the text at hand, without another stream. */
function replayed({ status, statusText, headers: received }: Response, body: string): Response {
  const headers = new Headers(received);
  headers.delete('content-encoding'); // fetch has decoded the body
  const response = new Response(body, { status, statusText, headers });
  return Object.defineProperty(response, 'json', { value: async (): Promise<unknown> => JSON.parse(body) });
}

async function readBounded(response: Response): Promise<string> {
  if (!response.body) return '';
  // Undecoded bodies cannot be longer than they say: read at once, a stream costs several times as much.
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  if (length <= MAX_BODY_BYTES && !response.headers.has('content-encoding')) return response.text();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  // The fetch signal aborts this loop too: a server that drips ends at the caller's deadline.
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BODY_BYTES) {
      // Leaving the loop cancels the body and closes the socket.
      throw new AppError('LLM_BAD_OUTPUT', `The model's answer is larger than ${MAX_BODY_BYTES / 1024} kB.`);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
