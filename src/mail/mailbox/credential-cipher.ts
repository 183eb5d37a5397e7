import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import { ConfigError, decodeCredentialsKey } from '../../config/secret-rules.js';

const VERSION = 'v1';
const ALGORITHM = 'aes-256-gcm';
/** 96 bits, the length GCM is specified for (NIST SP 800-38D section 5.2.1.1); random: far fewer than 2^32 secrets a key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Key {
  id: string;
  bytes: Buffer;
}

/** Where a secret lives; bound into the ciphertext, so that one cannot be moved to another document or field. */
export interface SecretPlace {
  mailboxId: string;
  field: 'imap.secret' | 'smtp.secret';
}

/**
 * Encrypts mailbox secrets at rest: AES-256-GCM, `v1:kid:iv:ciphertext:tag` with base64url parts, additional data
 * `mailboxes|id|field|kid`. Writes with CREDENTIALS_KEY, also reads CREDENTIALS_KEY_PREVIOUS.
 */
@Injectable()
export class CredentialCipher {
  private readonly current: Key;
  private readonly keys: Map<string, Key>;

  constructor(config: AppConfig) {
    this.current = toKey('CREDENTIALS_KEY', config.secrets.credentialsKey);
    const previous = config.env.CREDENTIALS_KEY_PREVIOUS;
    const all = previous ? [this.current, toKey('CREDENTIALS_KEY_PREVIOUS', previous)] : [this.current];
    this.keys = new Map(all.map((key) => [key.id, key]));
  }

  encrypt(plain: string, place: SecretPlace): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.current.bytes, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(place, this.current.id));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
    const parts = [iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url'));
    return [VERSION, this.current.id, ...parts].join(':');
  }

  /** @throws AppError INTERNAL when the key is not configured, or the value was changed or moved; never holds the value */
  decrypt(stored: string, place: SecretPlace): string {
    const [version, keyId = '', iv = '', sealed = '', tag = ''] = stored.split(':');
    const key = this.keys.get(keyId);
    if (version !== VERSION || !key) {
      throw new AppError(
        'INTERNAL',
        'A mailbox password was encrypted with a key that is not configured: set CREDENTIALS_KEY_PREVIOUS or enter the password again.',
      );
    }
    try {
      const decipher = createDecipheriv(ALGORITHM, key.bytes, Buffer.from(iv, 'base64url'), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(additionalData(place, key.id));
      decipher.setAuthTag(Buffer.from(tag, 'base64url'));
      return decipher.update(Buffer.from(sealed, 'base64url'), undefined, 'utf8') + decipher.final('utf8');
    } catch (error) {
      throw new AppError('INTERNAL', 'A stored mailbox password is damaged: enter it again.', { cause: error });
    }
  }

  /** True when the secret should be encrypted again, because it is under the previous key. */
  isOutdated(stored: string): boolean {
    const keyId = stored.split(':')[1] ?? '';
    return keyId !== this.current.id && this.keys.has(keyId);
  }
}

function additionalData(place: SecretPlace, keyId: string): Buffer {
  return Buffer.from(['mailboxes', place.mailboxId, place.field, keyId].join('|'));
}

/** The id is derived from the key, so that changing places (current, previous) needs no further setting. */
function toKey(variable: string, value: string): Key {
  const bytes = decodeCredentialsKey(value);
  if (!bytes) throw new ConfigError(`${variable} must be 32 bytes as base64 or hex`);
  return { id: createHash('sha256').update('mailwright key id').update(bytes).digest('hex').slice(0, 8), bytes };
}
