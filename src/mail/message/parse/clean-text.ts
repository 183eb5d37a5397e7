const BEYOND_ASCII = /[^\t\n\x20-\x7E]/;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const CONTROL = /(?![\t\n])\p{Cc}/gu;
/** Characters without a glyph: zero-width, bidirectional controls, tags, fillers. Emoji presentation is looked at below. */
const INVISIBLE = /(?!\u200C|\u200D|\uFE0E|\uFE0F)\p{Default_Ignorable_Code_Point}/gu;
/** Joiners are needed inside emoji and between letters of many scripts, but not after Latin letters, digits or space. */
const NEEDLESS_JOINER = /(?<=^|[\p{Script=Latin}\p{N}\p{P}\s]|\u200C|\u200D)(?:\u200C|\u200D)/gu;
const SELECTOR_RUN = /(?:\uFE0E|\uFE0F){2,}/g;
/** Tag characters and variation selectors can spell whole sentences that only a model reads. */
const SMUGGLING = /[\u{E0000}-\u{E0FFF}]|[\uFE00-\uFE0D]/gu;
/** A flag emoji has six of them; a sentence has more than this. */
const MAX_INNOCENT_SMUGGLING = 20;

export interface CleanText {
  text: string;
  /** Text was smuggled in characters that nobody sees. */
  hadHidden: boolean;
}

/**
 * Valid and visible Unicode with \n line ends: no NULs or other controls, no lone surrogates (they break UTF-8 storage), no
 * characters that a person does not see but a model reads. Linear; plain ASCII is returned after one look.
 */
export function cleanText(raw: string): CleanText {
  const lines = raw.includes('\r') ? raw.replace(/\r\n?/g, '\n') : raw;
  if (!BEYOND_ASCII.test(lines)) return { text: lines, hadHidden: false };
  const hadHidden = (lines.match(SMUGGLING)?.length ?? 0) > MAX_INNOCENT_SMUGGLING;
  const text = lines
    .replace(LONE_SURROGATE, '\uFFFD')
    .replace(/[\u2028\u2029\u0085]/g, '\n')
    .replace(CONTROL, '')
    .replace(INVISIBLE, '')
    .replace(SELECTOR_RUN, '')
    .replace(NEEDLESS_JOINER, '');
  return { text, hadHidden };
}

/** One line for headers and names: cleaned, white space collapsed, at most `max` characters. */
export function cleanLine(raw: string, max: number): string {
  // Cut first, so that the work is bounded too.
  return cutText(
    cleanText(raw.slice(0, max * 4))
      .text.replace(/\s+/g, ' ')
      .trim(),
    max,
  );
}

/** At most `max` UTF-16 units without splitting a surrogate pair. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}
