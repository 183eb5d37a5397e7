import type { AddressObject, EmailAddress } from 'mailparser';
import type { MailAddress } from '../parsed-mail.types.js';
import { cleanLine } from './clean-text.js';

/** RFC 5321 section 4.5.3.1.3: a path has at most 256 octets with its angle brackets. */
const MAX_ADDRESS_LENGTH = 254;
const MAX_NAME_LENGTH = 200;
const MAX_ADDRESSES = 200;

/** One address that mail could be sent to, or null. Control characters, spaces and quotes would end in a header. */
export function validAddress(raw: string | undefined): string | null {
  const address = (raw ?? '').trim();
  const isValid =
    address.length <= MAX_ADDRESS_LENGTH && /^[^\s@<>()",;:\\\p{Cc}]{1,64}@[^\s@<>()",;:\\\p{Cc}]+$/u.test(address);
  return isValid ? address.toLowerCase() : null;
}

/** The addresses of a header, groups opened (RFC 5322 section 3.4), invalid ones left out, at most 200. */
export function addressesOf(header: AddressObject | AddressObject[] | undefined): {
  list: MailAddress[];
  wasCut: boolean;
} {
  const entries: EmailAddress[] = [header ?? []]
    .flat()
    .flatMap((object) => object.value.flatMap((entry) => entry.group ?? entry));
  const list: MailAddress[] = [];
  for (const entry of entries.slice(0, MAX_ADDRESSES)) {
    const address = validAddress(entry.address);
    if (address) list.push({ name: cleanLine(entry.name ?? '', MAX_NAME_LENGTH), address });
  }
  return { list, wasCut: entries.length > MAX_ADDRESSES };
}

/** How many authors the From header names, valid or not. */
export function authorCount(header: AddressObject | undefined): number {
  return (header?.value ?? []).reduce((sum, entry) => sum + (entry.group?.length ?? 1), 0);
}
