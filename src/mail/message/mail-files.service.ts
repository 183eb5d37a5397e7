import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { AppError } from '../../common/errors.js';
import { AttachmentRepository } from './attachment.repository.js';
import { EmailRepository } from './email.repository.js';
import type { Attachment } from './parsed-mail.types.js';
import { RawMessageRepository } from './raw-message.repository.js';

/** The stored bytes behind an email, for download. */
@Injectable()
export class MailFilesService {
  constructor(
    private readonly emails: EmailRepository,
    private readonly rawMessages: RawMessageRepository,
    private readonly attachments: AttachmentRepository,
  ) {}

  /** The mail as it arrived. @throws AppError NOT_FOUND */
  async rawOf(emailId: string): Promise<Buffer> {
    const { rawId } = await this.emails.getById(emailId);
    return this.rawMessages.readBytes(rawId);
  }

  /** @param index from 0, as listed. @throws AppError NOT_FOUND */
  async attachmentOf(emailId: string, index: number): Promise<{ attachment: Attachment; content: Readable }> {
    const email = await this.emails.getById(emailId);
    const attachment = email.parsed?.attachments[index];
    // Asked before the answer begins: in the middle of a stream there is no status to send any more.
    if (!attachment || !(await this.attachments.exists(attachment.fileId))) {
      throw new AppError('NOT_FOUND', `The email has no attachment ${index}.`);
    }
    return { attachment, content: this.attachments.openStream(attachment.fileId) };
  }
}
