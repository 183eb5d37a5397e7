import { createHash } from 'node:crypto';
import { headerEnd } from './parse/header-block.js';

const IDENTITY_HEADERS = ['message-id', 'from', 'date', 'subject'];

/**
 * Identity of a mail whatever its IMAP UID says: sha256(Message-ID | From | Date | Subject | sha256(body)), hex. It survives a change
 * of UIDVALIDITY and ignores trace headers that a second delivery adds; a mail that only re-uses a Message-ID gets another
 * key, so nobody can pre-empt somebody's mail. One linear scan, no parsing.
 */
export function contentKey(bytes: Buffer): string {
  const end = headerEnd(bytes);
  const values = identityValues(bytes.subarray(0, end));
  const body = createHash('sha256').update(bytes.subarray(end)).digest('hex');
  const hash = createHash('sha256');
  for (const name of IDENTITY_HEADERS) hash.update(values.get(name) ?? '').update('\n');
  return hash.update(body).digest('hex');
}

/** First value of each identity header, folding removed. */
function identityValues(block: Buffer): Map<string, string> {
  const values = new Map<string, string>();
  let open: string | null = null;
  for (const line of block.toString('latin1').split(/\r\n|\n|\r/)) {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (open !== null) values.set(open, `${values.get(open) ?? ''} ${line.trim()}`);
      continue;
    }
    const colon = line.indexOf(':');
    const name = colon > 0 ? line.slice(0, colon).trimEnd().toLowerCase() : '';
    open = IDENTITY_HEADERS.includes(name) && !values.has(name) ? name : null;
    if (open !== null) values.set(open, line.slice(colon + 1).trim());
  }
  return values;
}
