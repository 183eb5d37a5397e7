import { AppError } from '../common/errors.js';

/** Bytes of an answer that are read: a completion is a few kilobytes, a runaway server must not fill the memory. */
export const MAX_BODY_BYTES = 512 * 1024;

/**
 * The HTTP exchange of one model call: a `fetch` that reads the whole body up to a bound and keeps it, so that text and
 * token usage are known also when a library above stumbles over the content.
 */
export class RecordedExchange {
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
      const headers = new Headers(response.headers);
      headers.delete('content-encoding'); // fetch has decoded the body
      return new Response(body, { status: response.status, statusText: response.statusText, headers });
    } catch (error) {
      this.failure = error;
      throw error;
    }
  };
}

async function readBounded(response: Response): Promise<string> {
  if (!response.body) return '';
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
