import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { AppConfig } from '../../config/app-config.js';
import { decodeCredentialsKey } from '../../config/secret-rules.js';

/** HKDF label: keeps this key apart from every other use of the credentials key. */
const KEY_LABEL = 'mail-tokens';
const KEY_BYTES = 32;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** 80 bits that differ per mail and 50 bits that prove it is ours: 26 characters in all. */
const NAME_LENGTH = 16;
const PROOF_LENGTH = 10;
const LOCAL_PART = new RegExp(`^<?([a-z2-7]{${NAME_LENGTH}})([a-z2-7]{${PROOF_LENGTH}})@([^<>\\s@]{1,253})>?$`);
const LOOP_TOKEN = /^([a-z2-7]{26})\.([a-z2-7]{26})$/;
const LOOP_LENGTH = 26;

/** Lower-case base32 (RFC 4648 alphabet) of the first `length` * 5 bits. */
function base32(bytes: Buffer, length: number): string {
  let text = '';
  for (let i = 0, bit = 0; i < length; i++, bit += 5) {
    const pair = (bytes[bit >> 3]! << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    text += BASE32[(pair >> (11 - (bit & 7))) & 31];
  }
  return text;
}

/**
 * Message-IDs and X-Agent-Loop values that only this installation can make, and recognises again without the database: a
 * mail that carries one is our own, or an automaton's echo of it, and is never answered (RFC 3834 section 2). Every
 * installation has its own key, so two of them talk to each other's mails under the ordinary Auto-Submitted rule.
 */
export class MailTokens {
  private readonly keys: Buffer[];

  /** @param secrets credentials keys, newest first: the first one makes tokens, all of them recognise */
  constructor(secrets: Buffer[]) {
    this.keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', KEY_LABEL, KEY_BYTES)));
  }

  static fromConfig(config: AppConfig): MailTokens {
    const secrets = [config.secrets.credentialsKey, config.env.CREDENTIALS_KEY_PREVIOUS];
    return new MailTokens(secrets.map(decodeCredentialsKey).filter((key) => key !== null));
  }

  /**
   * The Message-ID of the `seq`-th answer (from 1) to an email, with angle brackets: the same at every call, so that a second
   * approval makes the same mail.
   */
  messageId(mailboxId: string, emailId: string, seq: number, domain: string): string {
    const name = this.mac(this.keys[0]!, `name|${mailboxId}|${emailId}|${seq}`, NAME_LENGTH);
    return `<${name}${this.proof(this.keys[0]!, name, domain)}@${domain}>`;
  }

  /** Whether this Message-ID (angle brackets optional) was made by `messageId`. */
  isOwnMessageId(messageId: string): boolean {
    const match = LOCAL_PART.exec(messageId.trim().toLowerCase());
    if (!match) return false;
    const [, name, proof, domain] = match;
    return this.keys.some((key) => isSame(this.proof(key, name!, domain!), proof!));
  }

  /** The X-Agent-Loop value of an answer; stands by itself, for relays that replace the Message-ID. */
  loopToken(messageId: string): string {
    const name = this.mac(this.keys[0]!, `loop-name|${messageId}`, LOOP_LENGTH);
    return `${name}.${this.mac(this.keys[0]!, `loop|${name}`, LOOP_LENGTH)}`;
  }

  /** Whether an X-Agent-Loop header value is ours. */
  isOwnLoopToken(value: string): boolean {
    const match = LOOP_TOKEN.exec(value.trim().toLowerCase());
    return (
      match !== null && this.keys.some((key) => isSame(this.mac(key, `loop|${match[1]!}`, LOOP_LENGTH), match[2]!))
    );
  }

  /** A pseudonym of an address for keys of counters: stable here, meaningless elsewhere. */
  pseudonym(value: string): string {
    return this.mac(this.keys[0]!, `pseudonym|${value.toLowerCase()}`, LOOP_LENGTH);
  }

  private proof(key: Buffer, name: string, domain: string): string {
    return this.mac(key, `message-id|${name}@${domain.toLowerCase()}`, PROOF_LENGTH);
  }

  private mac(key: Buffer, text: string, length: number): string {
    return base32(createHmac('sha256', key).update(text).digest(), length);
  }
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
