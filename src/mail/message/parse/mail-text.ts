import type { MailFlag } from '../parsed-mail.types.js';
import { cleanText, cutText } from './clean-text.js';
import { htmlText, htmlView, MAX_VIEW_CHARS } from './html-view.js';
import { tidy, trimReply } from './trim-reply.js';

const MAX_FULL_TEXT = 200_000;
/** What models and people read first; longer newly written text is a document, not a question. */
const MAX_TEXT = 64_000;
/** A text part shorter than this share of the HTML's text is a stub ("your program cannot show HTML"). */
const STUB_SHARE = 0.1;
const MIN_WORDS_TO_COMPARE = 12;
const MAX_WORDS_TO_COMPARE = 400;

export interface MailText {
  text: string;
  fullText: string;
  html: string | null;
  flags: MailFlag[];
}

/**
 * The readable texts of a mail. The text part is preferred: quoting is clearer in it. Where it is missing or a stub, the
 * sanitised HTML is converted, so that hidden text of the HTML never becomes text.
 */
export function mailText(plainPart: string, htmlPart: string): MailText {
  const flags = new Set<MailFlag>();
  const plain = cleanText(cutText(plainPart, MAX_FULL_TEXT));
  if (plainPart.length > MAX_FULL_TEXT) flags.add('truncated');
  if (plain.hadHidden) flags.add('hidden_text_removed');
  const html = htmlPart.trim() === '' ? null : readableHtml(htmlPart, flags);
  const source = html && isStub(plain.text, html) ? cleanText(htmlText(html)).text : plain.text;
  const fullText = tidy(source.split('\n'));
  const trimmed = trimReply(source);
  if (trimmed.length > MAX_TEXT) flags.add('truncated');
  if (html && source === plain.text && saysSomethingElse(plain.text, html)) flags.add('alternatives_differ');
  // Cut HTML would be broken HTML; its beginning is good enough for text.
  const canShow = html === null || html.length <= MAX_VIEW_CHARS;
  if (!canShow) flags.add('html_unreadable');
  return {
    text: cutText(trimmed, MAX_TEXT),
    fullText: cutText(fullText, MAX_FULL_TEXT),
    html: canShow ? html : null,
    flags: [...flags],
  };
}

/** Sanitised HTML, or null when it is too deep to be handled; the flags say what was done to it. */
function readableHtml(raw: string, flags: Set<MailFlag>): string | null {
  const clean = cleanText(raw);
  try {
    const view = htmlView(clean.text);
    if (clean.hadHidden || view.hadHidden) flags.add('hidden_text_removed');
    if (view.wasCut) flags.add('truncated');
    return view.html;
  } catch (error) {
    // The only failure seen is a stack overflow on absurd nesting; the text part may still be fine.
    if (!(error instanceof RangeError)) throw error;
    flags.add('html_unreadable');
    return null;
  }
}

function isStub(plain: string, html: string): boolean {
  const length = plain.trim().length;
  if (length === 0) return true;
  return length < 200 && length < STUB_SHARE * withoutTags(html).trim().length;
}

/** A text part that people do not see beside an HTML part that they do is another place for hidden instructions. */
function saysSomethingElse(plain: string, html: string): boolean {
  const words = wordsOf(plain).slice(0, MAX_WORDS_TO_COMPARE);
  if (words.length < MIN_WORDS_TO_COMPARE) return false;
  const shown = new Set(wordsOf(withoutTags(html)));
  return words.filter((word) => shown.has(word)).length < words.length / 2;
}

const withoutTags = (html: string): string =>
  html.replace(/<[^>]{0,4000}>/g, ' ').replace(/&[a-z]{2,8};|&#\d{1,7};/gi, ' ');
const wordsOf = (text: string): string[] => text.toLowerCase().match(/\p{L}{3,40}/gu) ?? [];
