import type { Attachment } from 'mailparser';
import type { MailFlag, MailHeader } from '../parsed-mail.types.js';
import { cleanLine } from './clean-text.js';
import type { ParsedAttachment } from './parsed-outcome.types.js';

const MAX_FILENAME = 150;
const MAX_CONTENT_ID = 250;

/** The attachments of a mail, with names that are safe to show and to save. */
export function attachmentsOf(attachments: readonly Attachment[]): ParsedAttachment[] {
  return attachments.map((attachment, index) => ({
    filename: safeFilename(attachment.filename, attachment.contentType, index),
    contentType: safeContentType(attachment.contentType),
    size: attachment.content.length,
    contentId: cleanLine(attachment.cid ?? '', MAX_CONTENT_ID) || null,
    bytes: attachment.content,
  }));
}

/** A base name without path, controls or bidirectional tricks (`exe.<RLO>gpj`). */
function safeFilename(raw: string | undefined, contentType: string, index: number): string {
  const base = (raw ?? '').split(/[\\/]/).at(-1)!;
  const name = cleanLine(base, MAX_FILENAME)
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^\.+/, '');
  if (name !== '') return name;
  return /^message\/rfc822/i.test(contentType) ? `message-${index + 1}.eml` : `attachment-${index + 1}`;
}

function safeContentType(raw: string): string {
  const type = raw.toLowerCase().trim();
  return /^[\w.+-]{1,80}\/[\w.+-]{1,80}$/.test(type) ? type : 'application/octet-stream';
}

/** What a person should know about the kind of mail: nothing of this is decrypted, verified or unpacked. */
export function kindFlags(
  headers: readonly MailHeader[],
  parts: readonly ParsedAttachment[],
  text: string,
): MailFlag[] {
  const type = (headers.find(([name]) => name === 'content-type')?.[1] ?? '').toLowerCase();
  const types = [type, ...parts.map((part) => part.contentType)];
  const has = (pattern: RegExp): boolean => types.some((one) => pattern.test(one));
  const isOpaqueSigned = /smime-type\s*=\s*"?signed-data/.test(type);
  const isPkcs7 = has(/^application\/(?:x-)?pkcs7-mime/);
  const flags: MailFlag[] = [];
  if (
    /^multipart\/encrypted/.test(type) ||
    (isPkcs7 && !isOpaqueSigned) ||
    text.includes('-----BEGIN PGP MESSAGE-----')
  ) {
    flags.push('encrypted');
  }
  if (
    /^multipart\/signed/.test(type) ||
    isOpaqueSigned ||
    has(/^application\/(?:(?:x-)?pkcs7-signature|pgp-signature)/)
  ) {
    flags.push('signed');
  }
  if (has(/^application\/(?:vnd\.)?ms-tnef/) || parts.some((part) => /^winmail\.dat$/i.test(part.filename)))
    flags.push('tnef');
  return flags;
}
