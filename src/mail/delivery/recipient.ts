import { domainToASCII } from 'node:url';
import type { MailAddress, SenderAuthentication } from '../message/parsed-mail.types.js';

/** RFC 5321 section 4.5.3.1: longest path without the angle brackets. */
const MAX_ADDRESS_LENGTH = 254;
// One plain address: no quoting, comments, routes or groups, nothing that could end an SMTP command or a header.
const ADDRESS = /^[^\s<>()[\]\\,;:"@\p{Cc}]{1,64}@[^\s<>()[\]\\,;:"@\p{Cc}]{1,253}$/u;

/** The part after the last `@`, lower case, punycode; an empty string when it is no domain. */
export function domainOf(address: string): string {
  return domainToASCII(address.slice(address.lastIndexOf('@') + 1).toLowerCase());
}

/** The address with an ASCII domain (RFC 5891), or null when it is not one plain address. */
export function plainAddress(address: string): string | null {
  if (address.length > MAX_ADDRESS_LENGTH || !ADDRESS.test(address)) return null;
  const domain = domainOf(address);
  return domain === '' ? null : `${address.slice(0, address.lastIndexOf('@'))}@${domain}`;
}

/** What decides where an answer goes; all of it is from the parsed mail, none from a model. */
export interface RecipientSource {
  from: MailAddress | null;
  replyTo: MailAddress[];
  authentication: SenderAuthentication | null;
}

/**
 * The one address that an answer goes to: Reply-To only when it is a single address of the sender's domain, or when the mail
 * passed DMARC (From is genuine, so its owner chose that Reply-To); else From. Never a list, never the model's choice.
 * Null when there is no valid address: a person decides.
 */
export function replyRecipient(mail: RecipientSource): MailAddress | null {
  const from = mail.from && withPlainAddress(mail.from);
  if (!from) return null;
  const replyTo = mail.replyTo.length === 1 ? withPlainAddress(mail.replyTo[0]!) : null;
  if (!replyTo) return from;
  const isSameDomain = domainOf(replyTo.address) === domainOf(from.address);
  return isSameDomain || mail.authentication?.dmarc === 'pass' ? replyTo : from;
}

function withPlainAddress(entry: MailAddress): MailAddress | null {
  const address = plainAddress(entry.address);
  return address === null ? null : { name: entry.name, address };
}
