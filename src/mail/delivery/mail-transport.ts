import type { Mailbox } from '../mailbox/mailbox.types.js';
import type { OutboxItem } from './outbox.types.js';
import type { SendHooks, SendResult } from './smtp-send.js';

/** A way out for mails. Implementations send once and say what they saw; they decide nothing. */
export interface MailTransport {
  /** True when sending the same mail again leaves one copy: an unknown try may then simply be made again. */
  readonly isIdempotent: boolean;

  /**
   * Sends the frozen bytes. Calls `beforeMail`, then `beforeData`, then sends; a throw of either stops it and nothing is sent.
   * @throws AppError of a hook or of `signal` (nothing was sent), or when the transport is set up wrongly
   */
  send(item: OutboxItem, mailbox: Mailbox, hooks: SendHooks, signal: AbortSignal): Promise<SendResult>;
}
