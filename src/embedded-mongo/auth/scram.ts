import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { MongoError } from '../errors.js';

/** What the server keeps of a user: enough to check a proof, not enough to make one (RFC 5802 section 3). */
export interface Credentials {
  username: string;
  salt: Buffer;
  iterations: number;
  storedKey: Buffer;
  serverKey: Buffer;
}

const ITERATIONS = 15_000;
const NONCE_BYTES = 24;
const KEY_BYTES = 32;

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

/**
 * Derives the stored form of a password. Passwords are normalised with NFKC, the part of SASLprep (RFC 4013) that
 * changes what people type; drivers do the same.
 */
export function deriveCredentials(username: string, password: string): Credentials {
  const salt = randomBytes(NONCE_BYTES);
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, ITERATIONS, KEY_BYTES, 'sha256');
  return {
    username,
    salt,
    iterations: ITERATIONS,
    storedKey: sha256(hmac(salted, 'Client Key')),
    serverKey: hmac(salted, 'Server Key'),
  };
}

const failed = (): MongoError => new MongoError(18, 'Authentication failed.');

/**
 * One SCRAM-SHA-256 conversation, server side (RFC 5802, RFC 7677). Whether the user exists shows only at the end, and
 * only as "Authentication failed."
 */
export class ScramConversation {
  /** Set once the client has proved that it knows the password. */
  user: string | null = null;
  done = false;
  private nonce = '';
  private clientFirst = '';
  private serverFirst = '';
  private skipEmpty = false;
  private username = '';

  constructor(private readonly credentials: Credentials) {}

  /** Client-first message in, server-first message out. */
  first(message: string, skipEmptyExchange: boolean): string {
    // gs2 header: no channel binding ("n" or "y"), no authorisation id.
    const match = /^[ny],,(n=([^,]*),r=([^,]+))$/.exec(message);
    if (!match) throw new MongoError(18, 'SCRAM client-first message is malformed');
    const [, bare = '', name = '', clientNonce = ''] = match;
    this.skipEmpty = skipEmptyExchange;
    this.username = name.replaceAll('=2C', ',').replaceAll('=3D', '=');
    this.clientFirst = bare;
    this.nonce = clientNonce + randomBytes(NONCE_BYTES).toString('base64');
    const { salt, iterations } = this.credentials;
    this.serverFirst = `r=${this.nonce},s=${salt.toString('base64')},i=${iterations}`;
    return this.serverFirst;
  }

  /** Client-final message in, server-final message out; then, for older drivers, an empty exchange. */
  continue(message: string): string {
    if (this.user !== null) {
      this.done = true;
      return '';
    }
    const match = /^(c=([^,]+),r=([^,]+)),p=([^,]+)$/.exec(message);
    if (!match || this.serverFirst === '') throw failed();
    const [, withoutProof = '', binding = '', nonce = '', proof = ''] = match;
    if (nonce !== this.nonce || !['biws', 'eSws'].includes(binding)) throw failed();
    const authMessage = `${this.clientFirst},${this.serverFirst},${withoutProof}`;
    if (!this.proves(Buffer.from(proof, 'base64'), authMessage)) throw failed();
    this.user = this.credentials.username;
    this.done = this.skipEmpty;
    return `v=${hmac(this.credentials.serverKey, authMessage).toString('base64')}`;
  }

  private proves(proof: Buffer, authMessage: string): boolean {
    const { storedKey, username } = this.credentials;
    if (proof.length !== KEY_BYTES) return false;
    const signature = hmac(storedKey, authMessage);
    const clientKey = Buffer.from(proof.map((byte, i) => byte ^ (signature[i] as number)));
    const isKey = timingSafeEqual(sha256(clientKey), storedKey);
    return isKey && this.username === username;
  }
}
