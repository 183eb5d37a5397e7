import type { Attachment, ParsedMail } from '../parsed-mail.types.js';

/** An attachment whose bytes are not stored yet. */
export interface ParsedAttachment extends Omit<Attachment, 'fileId'> {
  bytes: Uint8Array;
}

/** What the parser makes of the bytes alone; storage and the mailbox's settings add the rest of ParsedMail. */
export interface ParsedOutcome {
  mail: Omit<ParsedMail, 'attachments' | 'authentication'>;
  attachments: ParsedAttachment[];
}
