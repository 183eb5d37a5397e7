import { countFeatures, FEATURE_KIND, isCharFeature } from './text-features.js';

/** Non-zero entries of one text's feature vector; `indices` are unique, in no order. */
export interface SparseVector {
  indices: Int32Array;
  values: Float32Array;
}

export interface TfidfOptions {
  /** Features kept at most, the most common ones first. */
  maxFeatures: number;
  /** Texts that a word pair or character n-gram must occur in (single words are always kept). */
  minTexts: number;
}

export const DEFAULT_TFIDF: TfidfOptions = { maxFeatures: 60_000, minTexts: 2 };

/** Features of the training texts as numbers, before the vocabulary is cut. */
interface Counted {
  keys: string[];
  textsWith: number[];
  texts: { ids: Int32Array; counts: Float32Array }[];
}

function countAll(texts: readonly string[]): Counted {
  const idOf = new Map<string, number>();
  const counted: Counted = { keys: [], textsWith: [], texts: [] };
  for (const text of texts) {
    const features = countFeatures(text);
    const ids = new Int32Array(features.size);
    const counts = new Float32Array(features.size);
    let position = 0;
    for (const [key, count] of features) {
      let id = idOf.get(key);
      if (id === undefined) {
        id = counted.keys.push(key) - 1;
        idOf.set(key, id);
        counted.textsWith.push(0);
      }
      counted.textsWith[id]!++;
      ids[position] = id;
      counts[position++] = count;
    }
    counted.texts.push({ ids, counts });
  }
  return counted;
}

/** Ids of the features worth keeping: common enough, the most widespread first (ties by key: the same on every machine). */
function chooseFeatures({ keys, textsWith }: Counted, options: TfidfOptions): number[] {
  const minimum = (key: string): number => (key.startsWith(FEATURE_KIND.word) ? 1 : options.minTexts);
  const chosen = [...keys.keys()].filter((id) => textsWith[id]! >= minimum(keys[id]!));
  if (chosen.length <= options.maxFeatures) return chosen;
  chosen.sort((a, b) => textsWith[b]! - textsWith[a]! || (keys[a]! < keys[b]! ? -1 : 1));
  return chosen.slice(0, options.maxFeatures);
}

/**
 * Turns texts into TF-IDF vectors: (1 + ln count) * (ln((1 + N) / (1 + texts with it)) + 1), the smoothed form of
 * scikit-learn. Word and character features are two blocks, each scaled to length 1: otherwise the many n-grams of a long
 * word would drown the words.
 */
export class TfidfVectorizer {
  private readonly indexOf: Map<string, number>;

  constructor(
    /** Feature keys; the position is the index in vectors. */
    readonly keys: readonly string[],
    readonly idf: Float32Array,
  ) {
    this.indexOf = new Map(keys.map((key, index) => [key, index]));
  }

  /** Learns the vocabulary, and returns the training vectors with it so that no text is taken apart twice. */
  static fit(
    texts: readonly string[],
    options: TfidfOptions = DEFAULT_TFIDF,
  ): { vectorizer: TfidfVectorizer; vectors: SparseVector[] } {
    const counted = countAll(texts);
    const chosen = chooseFeatures(counted, options);
    const keys = chosen.map((id) => counted.keys[id]!);
    const idf = Float32Array.from(chosen, (id) => Math.log((1 + texts.length) / (1 + counted.textsWith[id]!)) + 1);
    const vectorizer = new TfidfVectorizer(keys, idf);
    const indexOfId = new Int32Array(counted.keys.length).fill(-1);
    chosen.forEach((id, index) => (indexOfId[id] = index));
    const vectors = counted.texts.map(({ ids, counts }) =>
      vectorizer.weigh(
        ids.map((id) => indexOfId[id]!),
        counts,
      ),
    );
    return { vectorizer, vectors };
  }

  /** The vector of a new text; features that training did not see are left out. */
  transform(text: string): SparseVector {
    const features = countFeatures(text);
    const indices = new Int32Array(features.size);
    const counts = new Float32Array(features.size);
    let position = 0;
    for (const [key, count] of features) {
      indices[position] = this.indexOf.get(key) ?? -1;
      counts[position++] = count;
    }
    return this.weigh(indices, counts);
  }

  /** Weights and normalises; entries with index -1 (unknown) are dropped. */
  private weigh(found: Int32Array, counts: Float32Array): SparseVector {
    const known = found.reduce((sum, index) => sum + (index < 0 ? 0 : 1), 0);
    const indices = new Int32Array(known);
    const values = new Float32Array(known);
    let wordSquares = 0;
    let charSquares = 0;
    let position = 0;
    found.forEach((index, entry) => {
      if (index < 0) return;
      const value = (1 + Math.log(counts[entry]!)) * this.idf[index]!;
      if (isCharFeature(this.keys[index]!)) charSquares += value * value;
      else wordSquares += value * value;
      indices[position] = index;
      values[position++] = value;
    });
    const wordScale = wordSquares > 0 ? 1 / Math.sqrt(wordSquares) : 0;
    const charScale = charSquares > 0 ? 1 / Math.sqrt(charSquares) : 0;
    indices.forEach((index, entry) => (values[entry]! *= isCharFeature(this.keys[index]!) ? charScale : wordScale));
    return { indices, values };
  }
}
