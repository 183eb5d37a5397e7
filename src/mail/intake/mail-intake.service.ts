import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { AppConfig } from '../../config/app-config.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { type Accepted, RawIntakeService } from '../message/raw-intake.service.js';
import { HEADER_PEEK_BYTES, headersOnly } from './headers-only.js';
import { looksLikeMail, withoutEnvelopeLine } from './mail-check.js';

/** Takes in mails that come as whole files: drop folder, upload, sample, import. */
@Injectable()
export class MailIntake {
  constructor(
    private readonly rawIntake: RawIntakeService,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * Stores the mail; of one above MAIL_MAX_BYTES only the headers with a notice.
   * @throws AppError INVALID_INPUT when the bytes are no mail; UNAVAILABLE (retryable) or a driver error when the store is away
   */
  async takeFile(mailbox: Mailbox, source: 'drop' | 'upload' | 'sample', file: Buffer): Promise<Accepted> {
    const bytes = withoutEnvelopeLine(file);
    if (!looksLikeMail(bytes)) throw new AppError('INVALID_INPUT', 'The file is not a mail: it has no header line.');
    const limit = this.config.env.MAIL_MAX_BYTES;
    const receivedAt = this.clock.now();
    if (bytes.length <= limit) return this.rawIntake.accept(mailbox, { source, bytes, receivedAt });
    const head = headersOnly(bytes.subarray(0, HEADER_PEEK_BYTES), bytes.length, limit);
    return this.rawIntake.accept(mailbox, { source, bytes: head, receivedAt, oversize: true });
  }
}
