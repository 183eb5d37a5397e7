/** One address of a header: display name (may be empty) and lower-cased address. */
export interface MailAddress {
  name: string;
  address: string;
}

/** A stored attachment: bytes in GridFS under `fileId`. */
export interface Attachment {
  fileId: string;
  filename: string;
  contentType: string;
  /** Bytes. */
  size: number;
  /** Content-ID without angle brackets for inline images; null otherwise. */
  contentId: string | null;
}

/** What a mail's headers say about its sender, from trusted Authentication-Results only (RFC 8601). */
export interface SenderAuthentication {
  spf: string;
  dkim: string;
  dmarc: string;
  /** dmarc=fail with a published policy of reject or quarantine. */
  dmarcPolicy: string | null;
}

/** A bounce or delivery report (RFC 3464). */
export interface DeliveryReport {
  action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
  /** Enhanced status code, e.g. 5.1.1 (RFC 3463). */
  status: string | null;
  recipient: string | null;
  diagnostic: string | null;
  /** Message-ID of the mail that it is about, with angle brackets. */
  originalMessageId: string | null;
}

/** One inbound mail after parsing: bounded, valid UTF-8, hidden text removed. Untrusted input all the same. */
export interface ParsedMail {
  /** With angle brackets; synthesised from the content when missing or junk. */
  messageId: string;
  inReplyTo: string | null;
  /** Oldest first, at most 50. */
  references: string[];
  /** First From address; null when there is none that is valid. */
  from: MailAddress | null;
  replyTo: MailAddress[];
  to: MailAddress[];
  cc: MailAddress[];
  subject: string;
  /** The Date header when valid, else null; never used for ordering. */
  sentAt: Date | null;
  /** What the customer newly wrote: quoted history and signature trimmed, hidden text removed. What models see. */
  text: string;
  /** The whole readable text. */
  fullText: string;
  /** Sanitised HTML for display in a sandboxed frame; null for a text mail. */
  html: string | null;
  attachments: Attachment[];
  authentication: SenderAuthentication | null;
  deliveryReport: DeliveryReport | null;
  /** Oddities that a person should know. */
  flags: MailFlag[];
  /** The headers that screening reads, unfolded, in the order of the mail, bounded: it can be repeated without the bytes. */
  headers: MailHeader[];
  /** Lower-cased beginnings for `q` of the email list: subject, sender's address, domain and name. */
  searchKeys: string[];
}

/** Name in lower case, value unfolded and not decoded. */
export type MailHeader = [name: string, value: string];

/** Oddities of a mail, told to people and to policies. */
export const MAIL_FLAGS = [
  'encrypted', // S/MIME or PGP: there is nothing to read
  'signed', // S/MIME or PGP signature, not verified
  'tnef', // winmail.dat: Outlook's own container, not unpacked
  'oversize', // only the headers were kept
  'truncated', // text or HTML was cut to the limit
  'hidden_text_removed', // text that a person would not have seen
  'html_unreadable', // HTML too deep or too large to show
  'alternatives_differ', // the text part says something else than the HTML part
  'message_id_missing', // none, or junk: the id is made from the content
  'message_id_reused', // another mail of the mailbox has the same id and other content
  'multiple_from', // several authors
  'invalid_from', // no author address that could be answered
  'too_many_addresses', // To and Cc cut to the limit
] as const;
export type MailFlag = (typeof MAIL_FLAGS)[number];
