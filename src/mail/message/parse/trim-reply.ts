import { cutText } from './clean-text.js';
import {
  ADDRESS,
  ATTRIBUTION_END,
  ATTRIBUTION_VERB,
  DATE,
  DEVICE_LINE,
  FORWARD_WORDS,
  FROM_LABEL,
  HEADER_LINE,
  HISTORY_MARK,
  ORIGINAL_WORDS,
  OTHER_LABEL,
  REPLY_ABOVE,
  SIGNATURE_LINE,
  TIME,
} from './trim-markers.js';

/** Longer mails are cut before they are looked at; the whole text is kept beside the trimmed one. */
const MAX_CHARS = 200_000;
/** Patterns look at the beginning of a line only; longer lines are prose. */
const MAX_LINE = 400;
const MAX_ATTRIBUTION_LINES = 3;
const MAX_SIGNATURE_LINES = 12;
const MAX_DEVICE_LINES = 6;
const HEADER_BLOCK_LINES = 8;

/** Mail programs break lines at 65 to 80 characters. */
const MIN_WRAPPED_LINE = 55;

interface Line {
  text: string;
  /** The first characters: what patterns see. */
  head: string;
  isQuoted: boolean;
  isBlank: boolean;
  /** Ends with a colon or as an attribution does. */
  endsAttribution: boolean;
}

/**
 * What the writer newly wrote: quoted history, the lines that introduce it, and the signature removed. Answers between
 * quoted lines stay, together with what they answer. Never empty for a text that is not: then all of it is returned.
 * Linear in the length of the text.
 */
export function trimReply(fullText: string): string {
  const lines = toLines(cutText(fullText, MAX_CHARS));
  const kept = withoutSignature(withoutTrailingQuote(withoutHistory(lines)));
  const text = tidy(kept.map((line) => line.text));
  return text === '' ? tidy(lines.map((line) => line.text)) : text;
}

function toLines(text: string): Line[] {
  const lines: Line[] = [];
  for (const line of text.split('\n')) {
    const head = line.slice(0, MAX_LINE);
    lines.push({
      text: line,
      head,
      isQuoted: /^\s{0,3}>/.test(head) || isWrappedQuote(head, lines.at(-1)),
      isBlank: line.length <= MAX_LINE && /^[\s>]*$/.test(head),
      endsAttribution: ATTRIBUTION_END.test(head.trimEnd()),
    });
  }
  return lines;
}

/** The rest of a quoted line that was broken on its way: it goes on in the middle of a sentence, without a quote sign. */
function isWrappedQuote(head: string, before: Line | undefined): boolean {
  return (
    before !== undefined &&
    /^\s{0,3}>/.test(before.head) &&
    before.text.length >= MIN_WRAPPED_LINE &&
    /^\p{Ll}/u.test(head)
  );
}

/** Everything before the first place that says "history begins here"; attributions of inline answers are taken out. */
function withoutHistory(lines: Line[]): Line[] {
  const dropped = new Set<number>();
  const firstContent = lines.findIndex((line) => !line.isBlank);
  const lastQuote = lines.findLastIndex((line) => line.isQuoted);
  const lastAnswer = lastAnswerLine(lines, lastQuote);
  let isForward = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.isBlank || dropped.has(i)) continue;
    if (line.text === HISTORY_MARK || REPLY_ABOVE.test(line.head)) return kept(lines, i, dropped);
    if (FORWARD_WORDS.test(line.head) && line.head.length < 100) isForward = true;
    if (isForward) continue;
    if (isOriginalMarker(lines, i) || isHeaderBlock(lines, i)) return kept(lines, backOverRules(lines, i), dropped);
    const length = attributionLength(lines, i);
    if (length === 0) continue;
    const quote = skipBlank(lines, i + length);
    const hasQuote = quote < lines.length && lines[quote]!.isQuoted;
    if (!hasQuote || lastAnswer <= quote) return kept(lines, i, dropped);
    for (let k = i; k < i + length; k++) dropped.add(k);
    // Bottom posting: the answer stands below the whole quotation, which then says nothing new.
    const quoteEnd = endOfQuote(lines, quote);
    if (i === firstContent && quoteEnd > lastQuote) for (let k = quote; k < quoteEnd; k++) dropped.add(k);
  }
  return kept(lines, lines.length, dropped);
}

const kept = (lines: Line[], end: number, dropped: Set<number>): Line[] =>
  lines.filter((_, i) => i < end && !dropped.has(i));

/** Where the quoted lines that begin at `from` end; each line belongs to one quotation, so the sum stays linear. */
function endOfQuote(lines: Line[], from: number): number {
  let end = from;
  while (end < lines.length && (lines[end]!.isQuoted || lines[end]!.isBlank)) end++;
  return end;
}

/** Index of the last line that may be an answer: neither quoted nor blank, nor a signature or footer below all quotes. */
function lastAnswerLine(lines: Line[], lastQuote: number): number {
  const below = skipBlank(lines, lastQuote + 1);
  let end = below < lines.length && isSignatureStart(lines[below]!) ? below : lines.length;
  for (let i = lines.length - 1; i >= Math.max(0, lines.length - MAX_SIGNATURE_LINES); i--) {
    if (isSignatureStart(lines[i]!)) end = Math.min(end, i);
  }
  while (end > 0 && (lines[end - 1]!.isBlank || lines[end - 1]!.isQuoted)) end--;
  return end - 1;
}

