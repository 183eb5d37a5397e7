import { MAX_PASSAGE_WORDS, plainText, splitPassages } from './split-passages.js';

describe('splitPassages', () => {
  it('splits at headings and keeps their path', () => {
    const body = '# Refunds\nIntro.\n\n## When\nWithin 30 days.\n\n### Abroad\nWithin 40.\n## How\nReply.';
    expect(splitPassages(body)).toEqual([
      { heading: 'Refunds', text: 'Intro.' },
      { heading: 'Refunds > When', text: 'Within 30 days.' },
      { heading: 'Refunds > When > Abroad', text: 'Within 40.' },
      { heading: 'Refunds > How', text: 'Reply.' },
    ]);
  });

  it('keeps short paragraphs together', () => {
    expect(splitPassages('One.\n\nTwo.\r\n\r\nThree.')).toEqual([{ heading: '', text: 'One.\n\nTwo.\n\nThree.' }]);
  });

  it('cuts a long paragraph between sentences, losing none', () => {
    const sentences = Array.from({ length: 30 }, (_, index) => `Sentence number ${index} has exactly seven words.`);
    const passages = splitPassages(sentences.join(' '));
    expect(passages.length).toBeGreaterThan(1);
    for (const { text } of passages) expect(text.split(/\s+/).length).toBeLessThanOrEqual(MAX_PASSAGE_WORDS);
    expect(passages.map(({ text }) => text).join(' ')).toBe(sentences.join(' '));
  });

  it('keeps a sentence that is too long by itself whole', () => {
    expect(splitPassages('word '.repeat(300))).toHaveLength(1);
  });

  it.each(['', ' \n\n ', '# Only a heading'])('makes nothing of %p', (body) => expect(splitPassages(body)).toEqual([]));
});

describe('plainText', () => {
  it.each([
    ['**bold** and *light* `code`', 'bold and light code'],
    ['see [our page](https://a.example/x)', 'see our page (https://a.example/x)'],
    ['[https://a.example](https://a.example)', 'https://a.example'],
    ['![a cup](cup.png)', 'a cup'],
    ['* one\n* two', '- one\n- two'],
    ['5 * 3 * 2 = 30 and snake_case_name', '5 * 3 * 2 = 30 and snake_case_name'],
    ['> quoted', 'quoted'],
  ])('%p', (markdown, text) => expect(plainText(markdown)).toBe(text));
});
