import { Injectable } from '@nestjs/common';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { FileTransport } from './file.transport.js';
import type { MailTransport } from './mail-transport.js';
import { SmtpTransport } from './smtp.transport.js';

/** Which way out a mailbox has. */
@Injectable()
export class MailTransports {
  constructor(
    private readonly file: FileTransport,
    private readonly smtp: SmtpTransport,
  ) {}

  for(mailbox: Pick<Mailbox, 'smtp'>): MailTransport {
    return mailbox.smtp ? this.smtp : this.file;
  }
}

/** Whether a sent reply gets a copy in the Sent folder: only what left by SMTP, and where there is IMAP. */
export function wantsSentCopy(mailbox: Pick<Mailbox, 'smtp' | 'imap'>): boolean {
  return mailbox.smtp !== null && mailbox.imap !== null;
}
