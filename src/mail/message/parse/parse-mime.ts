import { simpleParser } from 'mailparser';
import { AppError, errorMessage } from '../../../common/errors.js';
import type { MailFlag, MailHeader } from '../parsed-mail.types.js';
import { asWestern, headerBytes, isWronglyDecoded } from './charset-repair.js';
import { cleanLine } from './clean-text.js';
import { deliveryReport } from './delivery-report.js';
import { headerEnd, readHeaders } from './header-block.js';
import { addressesOf, authorCount } from './mail-addresses.js';
import { attachmentsOf, kindFlags } from './mail-parts.js';
import { mailText } from './mail-text.js';
import { firstMessageId, referencesOf, synthesisedMessageId } from './message-ids.js';
import { checkMimeLimits } from './mime-limits.js';
import type { ParsedOutcome } from './parsed-outcome.types.js';
import { selectHeaders } from './selected-headers.js';

/** Headers that the library decodes, each with the most characters it is given; it never sees the others. */
const DECODED_HEADERS: Record<string, number> = {
  from: 16_384,
  to: 131_072,
  cc: 131_072,
  'reply-to': 16_384,
  subject: 8192,
  'mime-version': 100,
  'content-type': 4096,
  'content-transfer-encoding': 100,
  'content-disposition': 4096,
  'content-id': 1000,
};
const MAX_SUBJECT = 500;
/** Before the first mail of the net and after this, a Date header is junk. */
const DATE_RANGE = [Date.UTC(1970, 0, 2), Date.UTC(2100, 0, 1)] as const;

type LibraryMail = Awaited<ReturnType<typeof simpleParser>>;

/**
 * Parses one mail: bounded, valid Unicode, nothing of it trusted. Runs in a worker thread (mail-parser-pool.ts), since some
 * mails make any parser slow.
 * @throws AppError MAIL_LIMIT or MAIL_UNPARSEABLE, neither retryable
 */
export async function parseMime(raw: Buffer): Promise<ParsedOutcome> {
  const bytes = withLineFeeds(raw);
  checkMimeLimits(bytes);
  const end = headerEnd(bytes);
  const headers = readHeaders(bytes.subarray(0, end));
  const body = bytes.subarray(end);
  let mail = await decode(headers, body);
  if (isWronglyDecoded(`${mail.text ?? ''}${mail.html || ''}`)) mail = await decode(...asWestern(headers, body));
  return toOutcome(mail, headers, raw);
}

/** Programs on old Macs ended lines with CR alone, which the library does not know. */
function withLineFeeds(bytes: Buffer): Buffer {
  if (bytes.includes('\n') || !bytes.includes('\r')) return bytes;
  return Buffer.from(bytes.toString('latin1').replaceAll('\r', '\n'), 'latin1');
}

async function decode(headers: readonly MailHeader[], body: Buffer): Promise<LibraryMail> {
  try {
    return await simpleParser(Buffer.concat([...libraryHeaders(headers), body]), {
      // Each of these conversions is quadratic or worse on crafted mail; we make our own, bounded ones.
      skipHtmlToText: true,
      skipTextToHtml: true,
      skipTextLinks: true,
      skipImageLinks: true,
      checksumAlgo: false,
      keepDeliveryStatus: true,
      ignoreEmbedded: true,
    });
  } catch (error) {
    throw new AppError('MAIL_UNPARSEABLE', `The mail could not be parsed: ${errorMessage(error).slice(0, 200)}`, {
      cause: error,
    });
  }
}

/** A header block of what the library must see, unfolded and cut: what is not given to it cannot make it slow. */
function libraryHeaders(headers: readonly MailHeader[]): Buffer[] {
  const block: Buffer[] = [];
  for (const [name, value] of headers) {
    const max = Object.hasOwn(DECODED_HEADERS, name) ? DECODED_HEADERS[name] : undefined;
    if (max !== undefined) block.push(Buffer.from(`${name}: `), headerBytes(value.slice(0, max)), Buffer.from('\r\n'));
  }
  return [...block, Buffer.from('\r\n')];
}

function toOutcome(mail: LibraryMail, headers: MailHeader[], raw: Buffer): ParsedOutcome {
  const value = (name: string): string | undefined => headers.find(([one]) => one === name)?.[1];
  const attachments = attachmentsOf(mail.attachments);
  const texts = mailText(mail.text ?? '', mail.html || '');
  const [from, replyTo, to, cc] = [mail.from, mail.replyTo, mail.to, mail.cc].map(addressesOf);
  const messageId = firstMessageId(value('message-id'));
  const subject = cleanLine(mail.subject ?? '', MAX_SUBJECT);
  const flags: MailFlag[] = [...texts.flags, ...kindFlags(headers, attachments, texts.fullText)];
  if (messageId === null) flags.push('message_id_missing');
  if (authorCount(mail.from) > 1) flags.push('multiple_from');
  if (from!.list.length === 0) flags.push('invalid_from');
  if (to!.wasCut || cc!.wasCut) flags.push('too_many_addresses');
  const sender = from!.list[0] ?? null;
  return {
    mail: {
      messageId: messageId ?? synthesisedMessageId(raw),
      inReplyTo: firstMessageId(value('in-reply-to')),
      references: referencesOf(value('references')),
      from: sender,
      replyTo: replyTo!.list,
      to: to!.list,
      cc: cc!.list,
      subject,
      sentAt: validDate(value('date')),
      text: texts.text,
      fullText: texts.fullText,
      html: texts.html,
      deliveryReport: deliveryReport(attachments),
      flags: [...new Set(flags)],
      headers: selectHeaders(headers),
      searchKeys: searchKeys(subject, sender),
    },
    attachments,
  };
}

/** The Date header without its comments (RFC 5322 section 3.3), or null. */
function validDate(value: string | undefined): Date | null {
  const time = Date.parse((value ?? '').slice(0, 100).replace(/\([^()]*\)/g, ' '));
  return time >= DATE_RANGE[0] && time < DATE_RANGE[1] ? new Date(time) : null;
}

/** What the beginning of a search may match: whole subject with and without "Re:", address, domain, name. */
function searchKeys(subject: string, from: { name: string; address: string } | null): string[] {
  const lower = subject.toLowerCase().slice(0, 100);
  const bare = lower.replace(/^(?:\s*[\p{L}]{1,10}(?:\[\d+\])?\s?[:：]\s*){1,5}/u, '');
  const sender = from ? [from.address, from.address.split('@')[1]!, from.name.toLowerCase()] : [];
  return [...new Set([lower, bare, ...sender])].filter(Boolean);
}
