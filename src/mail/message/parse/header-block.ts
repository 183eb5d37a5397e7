import type { MailHeader } from '../parsed-mail.types.js';

const LF = 0x0a;
const CR = 0x0d;

/**
 * Where the header block ends and the body begins: after the first empty line, with CRLF, LF or CR line ends. A mail
 * without an empty line is all header. Empty lines before the first header (some relays add one) belong to the header.
 */
export function headerEnd(bytes: Uint8Array, from = 0): number {
  let i = skipLineEnds(bytes, from);
  let lineStart = i;
  for (; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte !== LF && byte !== CR) continue;
    const end = byte === CR && bytes[i + 1] === LF ? i + 1 : i;
    if (i === lineStart) return end + 1;
    i = end;
    lineStart = end + 1;
  }
  return bytes.length;
}

function skipLineEnds(bytes: Uint8Array, from: number): number {
  let i = from;
  while (bytes[i] === LF || bytes[i] === CR) i++;
  return i;
}

/**
 * The headers in order: names in lower case, values unfolded (RFC 5322 section 2.2.3), bytes as latin1. An mbox "From "
 * line and lines that are no header are skipped. Linear.
 */
export function readHeaders(block: Buffer): MailHeader[] {
  const headers: MailHeader[] = [];
  let name = '';
  let parts: string[] = [];
  const flush = (): void => {
    if (name) headers.push([name, parts.join(' ').trim()]);
    name = '';
  };
  for (const line of block.toString('latin1').split(/\r\n|\n|\r/)) {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (name) parts.push(line.trim());
      continue;
    }
    flush();
    const match = /^([!-9;-~]+)[ \t]*:/.exec(line);
    if (!match) continue;
    name = match[1]!.toLowerCase();
    parts = [line.slice(match[0].length).trim()];
  }
  flush();
  return headers;
}
