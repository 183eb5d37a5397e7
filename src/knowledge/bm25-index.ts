import { FUNCTION_WORDS } from './function-words.js';
import { termsOf, wordsOf } from './tokenizer.js';

/** Okapi BM25 parameters (Robertson and Zaragoza, 2009): the usual ones did best on all four sets that were measured. */
const K1 = 1.2;
const B = 0.75;
/** A word of the title or heading counts as this many in the text. */
const TITLE_WEIGHT = 2;
/** Above this number of passages character runs cost too much memory (1.1 GB at 188,000): words alone. */
const MAX_PASSAGES_WITH_GRAMS = 50_000;
/** A term that a query repeats counts at most this often: a mail that shouts one word is about more. */
const MAX_QUERY_TF = 3;
/** Fewer topic words than this make no statement: "Dear Mr Smith" must not decide the coverage. A question may have one. */
const MIN_TOPIC_WORDS = 2;
/**
 * Passages about other things that coverage imagines beside the real ones. Without them, in a knowledge base of five articles
 * each known word would be common and each unknown one rare, and nothing would ever be covered.
 */
const BACKGROUND_PASSAGES = 50;
/** Passages that are indexed before other work of the process gets a turn. */
const SLICE = 200;
const SENTENCE_END = /\n+|(?<=[.!?\u3002\uff01\uff1f])/u;
const QUESTION = /[?\uff1f]$/u;

export interface IndexedText {
  title: string;
  text: string;
}

export interface Hit {
  /** Position in the array that the index was built from. */
  index: number;
  score: number;
  coverage: number;
}

/** Inverted index in typed arrays: postings of term t are `ids` and `weights` from offsets[t] to offsets[t + 1]. */
export class Bm25Index {
  private readonly scores: Float32Array;

  private constructor(
    private readonly size: number,
    private readonly withGrams: boolean,
    private readonly vocabulary: Map<string, number>,
    private readonly offsets: Int32Array,
    private readonly ids: Int32Array,
    private readonly weights: Float32Array,
  ) {
    this.scores = new Float32Array(size);
  }

  /** Builds in slices: a knowledge base of some ten thousand passages takes a second, which must not hold up HTTP. */
  static async build(texts: readonly IndexedText[]): Promise<Bm25Index> {
    const withGrams = texts.length <= MAX_PASSAGES_WITH_GRAMS;
    const vocabulary = new Map<string, number>();
    const postings: number[][] = []; // per term: passage, frequency, passage, frequency ...
    const lengths = new Float32Array(texts.length);
    for (const [index, { title, text }] of texts.entries()) {
      if (index % SLICE === SLICE - 1) await new Promise((resolve) => setImmediate(resolve));
      const frequencies = new Map<string, number>();
      const count = (source: string, weight: number): void => {
        for (const word of wordsOf(source)) {
          for (const term of termsOf(word, withGrams)) frequencies.set(term, (frequencies.get(term) ?? 0) + weight);
        }
      };
      count(text, 1);
      count(title, TITLE_WEIGHT);
      for (const [term, frequency] of frequencies) {
        lengths[index]! += frequency;
        let id = vocabulary.get(term);
        if (id === undefined) {
          id = postings.length;
          vocabulary.set(term, id);
          postings.push([]);
        }
        postings[id]!.push(index, frequency);
      }
    }
    return Bm25Index.pack(texts.length, withGrams, vocabulary, postings, lengths);
  }

  private static pack(
    size: number,
    withGrams: boolean,
    vocabulary: Map<string, number>,
    postings: number[][],
    lengths: Float32Array,
  ): Bm25Index {
    const averageLength = lengths.reduce((sum, length) => sum + length, 0) / Math.max(size, 1);
    const offsets = new Int32Array(postings.length + 1);
    for (const [term, list] of postings.entries()) offsets[term + 1] = offsets[term]! + list.length / 2;
    const ids = new Int32Array(offsets.at(-1)!);
    const weights = new Float32Array(ids.length);
    for (const [term, list] of postings.entries()) {
      const idf = idfOf(size, list.length / 2);
      for (let n = 0; n < list.length; n += 2) {
        const at = offsets[term]! + n / 2;
        const [id, frequency] = [list[n]!, list[n + 1]!];
        ids[at] = id;
        weights[at] = (idf * frequency * (K1 + 1)) / (frequency + K1 * (1 - B + (B * lengths[id]!) / averageLength));
      }
    }
    return new Bm25Index(size, withGrams, vocabulary, offsets, ids, weights);
  }

