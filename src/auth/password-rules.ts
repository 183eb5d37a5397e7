import { COMMON_RUNS, COMMON_WORDS } from './common-passwords.js';

export const MIN_PASSWORD_LENGTH = 12;
export const MAX_PASSWORD_LENGTH = 128;
/** A password of fewer different characters is a pattern, not a secret. */
const MIN_DISTINCT = 5;

/** The same text typed on different systems gives the same characters (NIST SP 800-63B section 3.1.1.2). */
export const normalizePassword = (password: string): string => password.normalize('NFKC');

/** The word inside a stretched password: `Password2024!!` is `password`. */
const passwordCore = (password: string): string =>
  password
    .toLowerCase()
    .replace(/^[^\p{L}]+/u, '')
    .replace(/[^\p{L}]+$/u, '');

const reversed = (text: string): string => [...text].reverse().join('');

/** `abcabcabcabc` is as good as `abc`: the shortest piece that the text is made of. */
function repeatedPiece(text: string): string {
  for (let length = 1; length <= text.length / 2; length++) {
    if (text.length % length === 0 && text === text.slice(0, length).repeat(text.length / length)) {
      return text.slice(0, length);
    }
  }
  return text;
}

function isCommon(password: string): boolean {
  const lower = password.toLowerCase();
  const core = passwordCore(lower);
  return (
    [lower, repeatedPiece(lower), core, repeatedPiece(core)].some((text) => COMMON_WORDS.has(text)) ||
    COMMON_RUNS.some((run) => run.includes(lower) || run.includes(reversed(lower)))
  );
}

function containsNameOnly(password: string, username: string): boolean {
  const lower = password.toLowerCase();
  const names = [username, reversed(username)];
  return [lower, repeatedPiece(lower), passwordCore(lower)].some((text) => names.includes(text));
}

/**
 * Why this password must not be used, or null. Length and a list of known bad ones, no rules about kinds of characters
 * (NIST SP 800-63B section 3.1.1.2, OWASP ASVS 5.0 chapter 6.2). The answer never repeats the password.
 * @param username lower case
 */
export function passwordProblem(password: string, username: string): string | null {
  const text = normalizePassword(password);
  const length = [...text].length;
  if (length < MIN_PASSWORD_LENGTH) return `The password must have at least ${MIN_PASSWORD_LENGTH} characters.`;
  if (length > MAX_PASSWORD_LENGTH) return `The password must have at most ${MAX_PASSWORD_LENGTH} characters.`;
  if (new Set(text).size < MIN_DISTINCT) return 'The password repeats a few characters only; choose another one.';
  if (containsNameOnly(text, username)) return 'The password must not be the user name.';
  if (isCommon(text)) return 'The password is one of the most common ones; choose another one.';
  return null;
}
