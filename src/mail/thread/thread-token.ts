import { Injectable } from '@nestjs/common';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { ID_PATTERN } from '../../common/id.js';
import { AppConfig } from '../../config/app-config.js';

/** Hex digits of the signature: 48 bits, far beyond what can be tried by mail. */
const SIGNATURE_LENGTH = 12;
/** RFC 5321 section 4.5.3.1.1. */
const MAX_LOCAL_PART = 64;

/**
 * A plus-address that carries the thread (`support+t-<id>-<signature>@...`), for Reply-To: it finds the thread even where a
 * mail program drops References. Signed, so that ids cannot be tried.
 */
@Injectable()
export class ThreadToken {
  private readonly key: Buffer;

  constructor(config: AppConfig) {
    this.key = createHmac('sha256', config.secrets.credentialsKey).update('thread-token').digest();
  }

  /** The mailbox address with the token, or null when it would be too long for mail servers. */
  addressFor(mailboxAddress: string, threadId: string): string | null {
    const [local, domain] = mailboxAddress.split('@');
    const tagged = `${local}+t-${threadId}-${this.sign(threadId)}`;
    return domain && tagged.length <= MAX_LOCAL_PART ? `${tagged}@${domain}` : null;
  }

  /** The thread that an address names, or null when it names none or the signature is wrong. */
  threadOf(address: string): string | null {
    const [, threadId, signature] = /\+t-([0-9a-f]{24})-([0-9a-f]{12})@/.exec(address.toLowerCase()) ?? [];
    if (!threadId || !signature || !ID_PATTERN.test(threadId)) return null;
    return timingSafeEqual(Buffer.from(signature), Buffer.from(this.sign(threadId))) ? threadId : null;
  }

  private sign(threadId: string): string {
    return createHmac('sha256', this.key).update(threadId).digest('hex').slice(0, SIGNATURE_LENGTH);
  }
}
