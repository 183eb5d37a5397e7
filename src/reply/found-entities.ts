/** A piece of a text that points somewhere: where it stands, and its canonical form for comparison. */
export interface Entity {
  start: number;
  end: number;
  text: string;
  /** Host for links, lower-cased address, digits of numbers. */
  key: string;
}

/** Text between blanks, brackets and quotes; the patterns below look at one of these at a time, so their cost is linear. */
const TOKEN = /[^\s<>"'()[\]{},;|\u2018-\u201f]+/gu;
/** Longer than any address or link that a person would be sent. */
const MAX_TOKEN_CHARS = 2_000;
const SCHEME = /^(?:[a-z][a-z0-9+.-]{1,15}:\/\/|www\.)/iu;
/** Hosts without a scheme count only with endings that are no abbreviation or file name in running text. */
const BARE_HOST =
  /^(?:[\p{L}\p{N}-]{1,63}\.){1,8}(?:com|net|org|info|biz|io|co|de|at|ch|fr|es|pt|it|nl|be|eu|uk|us|ru|cn|xyz|top|site|online|shop|club|app|dev|link|click|example|test)(?::\d+)?(?:[/?#].*)?$/iu;
const EMAIL = /^(?:mailto:)?([\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}[\p{L}\p{N}-]{2,63})$/iu;
const IBAN = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b/g;
/** Runs of digits with the usual separators, 8 digits or more. */
const NUMBER = /(?<!\w)\+?\d(?:[ ()./-]{0,2}\d){7,}(?!\w)/g;
const TRAILING = /[.:!?*_]+$/;

function matches(text: string, pattern: RegExp, keyOf: (found: string) => string | null): Entity[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const found = match[0].replace(TRAILING, '');
    const key = found.length > MAX_TOKEN_CHARS ? null : keyOf(found);
    return key === null ? [] : [{ start: match.index, end: match.index + found.length, text: found, key }];
  });
}

export const findLinks = (text: string): Entity[] =>
  matches(text, TOKEN, (token) => {
    // "Shop:https://..." and "(see:www...)": the link begins inside the token.
    const start = token.search(/https?:\/\//iu);
    const link = start > 0 ? token.slice(start) : token;
    if (SCHEME.test(link)) return hostOf(link);
    return BARE_HOST.test(link) ? hostOf(link) : null;
  });

/**
 * Punycode shows letters of other scripts that look alike; the user part ("https://bank.example@evil.example") does not count.
 * What cannot be read as a URL stands for itself: it must not slip through.
 */
function hostOf(link: string): string {
  const url = link.includes('://') ? link : `http://${link}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^www\./, '') : link.toLowerCase();
}

export const findAddresses = (text: string): Entity[] =>
  matches(text, TOKEN, (token) => EMAIL.exec(token)?.[1]?.toLowerCase() ?? null);

export const findIbans = (text: string): Entity[] =>
  matches(text, IBAN, (found) => {
    const iban = found.replaceAll(' ', '');
    return iban.length >= 15 && iban.length <= 34 && hasIbanChecksum(iban) ? iban : null;
  });

export const findCards = (text: string): Entity[] =>
  matches(text, NUMBER, (found) => {
    const digits = found.replace(/\D/g, '');
    return digits.length >= 13 && digits.length <= 19 && !found.startsWith('+') && hasLuhnChecksum(digits)
      ? digits
      : null;
  });

/** Dates and times that look like a run of digits. */
const DATE = /^(\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2})/;

/** Compared by the last eight digits: the same number is written with and without its prefixes. */
export const findPhones = (text: string): Entity[] =>
  matches(text, NUMBER, (found) => {
    const digits = found.replace(/\D/g, '');
    const isPhone = digits.length >= 8 && digits.length <= 15 && !DATE.test(found) && /[+ ()./-]|^0/.test(found);
    return isPhone ? digits.slice(-8) : null;
  });

/** ISO 7064 MOD 97-10 as IBANs use it (ISO 13616). */
function hasIbanChecksum(iban: string): boolean {
  const rearranged = iban.slice(4) + iban.slice(0, 4);
  let remainder = 0;
  for (const character of rearranged) remainder = Number(`${remainder}${parseInt(character, 36)}`) % 97;
  return remainder === 1;
}

/** Check digit of payment cards (ISO/IEC 7812-1, annex B). */
function hasLuhnChecksum(digits: string): boolean {
  let sum = 0;
  for (const [index, digit] of [...digits].reverse().entries()) {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 === 0;
}
