import { Injectable } from '@nestjs/common';
import { AppError, invalidInput } from '../../common/errors.js';
import { MailboxDirectory } from '../mailbox/mailbox-directory.service.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { MailIntake } from './mail-intake.service.js';
import { isMbox, splitMbox } from './mbox-split.js';
import type { ImportResult } from './upload.dto.js';

/** Mails that one request may bring: the caller waits for the answer. */
const MAX_MAILS_PER_UPLOAD = 1000;

/** Takes in mails from files: single mails and mbox archives. */
@Injectable()
export class ImportService {
  constructor(
    private readonly directory: MailboxDirectory,
    private readonly intake: MailIntake,
  ) {}

  /**
   * Uploaded files, told apart by their content.
   * @throws AppError INVALID_INPUT when there is no mail in them, TOO_LARGE above 1000 mails, NOT_FOUND for the mailbox
   */
  async upload(files: Buffer[], mailboxId?: string): Promise<ImportResult> {
    const mails = files.flatMap(mailsOf);
    if (mails.length > MAX_MAILS_PER_UPLOAD) {
      throw new AppError(
        'TOO_LARGE',
        `An upload may hold ${MAX_MAILS_PER_UPLOAD} mails; import more with npm run import-mail.`,
      );
    }
    const result = await this.importMails(await this.mailboxFor(mailboxId), mails);
    if (result.items.length === 0) throw invalidInput('There is no mail in the upload: send .eml or .mbox files.');
    return result;
  }

  /** The named mailbox, or the default one. */
  async mailboxFor(mailboxId?: string): Promise<Mailbox> {
    return mailboxId ? this.directory.getById(mailboxId) : this.directory.defaultMailbox();
  }

  /** Takes in what are mails and counts what are not. */
  async importMails(mailbox: Mailbox, mails: Iterable<Buffer>): Promise<ImportResult> {
    const result: ImportResult = { items: [], refused: 0 };
    for (const mail of mails) {
      try {
        const { emailId, isNew } = await this.intake.takeFile(mailbox, 'upload', mail);
        result.items.push({ emailId, isNew });
      } catch (error) {
        if (!(error instanceof AppError && error.code === 'INVALID_INPUT')) throw error;
        result.refused++;
      }
    }
    return result;
  }
}

/** The mails of one file. */
export const mailsOf = (file: Buffer): Buffer[] => (isMbox(file) ? [...splitMbox(file)] : [file]);
