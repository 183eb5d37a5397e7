import { isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import type { MailHeader } from '../parsed-mail.types.js';

const REPLACEMENT = '\uFFFD';
/** windows-1252 by iconv-lite: TextDecoder of Node 20 decodes 0x80-0x9F wrongly (nodejs/node#60888). */
const WESTERN = 'windows-1252';

/**
 * Bytes of a header value (latin1 string) as UTF-8 bytes. Headers must be ASCII or UTF-8 (RFC 6532); what is neither was
 * written by an old program in the Western code page.
 */
export function headerBytes(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes : Buffer.from(iconv.decode(bytes, WESTERN));
}

/**
 * Text that was said to be UTF-8 or ASCII and is not: at least every second character beyond ASCII could not be decoded.
 * A mail that is cut in the middle of a character is not meant.
 */
export function isWronglyDecoded(text: string): boolean {
  if (!text.includes(REPLACEMENT)) return false;
  let replaced = 0;
  let others = 0;
  for (const char of text) {
    if (char === REPLACEMENT) replaced++;
    else if (char > '\x7f') others++;
  }
  return replaced >= others;
}

/** The mail said again with windows-1252 where its parts claim UTF-8 or ASCII, or nothing: for a second look. */
export function asWestern(headers: readonly MailHeader[], body: Buffer): [headers: MailHeader[], body: Buffer] {
  const type = headers.find(([name]) => name === 'content-type')?.[1] ?? 'text/plain';
  const labelled = /^text\//i.test(type) && !/charset/i.test(type) ? `${type}; charset=${WESTERN}` : relabel(type);
  const others = headers.filter(([name]) => name !== 'content-type');
  return [[['content-type', labelled], ...others], Buffer.from(relabel(body.toString('latin1')), 'latin1')];
}

const relabel = (text: string): string =>
  text.replace(/(charset\s{0,4}=\s{0,4}"?)(?:utf-?8|us-ascii|ascii|iso-8859-1)\b/gi, `$1${WESTERN}`);
