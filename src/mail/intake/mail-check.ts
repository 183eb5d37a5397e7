const PEEK_BYTES = 64 * 1024;
/** A field name (RFC 5322 section 2.2: printable ASCII but the colon) and a colon; obsolete syntax allows a space before it. */
const HEADER_LINE = /^[!-9;-~]+[ \t]*:/;
const MBOX_LINE = /^From [^\r\n]*\r?\n/;

/** Whether the bytes begin with a mail header; keeps pictures and archives with a wrong name out. */
export function looksLikeMail(bytes: Buffer): boolean {
  return HEADER_LINE.test(bytes.subarray(0, PEEK_BYTES).toString('latin1'));
}

/** The mail without the `From ` line that mbox tools leave in front of it, and without a byte order mark. */
export function withoutEnvelopeLine(bytes: Buffer): Buffer {
  const start = bytes.subarray(0, 3).toString('hex') === 'efbbbf' ? 3 : 0;
  const line = MBOX_LINE.exec(bytes.subarray(start, start + 2000).toString('latin1'));
  return bytes.subarray(start + (line ? line[0].length : 0));
}
