/** As much of a large mail as is looked at for its headers. */
export const HEADER_PEEK_BYTES = 256 * 1024;

const CONTENT_HEADER = /^(content-[\w-]+|mime-version)[ \t]*:/i;

/**
 * What is kept of a mail that is too large: its headers and a notice as text. The original content headers are renamed,
 * since they describe a body that is not there.
 * @param start the beginning of the mail, at least its headers up to HEADER_PEEK_BYTES
 * @param size bytes of the whole mail
 * @param limit bytes that would have been taken
 */
export function headersOnly(start: Buffer, size: number, limit: number): Buffer {
  const lines = headerText(start).split(/\r?\n/);
  const kept = lines.map((line) => (CONTENT_HEADER.test(line) ? `X-Original-${line}` : line));
  const notice = `Only the headers of this mail were taken in: it has ${size} bytes, the limit is ${limit}. The whole mail is where it was delivered.`;
  const head = [...kept, 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=us-ascii', '', notice, ''].join(
    '\r\n',
  );
  return Buffer.from(head, 'latin1');
}

/** The header block without the empty line; when it does not end within the peek, up to its last whole line. */
function headerText(start: Buffer): string {
  const text = start.subarray(0, HEADER_PEEK_BYTES).toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  if (end) return text.slice(0, end.index);
  const lastLineEnd = text.lastIndexOf('\n');
  return lastLineEnd > 0 ? text.slice(0, lastLineEnd).replace(/\r$/, '') : text;
}
