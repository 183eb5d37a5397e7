import { parentPort } from 'node:worker_threads';
import { AppError, errorMessage } from '../../../common/errors.js';
import { parseMime } from './parse-mime.js';
import type { ParseAnswer, ParseRequest } from './parser-protocol.types.js';

const port = parentPort!;

/** Bytes that own their whole memory, so that handing it over takes nothing else along. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const isWhole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return isWhole && bytes.buffer instanceof ArrayBuffer ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);
}

async function answer({ id, bytes }: ParseRequest): Promise<void> {
  try {
    const outcome = await parseMime(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const attachments = outcome.attachments.map((part) => ({ ...part, bytes: owned(part.bytes) }));
    const done: ParseAnswer = { id, outcome: { ...outcome, attachments } };
    port.postMessage(
      done,
      attachments.map((part) => part.bytes.buffer),
    );
  } catch (error) {
    const isLimit = error instanceof AppError && error.code === 'MAIL_LIMIT';
    const failed: ParseAnswer = { id, code: isLimit ? 'MAIL_LIMIT' : 'MAIL_UNPARSEABLE', message: errorMessage(error) };
    port.postMessage(failed);
  }
}

port.on('message', (request: ParseRequest) => void answer(request));
port.postMessage('ready');
