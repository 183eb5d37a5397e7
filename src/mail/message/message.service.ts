import { Injectable } from '@nestjs/common';
import { failpoint } from '../../common/failpoint.js';
import { AttachmentRepository } from './attachment.repository.js';
import { EmailQueryRepository } from './email-query.repository.js';
import { MailParserPool } from './parse/mail-parser-pool.js';
import type { MailFlag, ParsedMail } from './parsed-mail.types.js';
import { RawMessageRepository } from './raw-message.repository.js';
import { trustedAuthentication } from './screening/authentication-results.js';

export interface ParseOptions {
  /** authserv-ids of the mailbox; without them no Authentication-Results are believed. */
  authservIds?: readonly string[];
  signal?: AbortSignal;
}

/** Turns stored bytes into a parsed mail. */
@Injectable()
export class MessageService {
  constructor(
    private readonly rawMessages: RawMessageRepository,
    private readonly attachments: AttachmentRepository,
    private readonly emails: EmailQueryRepository,
    private readonly parser: MailParserPool,
  ) {}

  /**
   * Parses a raw message and stores its attachments. May be repeated at any time: the result and the stored files are the
   * same.
   * @throws AppError MAIL_LIMIT or MAIL_UNPARSEABLE (never retryable: quarantine), NOT_FOUND, UNAVAILABLE (retryable)
   */
  async parseRaw(rawId: string, { authservIds = [], signal }: ParseOptions = {}): Promise<ParsedMail> {
    const { raw, bytes } = await this.rawMessages.readWithBytes(rawId);
    const outcome = await this.parser.parse(bytes, { signal });
    const { mail } = outcome;
    const flags: MailFlag[] = [...mail.flags];
    if (raw.oversize) flags.push('oversize');
    if (await this.isMessageIdReused(raw.mailboxId, rawId, mail.messageId)) flags.push('message_id_reused');
    await failpoint('parse.before_attachments');
    const attachments = await this.attachments.store(rawId, outcome.attachments);
    await failpoint('parse.after_attachments');
    return { ...mail, attachments, authentication: trustedAuthentication(mail.headers, authservIds), flags };
  }

  /** The same content is stored once, so another email with this Message-ID has other content. */
  private async isMessageIdReused(mailboxId: string, rawId: string, messageId: string): Promise<boolean> {
    const others = await this.emails.findByMessageIds(mailboxId, [messageId]);
    return others.some((email) => email.rawId !== rawId);
  }
}
