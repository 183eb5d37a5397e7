import type { ParsedMail } from '../parsed-mail.types.js';

/** The parts of a mail that decide whether it may be answered. */
export type ScreenedMail = Pick<
  ParsedMail,
  'headers' | 'from' | 'replyTo' | 'to' | 'cc' | 'subject' | 'messageId' | 'flags' | 'authentication' | 'deliveryReport'
>;

export interface ScreeningInput {
  mail: ScreenedMail;
  /** Addresses and aliases of every configured mailbox: mail from them is our own. */
  ownAddresses: readonly string[];
  /** Checks the value of X-Agent-Loop: true when we made it (HMAC, so nobody else can). */
  isOwnLoopToken: (token: string) => boolean;
  /** True for a Message-ID that we sent. */
  isOwnMessageId: (messageId: string) => boolean;
  /** The mail continues a thread of ours: weak signs (subjects) are not held against it. */
  inKnownThread: boolean;
  /** The way it came says that it is for us (upload, drop folder, SMTP envelope): To need not name us. */
  trustRecipient: boolean;
}
