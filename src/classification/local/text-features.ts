/** Longest text that is looked at, in UTF-16 units: a mail says what it wants long before this. */
export const MAX_TEXT_LENGTH = 20_000;

const CHAR_NGRAM_MIN = 3;
const CHAR_NGRAM_MAX = 5;
/** A token longer than this is base64 or a URL: its n-grams would only fill the vocabulary. */
const MAX_TOKEN_LENGTH = 40;

// Words (with an inner apostrophe), runs of ! and ?, text smileys, emoji and currency signs: all of them carry tone or topic.
const TOKEN = /[\p{L}\p{M}\p{N}]+(?:['’]\p{L}+)?|[!?]+|[:;]-?[()DP]|\p{Extended_Pictographic}|[$€£%]/gu;

/** Lower case without accents: "Réclamation" and "reclamation" are one word, as customers type both. */
export function foldText(text: string): string {
  return text
    .slice(0, MAX_TEXT_LENGTH)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}

/** The tokens of a text after folding. */
export function tokenize(text: string): string[] {
  const tokens = foldText(text).match(TOKEN) ?? [];
  return tokens.map((token) => (token.length > MAX_TOKEN_LENGTH ? token.slice(0, MAX_TOKEN_LENGTH) : token));
}

/** First character of a feature's key: what kind it is. Word kinds and character n-grams are normalised apart. */
export const FEATURE_KIND = { word: 'w', bigram: 'b', chars: 'c' } as const;

/** Whether a feature belongs to the character block. */
export const isCharFeature = (key: string): boolean => key.startsWith(FEATURE_KIND.chars);

/**
 * How often each feature occurs in a text: words, word pairs, and character 3- to 5-grams inside word borders (a space marks
 * the border, as scikit-learn's `char_wb`). The n-grams make it robust against typos, inflection and German compounds.
 */
export function countFeatures(text: string): Map<string, number> {
  const tokens = tokenize(text);
  const counts = new Map<string, number>();
  const add = (key: string): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  tokens.forEach((token, position) => {
    add(FEATURE_KIND.word + token);
    const next = tokens[position + 1];
    if (next !== undefined) add(`${FEATURE_KIND.bigram}${token} ${next}`);
    const padded = ` ${token} `;
    for (let size = CHAR_NGRAM_MIN; size <= CHAR_NGRAM_MAX; size++) {
      for (let start = 0; start + size <= padded.length; start++) {
        add(FEATURE_KIND.chars + padded.slice(start, start + size));
      }
    }
  });
  return counts;
}
