import type { DraftPassage } from '../reply.types.js';

/** Words are compared by this many letters, which forgives most endings of European languages. */
const STEM_LETTERS = 5;
/** Shorter words are mostly articles and pronouns. */
const MIN_WORD_LETTERS = 4;
/** A sentence belongs to the answer when it has at least this share of the best sentence's weight. */
const KEEP_SHARE = 0.5;
/** A passage with no more sentences than this is quoted whole. */
const SHORT_PASSAGE = 3;
const MAX_SENTENCES = 5;

/** Sentences of one passage that answer, in their order. */
export interface Excerpt {
  passage: DraftPassage;
  sentences: string[];
}

const stemsOf = (text: string): Set<string> => {
  const words =
    text
      .normalize('NFKD')
      .replace(/\p{M}+/gu, '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.filter((word) => word.length >= MIN_WORD_LETTERS).map((word) => word.slice(0, STEM_LETTERS)));
};

/** Lines and sentences of a passage; list items stay apart. */
function sentencesOf(text: string, language: string): string[] {
  const segmenter = new Intl.Segmenter(language, { granularity: 'sentence' });
  return text
    .split(/\n+/)
    .flatMap((line) => [...segmenter.segment(line)].map(({ segment }) => segment.trim()))
    .filter(Boolean);
}

/**
 * The sentences of the given passages (best first) that answer a mail: from each passage the stretch around the sentences that
 * share most with the mail, rare words counting more. A further passage is taken only if it speaks of something in the mail
 * that the ones before it do not.
 * @param maxPassages at most this many excerpts
 */
export function answeringSentences(
  mail: string,
  passages: readonly DraftPassage[],
  language: string,
  maxPassages: number,
): Excerpt[] {
  const asked = stemsOf(mail);
  const said = new Set<string>();
  const excerpts: Excerpt[] = [];
  const weights = rarity(passages);
  for (const passage of passages) {
    if (excerpts.length === maxPassages) break;
    const stems = stemsOf(`${passage.title} ${passage.heading} ${passage.text}`);
    const news = [...asked].filter((stem) => stems.has(stem) && !said.has(stem));
    // Two words in common by chance are easy; what is new must be at least that.
    if (excerpts.length > 0 && news.length < 2) continue;
    for (const stem of stems) said.add(stem);
    excerpts.push({ passage, sentences: stretch(sentencesOf(passage.text, language), asked, weights) });
  }
  return excerpts;
}

/** How rare each stem is among the passages at hand: 1 for one passage, less for more. */
function rarity(passages: readonly DraftPassage[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const passage of passages)
    for (const stem of stemsOf(passage.text)) weights.set(stem, (weights.get(stem) ?? 0) + 1);
  for (const [stem, count] of weights) weights.set(stem, 1 / count);
  return weights;
}

/** From the first to the last sentence that belongs, so that steps and conditions in between are not lost. */
function stretch(sentences: string[], asked: Set<string>, weights: Map<string, number>): string[] {
  if (sentences.length <= SHORT_PASSAGE) return sentences;
  const scores = sentences.map((sentence) =>
    [...stemsOf(sentence)].reduce((sum, stem) => sum + (asked.has(stem) ? (weights.get(stem) ?? 0) : 0), 0),
  );
  const best = Math.max(...scores);
  if (best === 0) return sentences.slice(0, SHORT_PASSAGE);
  const belongs = (score: number): boolean => score >= best * KEEP_SHARE;
  const first = scores.findIndex(belongs);
  const last = scores.findLastIndex(belongs);
  if (last - first < MAX_SENTENCES) return sentences.slice(first, last + 1);
  const peak = scores.indexOf(best);
  return sentences.slice(peak, peak + MAX_SENTENCES);
}
