import { TfidfVectorizer } from './tfidf.js';

const length = (values: Iterable<number>): number =>
  Math.sqrt([...values].reduce((sum, value) => sum + value * value, 0));

describe('TfidfVectorizer', () => {
  const texts = ['red apple', 'red pear', 'green apple', 'red red wine'];

  it('weighs rare words higher than common ones', () => {
    const { vectorizer } = TfidfVectorizer.fit(texts);
    const idf = (key: string): number => vectorizer.idf[vectorizer.keys.indexOf(key)]!;

    expect(idf('wwine')).toBeGreaterThan(idf('wapple'));
    expect(idf('wapple')).toBeGreaterThan(idf('wred'));
    expect(idf('wred')).toBeCloseTo(Math.log(5 / 4) + 1, 5);
  });

  it('scales the word block and the character block to length 1 each', () => {
    const { vectorizer } = TfidfVectorizer.fit(texts);

    const { indices, values } = vectorizer.transform('red apple unseen');

    const block = (isChars: boolean) =>
      [...values].filter((_, entry) => vectorizer.keys[indices[entry]!]!.startsWith('c') === isChars);
    expect(length(block(false))).toBeCloseTo(1, 5);
    expect(length(block(true))).toBeCloseTo(1, 5);
  });

  it('gives the training texts the vectors that transform gives them', () => {
    const { vectorizer, vectors } = TfidfVectorizer.fit(texts);

    expect(vectors).toEqual(texts.map((text) => vectorizer.transform(text)));
  });

  it('keeps the most widespread features when there are too many', () => {
    const { vectorizer } = TfidfVectorizer.fit(texts, { maxFeatures: 3, minTexts: 1 });

    expect(vectorizer.keys).toHaveLength(3);
    expect(vectorizer.keys.every((key) => key.includes('re'))).toBe(true); // all of "red", in three texts of four
  });

  it('has an empty vector for a text of unknown words', () => {
    const { vectorizer } = TfidfVectorizer.fit(texts);

    expect(vectorizer.transform('zzz').indices).toHaveLength(0);
  });
});
