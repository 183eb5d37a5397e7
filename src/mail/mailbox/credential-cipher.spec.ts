import { AppConfig } from '../../config/app-config.js';
import { envSchema } from '../../config/env.schema.js';
import { CredentialCipher, type SecretPlace } from './credential-cipher.js';

const KEY = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64');
const OTHER_KEY = Buffer.from('vutsrqponmlkjihgfedcba9876543210').toString('hex');
const PLACE: SecretPlace = { mailboxId: '65a000000000000000000001', field: 'imap.secret' };

const cipherWith = (credentialsKey: string, previous = ''): CredentialCipher => {
  const env = envSchema.parse({ CREDENTIALS_KEY_PREVIOUS: previous });
  return new CredentialCipher(new AppConfig(env, { jwtSecret: '', credentialsKey }, '/nonexistent', false, false));
};

describe('CredentialCipher', () => {
  it('gives back what it was given, and never the same ciphertext twice', () => {
    const cipher = cipherWith(KEY);
    const stored = cipher.encrypt('pässword', PLACE);
    expect(stored).toMatch(/^v1:[0-9a-f]{8}:[\w-]{16}:[\w-]+:[\w-]{22}$/);
    expect(cipher.decrypt(stored, PLACE)).toBe('pässword');
    expect(cipher.encrypt('pässword', PLACE)).not.toBe(stored);
  });

  it.each<[string, SecretPlace]>([
    ['another mailbox', { ...PLACE, mailboxId: '65a000000000000000000002' }],
    ['another field', { ...PLACE, field: 'smtp.secret' }],
  ])('refuses a ciphertext that was moved to %s', (_, place) => {
    const cipher = cipherWith(KEY);
    expect(() => cipher.decrypt(cipher.encrypt('secret', PLACE), place)).toThrow(/damaged/);
  });

  it.each([2, 3, 4])('refuses a flipped bit in part %i', (part) => {
    const cipher = cipherWith(KEY);
    const parts = cipher.encrypt('a longer secret', PLACE).split(':');
    const bytes = Buffer.from(parts[part]!, 'base64url');
    bytes[0]! ^= 1;
    parts[part] = bytes.toString('base64url');
    expect(() => cipher.decrypt(parts.join(':'), PLACE)).toThrow(/damaged/);
  });

  it('refuses a tag that was cut short', () => {
    const cipher = cipherWith(KEY);
    const stored = cipher.encrypt('secret', PLACE);
    expect(() => cipher.decrypt(stored.slice(0, -8), PLACE)).toThrow(/damaged/);
  });

  it('reads the previous key, writes the current one, and tells which secrets are outdated', () => {
    const old = cipherWith(OTHER_KEY).encrypt('secret', PLACE);
    const rotating = cipherWith(KEY, OTHER_KEY);
    expect(rotating.decrypt(old, PLACE)).toBe('secret');
    expect(rotating.isOutdated(old)).toBe(true);
    const renewed = rotating.encrypt('secret', PLACE);
    expect(rotating.isOutdated(renewed)).toBe(false);
    expect(cipherWith(KEY).decrypt(renewed, PLACE)).toBe('secret');
    expect(() => cipherWith(KEY).decrypt(old, PLACE)).toThrow(/key that is not configured/);
  });

  it('does not start with a previous key that is none', () => {
    expect(() => cipherWith(KEY, 'short')).toThrow(/CREDENTIALS_KEY_PREVIOUS/);
  });
});
