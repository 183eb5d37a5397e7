import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { AppError, invalidInput } from '../../common/errors.js';
import type { MailAddress } from '../message/parsed-mail.types.js';
import { plainAddress } from './recipient.js';

const MAX_SUBJECT_LENGTH = 200;
const MAX_NAME_LENGTH = 100;
/** References kept: the first, which names the thread, and the newest ones. */
const MAX_REFERENCES = 20;
/** RFC 3834 section 5: an answer must not amplify. Far above any real reply, far below the 16 MB of a document. */
const MAX_MIME_BYTES = 2 * 1024 * 1024;

// RFC 5322 msg-id without quoting: ids from outside go into our headers only in this form.
const MESSAGE_ID = /^<[^<>\s\p{Cc}]{1,250}@[^<>\s\p{Cc}]{1,250}>$/u;
/** Ids that the parser made up for mails without one (message/parse/message-ids.ts): nobody else knows them. */
const MADE_UP_ID = /@inbound\.local>$/;
// "Re" in the languages of the common clients, with the counters of some ("Re[2]:", "AW(3):") and the full-width colon.
const REPLY_PREFIX =
  /^\s*(?:re|aw|antw(?:ort)?|sv|vs|odp|ynt|r|rif|res|bls|atb|απ|отв|回复|回覆|答复|答覆|返信|답장|회신)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]\s*/iu;

/** All that one answer consists of; every value is fixed before, so that the bytes are the same each time. */
export interface ReplyContent {
  /** The support address that answers. */
  mailbox: MailAddress;
  recipient: MailAddress;
  /** Subject of the mail that is answered. */
  subject: string;
  /** Message-ID of the mail that is answered, with angle brackets; null when it had none. */
  inReplyTo: string | null;
  /** Its References, oldest first. */
  references: string[];
  text: string;
  html: string;
  /** True when an engine drafted it, also when a person approved it: other automata must not answer (RFC 3834). */
  autoSubmitted: boolean;
  messageId: string;
  /** X-Agent-Loop; null leaves the header out. */
  loopToken: string | null;
  date: Date;
}

export interface ComposedReply {
  envelopeFrom: string;
  recipient: string;
  messageId: string;
  mime: Buffer;
}

/** `Re: ` before the subject without stacking prefixes, one line, at most 200 characters. */
export function replySubject(subject: string): string {
  let rest = oneLine(subject);
  while (REPLY_PREFIX.test(rest)) rest = rest.replace(REPLY_PREFIX, '');
  return cut(`Re: ${rest}`.trim(), MAX_SUBJECT_LENGTH);
}

/** Well-formed ids for References: those of the parent, then the parent itself; the first and the last 19 of them. */
export function replyReferences(references: readonly string[], inReplyTo: string | null): string[] {
  const ids = [...new Set([...references, ...(inReplyTo === null ? [] : [inReplyTo])])].filter(isUsableId);
  return ids.length <= MAX_REFERENCES ? ids : [ids[0]!, ...ids.slice(1 - MAX_REFERENCES)];
}

/**
 * The exact bytes of one answer (RFC 5322, 2045; quoted-printable, CRLF, lines below 998 octets): plain text always, HTML
 * beside it, one recipient, no tracking, no attachment. The same content gives the same bytes.
 * @throws AppError INVALID_INPUT when an address or the Message-ID is not usable, TOO_LARGE above 2 MB
 */
export async function composeReply(reply: ReplyContent): Promise<ComposedReply> {
  const from = checkedAddress(reply.mailbox, 'The mailbox address');
  const to = checkedAddress(reply.recipient, 'The recipient');
  if (!MESSAGE_ID.test(reply.messageId)) throw invalidInput('The Message-ID is not usable.');
  const references = replyReferences(reply.references, reply.inReplyTo);
  const isParentKnown = reply.inReplyTo !== null && isUsableId(reply.inReplyTo);

  const message = new MailComposer({
    from,
    to,
    subject: replySubject(reply.subject),
    messageId: reply.messageId,
    date: reply.date,
    ...(isParentKnown && { inReplyTo: reply.inReplyTo! }),
    ...(references.length > 0 && { references }),
    headers: {
      ...(reply.autoSubmitted && { 'Auto-Submitted': 'auto-replied', 'X-Auto-Response-Suppress': 'All' }),
      ...(reply.loopToken !== null && { 'X-Agent-Loop': oneLine(reply.loopToken) }),
    },
    text: bodyBytes(reply.text),
    ...(reply.html !== '' && { html: bodyBytes(reply.html) }),
    encoding: 'quoted-printable',
    // Derived from the Message-ID: boundaries do not differ from one run to the next.
    baseBoundary: createHash('sha256').update(reply.messageId).digest('hex').slice(0, 24),
    newline: 'win',
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  const mime = await message.build();
  if (mime.length > MAX_MIME_BYTES) throw new AppError('TOO_LARGE', 'The reply is larger than 2 MB.');
  return { envelopeFrom: from.address, recipient: to.address, messageId: reply.messageId, mime };
}

function isUsableId(id: string): boolean {
  return MESSAGE_ID.test(id) && !MADE_UP_ID.test(id);
}

function checkedAddress(entry: MailAddress, what: string): MailAddress {
  const address = plainAddress(entry.address);
  if (address === null) throw invalidInput(`${what} is not a valid mail address.`);
  return { name: cut(oneLine(entry.name), MAX_NAME_LENGTH), address };
}

/** UTF-8 with CRLF line ends; half characters become U+FFFD. */
function bodyBytes(text: string): Buffer {
  return Buffer.from(text.replace(/\r\n|\r|\n/g, '\r\n'));
}

/**
 * Text for a header: control characters and line ends, Unicode ones too, become one space. What looks like an encoded word
 * (RFC 2047) is broken up, or the reader's client would decode what nobody encoded.
 */
function oneLine(text: string): string {
  return Buffer.from(text)
    .toString()
    .replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ')
    .replaceAll('=?', '= ?')
    .trim();
}

/** At most `length` UTF-16 units, never half a character. */
function cut(text: string, length: number): string {
  return text.length <= length
    ? text
    : text
        .slice(0, length)
        .replace(/[\uD800-\uDBFF]$/, '')
        .trimEnd();
}
