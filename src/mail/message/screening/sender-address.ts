/**
 * The address behind the forms that mail servers make of it, in lower case: without plus-tag, BATV tag
 * (`prvs=tag=user@dom`), SRS forwarding (`SRS0=hash=ts=dom=user@forwarder`) and without angle brackets.
 */
export function canonicalAddress(raw: string): string {
  const address = (/<([^<>]*)>/.exec(raw)?.[1] ?? raw).trim().toLowerCase();
  const at = address.lastIndexOf('@');
  if (at < 1) return address;
  const local = address.slice(0, at);
  const batv = /^(?:prvs|msprvs1)=[^=]{1,40}=(.+)$/.exec(local) ?? /^btv1==[^=]{1,40}==(.+)$/.exec(local);
  if (batv) return canonicalAddress(`${batv[1]}@${address.slice(at + 1)}`);
  const srs = /^srs0[=+-][^=]{1,40}=[^=]{1,10}=([^=]{1,190})=(.+)$/.exec(local);
  if (srs) return canonicalAddress(`${srs[2]}@${srs[1]}`);
  const chained = /^srs1[=+-][^=]{1,40}=[^=]{1,190}=[=+-][^=]{1,40}=[^=]{1,10}=([^=]{1,190})=(.+)$/.exec(local);
  if (chained) return canonicalAddress(`${chained[2]}@${chained[1]}`);
  return `${local.split('+')[0] || local}@${address.slice(at + 1)}`;
}

/** Local parts behind which no person reads (RFC 2142 and habit). */
const ROLE =
  /^(?:mailer-?daemon|postmaster|mail-daemon|mdaemon|mail(?:er)?[._-]?delivery.*|daemon|root|nobody|listserv|listmaster|majordomo|owner-.+|.+-owner|.+-request|.+-bounces?|bounces?|bounce[._=-].*|bounces[._=-].*|(?:[\w.-]+[._-])?no[-_]?reply(?:[._-].*)?|(?:[\w.-]+[._-])?do[-_]?not[-_]?reply(?:[._-].*)?|noreply.*|donotreply.*|auto-?reply|autoresponder|auto-?notify)$/;

/** Whether the address belongs to a machine by its name alone. */
export function isRoleAddress(raw: string): boolean {
  const address = canonicalAddress(raw);
  const local = address.split('@')[0]!;
  // Some bounces name the daemon without a domain.
  return ROLE.test(local);
}
