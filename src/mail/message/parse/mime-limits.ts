import { AppError } from '../../../common/errors.js';
import { headerEnd } from './header-block.js';

const KIB = 1024;

/**
 * Bounds of one mail. Real mail stays far below; above them parsers get slow in ways that no time-out hides: a thousand
 * parts, 100k headers or megabytes of folded Subject cost seconds to minutes of one core (measured with mailparser).
 */
export const MIME_LIMITS = {
  bytes: 25 * KIB * KIB,
  parts: 500,
  depth: 20,
  headerBytes: 256 * KIB,
  headerLines: 1000,
} as const;

/** RFC 2046 section 5.1.1 allows 70; real senders go somewhat beyond. */
const MAX_BOUNDARY_LENGTH = 250;
const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;

const overLimit = (what: string): AppError => new AppError('MAIL_LIMIT', `The mail exceeds a limit: ${what}.`);

/**
 * Walks once over the bytes, before any parser sees them, and follows boundaries as a MIME parser would (RFC 2046).
 * Linear: each line is looked at once, and at most `depth` open boundaries are compared.
 * @throws AppError MAIL_LIMIT
 */
export function checkMimeLimits(bytes: Buffer): void {
  if (bytes.length > MIME_LIMITS.bytes) throw overLimit('size');
  const open: string[] = [];
  let parts = 0;
  let position = 0;
  enterPart(bytes, 0, open);
  while (position < bytes.length) {
    const newline = bytes.indexOf(LF, position);
    const next = newline < 0 ? bytes.length : newline + 1;
    if (bytes[position] !== DASH || bytes[position + 1] !== DASH || open.length === 0) {
      position = next;
      continue;
    }
    const line = bytes.toString('latin1', position + 2, Math.min(next, position + MAX_BOUNDARY_LENGTH + 8)).trimEnd();
    const level = open.findLastIndex((boundary) => line === boundary || line === `${boundary}--`);
    position = next;
    if (level < 0) continue;
    const isEnd = line !== open[level];
    open.length = isEnd ? level : level + 1;
    if (isEnd) continue;
    if (++parts > MIME_LIMITS.parts) throw overLimit('number of parts');
    enterPart(bytes, next, open);
  }
}

/** Checks the header block at `from` and opens its boundary. Its lines are looked at again: a delimiter ends any header. */
function enterPart(bytes: Buffer, from: number, open: string[]): void {
  const limit = Math.min(bytes.length, from + MIME_LIMITS.headerBytes + 1);
  const isEmpty = from > 0 && (bytes[from] === LF || bytes[from] === CR);
  const end = isEmpty ? from : headerEnd(bytes.subarray(0, limit), from);
  if (end - from > MIME_LIMITS.headerBytes) throw overLimit('size of the headers');
  const block = bytes.toString('latin1', from, end);
  if (countLines(block) > MIME_LIMITS.headerLines) throw overLimit('number of header lines');
  const boundary = boundaryOf(block);
  if (boundary !== null) {
    open.push(boundary);
    if (open.length > MIME_LIMITS.depth) throw overLimit('nesting of parts');
  }
}

function countLines(block: string): number {
  let lines = 0;
  for (let i = block.search(/[\r\n]/); i >= 0 && i < block.length; i++) {
    const char = block[i];
    if (char === '\n' || (char === '\r' && block[i + 1] !== '\n')) lines++;
  }
  return lines;
}

/** The boundary parameter of the first Content-Type, quoted or not; null when it is no multipart. */
function boundaryOf(block: string): string | null {
  const type = /^content-type[ \t]*:((?:[^\r\n]|\r?\n[ \t])*)/im.exec(block)?.[1];
  if (!type || !/multipart\//i.test(type)) return null;
  const match = /boundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(type);
  return (match?.[1] ?? match?.[2] ?? '').trimEnd().slice(0, MAX_BOUNDARY_LENGTH) || null;
}