  /**
   * The best passages for a query, best first. `allowed` leaves passages out before the cut.
   * @param limit most hits that are returned
   */
  search(query: string, limit: number, allowed: (index: number) => boolean = () => true): Hit[] {
    const best: Hit[] = [];
    for (const index of this.score(query)) {
      const score = this.scores[index]!;
      this.scores[index] = 0;
      if (allowed(index)) insert(best, { index, score, coverage: 0 }, limit);
    }
    const questions = this.questions(query);
    for (const hit of best) hit.coverage = this.coverage(questions, hit.index);
    return best;
  }

  /** Adds up the scores of all passages that share a term with the query; returns which. */
  private score(query: string): number[] {
    const frequencies = new Map<number, number>();
    for (const word of wordsOf(query)) {
      for (const term of termsOf(word, this.withGrams)) {
        const id = this.vocabulary.get(term);
        if (id !== undefined) frequencies.set(id, (frequencies.get(id) ?? 0) + 1);
      }
    }
    const touched: number[] = [];
    for (const [term, frequency] of frequencies) {
      const factor = Math.min(frequency, MAX_QUERY_TF);
      for (let at = this.offsets[term]!; at < this.offsets[term + 1]!; at++) {
        const id = this.ids[at]!;
        if (this.scores[id] === 0) touched.push(id);
        this.scores[id]! += this.weights[at]! * factor;
      }
    }
    return touched;
  }

  /** The sentences of a query that ask about something, each as the terms of its topic words with their idf. */
  private questions(query: string): Map<string, number>[] {
    const sentences = query.split(SENTENCE_END).map((sentence) => ({
      topics: new Set(wordsOf(sentence).filter((word) => !FUNCTION_WORDS.has(word))),
      isQuestion: QUESTION.test(sentence),
    }));
    const asking = sentences.filter(({ topics, isQuestion }) => topics.size >= (isQuestion ? 1 : MIN_TOPIC_WORDS));
    const chosen = asking.length > 0 ? asking : sentences.filter(({ topics }) => topics.size > 0);
    return chosen.map(({ topics }) => {
      const terms = [...topics].flatMap((word) => termsOf(word, this.withGrams));
      return new Map(terms.map((term) => [term, this.idf(term)]));
    });
  }

  /** Share of a sentence's idf weight that occurs in the passage, of the sentence that fits best. */
  private coverage(questions: Map<string, number>[], index: number): number {
    let best = 0;
    for (const terms of questions) {
      let covered = 0;
      let total = 0;
      for (const [term, idf] of terms) {
        total += idf;
        if (this.has(term, index)) covered += idf;
      }
      best = Math.max(best, covered / total);
    }
    return best;
  }

  /** Binary search: the postings of a term are sorted by passage. */
  private has(term: string, index: number): boolean {
    const id = this.vocabulary.get(term);
    if (id === undefined) return false;
    let [low, high] = [this.offsets[id]!, this.offsets[id + 1]! - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.ids[middle]!;
      if (found === index) return true;
      if (found < index) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }

  /** Weight of a term in coverage. */
  private idf(term: string): number {
    const id = this.vocabulary.get(term);
    const containing = id === undefined ? 0 : this.offsets[id + 1]! - this.offsets[id]!;
    return idfOf(this.size + BACKGROUND_PASSAGES, containing);
  }
}

/** BM25's idf in the variant that is never negative. */
const idfOf = (size: number, containing: number): number =>
  Math.log(1 + (size - containing + 0.5) / (containing + 0.5));

/** Puts a hit into its place among the best, which are few while the hits are many. */
function insert(best: Hit[], hit: Hit, limit: number): void {
  const isBetter = (other: Hit): boolean =>
    hit.score > other.score || (hit.score === other.score && hit.index < other.index);
  if (best.length === limit && !isBetter(best[limit - 1]!)) return;
  const place = best.findIndex(isBetter);
  best.splice(place === -1 ? best.length : place, 0, hit);
  if (best.length > limit) best.pop();
}
