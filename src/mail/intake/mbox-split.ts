const LF = 0x0a;
const CR = 0x0d;
const SEPARATOR = Buffer.from('From ');
const QUOTED = Buffer.from('>From ');

/** Whether a file is an mbox and not a single mail. */
export const isMbox = (bytes: Buffer): boolean => startsWith(bytes, 0, SEPARATOR);

/**
 * Splits an mbox (RFC 4155) into its mails, in one pass and without copying what needs no change. A mail begins at a
 * `From ` line that is the first one or follows an empty line; lines quoted as `>From ` (mboxrd: any number of `>`) lose one `>`.
 */
export function* splitMbox(bytes: Buffer): Generator<Buffer> {
  let mailStart = -1;
  let quotes: number[] = [];
  let afterEmptyLine = true;
  for (let line = 0; line < bytes.length;) {
    const next = endOfLine(bytes, line);
    if (afterEmptyLine && startsWith(bytes, line, SEPARATOR)) {
      if (mailStart >= 0) yield cut(bytes, mailStart, line, quotes);
      mailStart = next;
      quotes = [];
    } else if (isQuotedSeparator(bytes, line)) {
      quotes.push(line);
    }
    afterEmptyLine = isEmptyLine(bytes, line);
    line = next;
  }
  if (mailStart >= 0) yield cut(bytes, mailStart, bytes.length, quotes);
}

function endOfLine(bytes: Buffer, from: number): number {
  const end = bytes.indexOf(LF, from);
  return end < 0 ? bytes.length : end + 1;
}

function startsWith(bytes: Buffer, at: number, prefix: Buffer): boolean {
  return bytes.length - at >= prefix.length && bytes.compare(prefix, 0, prefix.length, at, at + prefix.length) === 0;
}

function isEmptyLine(bytes: Buffer, at: number): boolean {
  return bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF);
}

function isQuotedSeparator(bytes: Buffer, line: number): boolean {
  if (bytes[line] !== QUOTED[0]) return false;
  let at = line;
  while (bytes[at + 1] === QUOTED[0]) at++;
  return startsWith(bytes, at, QUOTED);
}

/** The mail without its quoting marks and without the empty line that mbox adds at its end. */
function cut(bytes: Buffer, start: number, end: number, quotes: number[]): Buffer {
  const last = trimSeparatorLine(bytes, start, end);
  if (quotes.length === 0) return bytes.subarray(start, last);
  const parts: Buffer[] = [];
  let from = start;
  for (const quote of quotes) {
    parts.push(bytes.subarray(from, quote));
    from = quote + 1;
  }
  parts.push(bytes.subarray(from, Math.max(from, last)));
  return Buffer.concat(parts);
}

function trimSeparatorLine(bytes: Buffer, start: number, end: number): number {
  const width = bytes[end - 2] === CR ? 2 : 1;
  const isEmpty = bytes[end - 1] === LF && end - width > start && bytes[end - width - 1] === LF;
  return isEmpty ? end - width : end;
}
