import { DEFAULT_CATEGORIES } from '../../classification.types.js';
import { BUNDLED_EXAMPLES } from './bundled-examples.js';
import { CATEGORY_TERMS } from './category-terms.js';

describe.each(DEFAULT_CATEGORIES)('bundled examples of %s', (category) => {
  const rows = BUNDLED_EXAMPLES[category];
  const inLanguage = (language: string) => rows.filter((row) => row[0] === language).length;

  it('are enough, in four languages', () => {
    expect(rows.length).toBeGreaterThanOrEqual(40);
    expect(inLanguage('en')).toBeGreaterThanOrEqual(28);
    for (const language of ['de', 'fr', 'es']) expect(inLanguage(language)).toBeGreaterThanOrEqual(4);
  });

  it('have terms beside them, each once', () => {
    const terms = CATEGORY_TERMS[category].split('\n');

    expect(terms.every((term) => term.trim() === term && term !== '')).toBe(true);
    expect(terms.length).toBeGreaterThan(40);
  });
});

it('no bundled mail is there twice', () => {
  const texts = Object.values(BUNDLED_EXAMPLES).flatMap((rows) => rows.map((row) => row[4]));

  expect(new Set(texts).size).toBe(texts.length);
});
