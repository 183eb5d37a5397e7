import type { MailHeader, SenderAuthentication } from '../parsed-mail.types.js';
import { withoutComments } from './header-values.js';

const METHODS = ['spf', 'dkim', 'dmarc'] as const;
const RESULTS = new Set(['pass', 'fail', 'none', 'neutral', 'softfail', 'policy', 'temperror', 'permerror']);
const MAX_LENGTH = 8192;

type Method = (typeof METHODS)[number];

/**
 * What our own border server found out about the sender, or null when nothing can be believed (RFC 8601 sections 4.1, 5, 7.1).
 * Anybody can write Authentication-Results; believed is only the topmost one whose authserv-id is configured, and only above
 * the first hop that is not ours (the border server strips or outranks forged copies below it).
 * @param headers in the order of the mail
 * @param authservIds of Mailbox; empty believes none
 */
export function trustedAuthentication(
  headers: readonly MailHeader[],
  authservIds: readonly string[],
): SenderAuthentication | null {
  const ids = authservIds.map(hostName);
  if (ids.length === 0) return null;
  let hasPassedBorder = false;
  for (const [name, value] of headers) {
    if (name === 'received') {
      const by = receivedBy(value);
      const isOurs = by !== null && ids.some((id) => by === id || by.endsWith(`.${id}`));
      // Large providers hand mail on internally with an IP literal as name, above their border server's line.
      const isInnerHop = !hasPassedBorder && by !== null && isIpLiteral(by);
      if (!isOurs && !isInnerHop) return null;
      hasPassedBorder ||= isOurs;
    } else if (name === 'authentication-results' && value.length < MAX_LENGTH) {
      const results = parseResults(value, ids);
      if (results) return results;
    }
  }
  return null;
}

/** One header value; null when another server wrote it or its version is not 1. */
function parseResults(value: string, ids: readonly string[]): SenderAuthentication | null {
  const plain = withoutComments(value).trim();
  const match = /^("(?:[^"\\]|\\.)*"|[^\s;]+)(?:\s+(\d+))?\s*(?:;|$)/.exec(plain);
  if (!match || !ids.includes(hostName(match[1]!)) || (match[2] !== undefined && match[2] !== '1')) return null;
  const found: Partial<Record<Method, string>> = {};
  // Every method's first result counts; ours writes the one that decided first.
  for (const segment of segments(plain.slice(match[0].length))) {
    const result = /^\s*([a-z0-9-]+)(?:\/\d+)?\s*=\s*([a-z]+)(?=\s|$)/i.exec(segment);
    const method = METHODS.find((one) => one === result?.[1]?.toLowerCase());
    const word = result?.[2]?.toLowerCase() ?? '';
    if (method && RESULTS.has(word)) found[method] = better(method, found[method], word);
  }
  const { spf = 'none', dkim = 'none', dmarc = 'none' } = found;
  return { spf, dkim, dmarc, dmarcPolicy: dmarc === 'fail' ? publishedPolicy(value) : null };
}

/** Several DKIM signatures: one that passes is enough (RFC 6376 section 6.1). */
function better(method: Method, before: string | undefined, now: string): string {
  return before === undefined || (method === 'dkim' && now === 'pass') ? now : before;
}

/** Splits at `;` outside quoted strings: a naive split lets `reason="x; dmarc=pass"` forge a result. */
const segments = (text: string): string[] => text.match(/(?:"(?:[^"\\]|\\.)*"|[^;"])+/g) ?? [];

/** The policy that the domain asks for, in the comment or property beside `dmarc=fail`: `(p=reject dis=none)`. */
function publishedPolicy(value: string): string | null {
  const behind = /\bdmarc\s*=\s*fail\b([^;]{0,300})/i.exec(value)?.[1] ?? '';
  return (
    /(?:[(\s]p=|policy\.(?:dmarc|published-domain-policy)=)(none|quarantine|reject)/i
      .exec(behind)?.[1]
      ?.toLowerCase() ?? null
  );
}

const hostName = (raw: string): string => raw.replace(/^"|"$/g, '').toLowerCase().replace(/\.$/, '');

function receivedBy(value: string): string | null {
  const by = /(?:^|\s)by\s+([^\s;()]+)/i.exec(withoutComments(value))?.[1];
  return by ? hostName(by) : null;
}

const isIpLiteral = (host: string): boolean =>
  /^\[?(?:ipv6:)?[0-9a-f]*:[0-9a-f:]+\]?$|^\[?\d{1,3}(?:\.\d{1,3}){3}\]?$/.test(host);
