/** Something in the environment is missing or wrong: one clear line, exit code 78 (EX_CONFIG of sysexits.h). */
export class ConfigError extends Error {
  static readonly EXIT_CODE = 78;

  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/** HS256 needs a key at least as long as its output (RFC 7518 section 3.2). */
const MIN_JWT_BYTES = 32;
/** A key of few different bytes was typed, not drawn. */
const MIN_DISTINCT_BYTES = 16;
const CREDENTIALS_KEY_BYTES = 32;
const KNOWN_DEFAULTS = /^(change[-_ ]?me|secret|your[-_ ]?(jwt[-_ ]?)?secret|password|jwt[-_ ]?secret|supersecret)/i;

const GENERATE = `generate one with: node -e "console.log(require('crypto').randomBytes(48).toString('base64url'))"`;

/** Why this JWT secret must not be used, or null. Names the variable, never the value. */
export function jwtSecretProblem(secret: string): string | null {
  if (secret === '') return `JWT_SECRET is not set; ${GENERATE}`;
  const bytes = Buffer.from(secret);
  if (KNOWN_DEFAULTS.test(secret)) return `JWT_SECRET is a well-known placeholder; ${GENERATE}`;
  if (bytes.length < MIN_JWT_BYTES) return `JWT_SECRET has fewer than ${MIN_JWT_BYTES} bytes; ${GENERATE}`;
  if (new Set(bytes).size < MIN_DISTINCT_BYTES) return `JWT_SECRET repeats itself too much; ${GENERATE}`;
  return null;
}

/** The key's 32 bytes from base64, base64url or hex; null when it is anything else. */
export function decodeCredentialsKey(key: string): Buffer | null {
  const bytes = /^[0-9a-f]{64}$/i.test(key) ? Buffer.from(key, 'hex') : Buffer.from(key, 'base64');
  return bytes.length === CREDENTIALS_KEY_BYTES ? bytes : null;
}

/** Why this credentials key must not be used, or null. */
export function credentialsKeyProblem(key: string): string | null {
  const generate = `generate one with: node -e "console.log(require('crypto').randomBytes(32).toString('base64'))"`;
  if (key === '') return `CREDENTIALS_KEY is not set; ${generate}`;
  const bytes = decodeCredentialsKey(key);
  if (!bytes) return `CREDENTIALS_KEY must be ${CREDENTIALS_KEY_BYTES} bytes as base64 or hex; ${generate}`;
  if (new Set(bytes).size < MIN_DISTINCT_BYTES) return `CREDENTIALS_KEY repeats itself too much; ${generate}`;
  return null;
}
