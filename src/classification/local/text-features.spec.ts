import { countFeatures, foldText, MAX_TEXT_LENGTH, tokenize } from './text-features.js';

describe('foldText', () => {
  it.each([
    ['Réclamation', 'reclamation'],
    ['GRÜSSE', 'grusse'],
    ['ﬁne', 'fine'], // a ligature, as PDF text has it
  ])('folds %s to %s', (text, folded) => {
    expect(foldText(text)).toBe(folded);
  });

  it('looks at the beginning of a huge text only', () => {
    expect(foldText('a'.repeat(MAX_TEXT_LENGTH * 2))).toHaveLength(MAX_TEXT_LENGTH);
  });
});

describe('tokenize', () => {
  it('keeps words with apostrophes, punctuation that shouts, smileys and currency signs', () => {
    expect(tokenize("I can't pay 20 € !!! :-(")).toEqual(['i', "can't", 'pay', '20', '€', '!!!', ':-(']);
  });

  it('cuts tokens that are no words', () => {
    expect(tokenize('x'.repeat(500))[0]).toHaveLength(40);
  });

  it('finds words of any script', () => {
    expect(tokenize('помощь 請求書')).toEqual(['помощь', '請求書']);
  });
});

describe('countFeatures', () => {
  it('counts words, neighbours and n-grams inside word borders', () => {
    const features = countFeatures('pay now pay');

    expect(features.get('wpay')).toBe(2);
    expect(features.get('bpay now')).toBe(1);
    expect(features.get('bnow pay')).toBe(1);
    expect(features.get('c pay ')).toBe(2);
    expect([...features.keys()].some((key) => key.startsWith('c') && key.includes('y n'))).toBe(false);
  });

  it('is empty for text without tokens', () => {
    expect(countFeatures(' \n — ').size).toBe(0);
  });
});