function isSignatureStart({ head }: Line): boolean {
  const line = head.trim();
  return SIGNATURE_LINE.test(line) || DEVICE_LINE.test(line) || /^_{6,}$/.test(line);
}

function isOriginalMarker(lines: Line[], i: number): boolean {
  const head = lines[i]!.head;
  const inner = betweenRules(head);
  if (inner !== null) {
    if (ORIGINAL_WORDS.test(inner)) return true;
    if (ATTRIBUTION_VERB.test(inner) && (DATE.test(inner) || ADDRESS.test(inner))) return true;
    const next = lines[skipBlank(lines, i + 1)];
    return next !== undefined && (next.isQuoted || isHeaderBlock(lines, skipBlank(lines, i + 1)));
  }
  // Some programs write the words without rules, above a header block.
  return head.length < 60 && ORIGINAL_WORDS.test(head) && isHeaderBlock(lines, skipBlank(lines, i + 1));
}

/** The words of `-----Original Message-----`, `---- Am ... schrieb ... ----`; null for other lines. */
function betweenRules(head: string): string | null {
  const line = head.trim().replace(/[:：]$/u, '');
  let start = 0;
  let end = line.length;
  while (start < end && isRule(line[start]!)) start++;
  while (end > start && isRule(line[end - 1]!)) end--;
  const inner = line.slice(start, end).trim();
  return start >= 2 && line.length - end >= 2 && inner.length >= 4 ? inner : null;
}

const isRule = (char: string): boolean => '-_=*─'.includes(char);

/** Lines `Label: value` that name sender, date and the like: by known labels, or in any language by what they hold. */
function isHeaderBlock(lines: Line[], start: number): boolean {
  const first = lines[start] && HEADER_LINE.exec(lines[start].head);
  if (!first) return false;
  let headers = 0;
  let known = 0;
  let hasAddress = false;
  let hasDate = false;
  for (let i = start; i < Math.min(lines.length, start + HEADER_BLOCK_LINES); i++) {
    const { head, isBlank } = lines[i]!;
    const match = HEADER_LINE.exec(head);
    if (isBlank && headers >= 2) break;
    if (!match) continue;
    headers++;
    if (OTHER_LABEL.test(match[1]!)) known++;
    hasAddress ||= ADDRESS.test(head);
    hasDate ||= TIME.test(head) || DATE.test(head);
  }
  if (FROM_LABEL.test(first[1]!) && known >= 2) return true;
  return headers >= 3 && hasAddress && hasDate && (known >= 2 || headers >= 4);
}

/** How many lines from `i` introduce a quotation ("On ..., Ann wrote:"); 0 when they do not. */
function attributionLength(lines: Line[], i: number): number {
  for (let n = 1; n <= MAX_ATTRIBUTION_LINES && i + n <= lines.length; n++) {
    const line = lines[i + n - 1]!;
    if (line.isBlank || line.text.length > MAX_LINE || (line.isQuoted && n > 1)) return 0;
    if (!line.endsAttribution) continue;
    const text = lines
      .slice(i, i + n)
      .map(({ head }) => head.trim())
      .join(' ');
    return text.length <= MAX_LINE && isAttribution(text, lines[skipBlank(lines, i + n)]) ? n : 0;
  }
  return 0;
}

function isAttribution(text: string, next: Line | undefined): boolean {
  const hasVerb = ATTRIBUTION_VERB.test(text);
  const hasDate = DATE.test(text);
  if (hasVerb && hasDate) return true;
  // Without quoted lines below it takes verb and date to be sure; with them a verb, or a date with time or address.
  const isQuotedNext = next === undefined || next.isQuoted;
  return isQuotedNext && (hasVerb || (hasDate && (TIME.test(text) || ADDRESS.test(text))));
}

function withoutTrailingQuote(lines: Line[]): Line[] {
  let end = lines.length;
  while (end > 0 && (lines[end - 1]!.isBlank || lines[end - 1]!.isQuoted)) end--;
  return lines.slice(0, end);
}

/** Cuts at the first signature line near the end; what stands below is not the message. */
function withoutSignature(lines: Line[]): Line[] {
  for (let i = Math.max(1, lines.length - MAX_SIGNATURE_LINES); i < lines.length; i++) {
    const isNear = lines.length - i <= MAX_DEVICE_LINES;
    if (SIGNATURE_LINE.test(lines[i]!.head.trimEnd()) || (isNear && DEVICE_LINE.test(lines[i]!.head.trimStart())))
      return lines.slice(0, i);
  }
  return lines;
}

function backOverRules(lines: Line[], i: number): number {
  let start = i;
  while (start > 0 && (lines[start - 1]!.isBlank || /^\s*[_\-=*─]{5,}\s*$/u.test(lines[start - 1]!.head))) start--;
  return start;
}

function skipBlank(lines: Line[], from: number): number {
  let i = from;
  while (i < lines.length && lines[i]!.text.trim() === '') i++;
  return i;
}

/** Joins, without history marks, trailing space and more than two empty lines in a row. */
export function tidy(lines: string[]): string {
  const out: string[] = [];
  let blanks = 0;
  for (const raw of lines) {
    const line = raw.replaceAll(HISTORY_MARK, '').trimEnd();
    blanks = line === '' ? blanks + 1 : 0;
    if (blanks <= 2) out.push(line);
  }
  return out.join('\n').trim();
}
