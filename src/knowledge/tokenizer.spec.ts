import { termsOf, wordsOf } from './tokenizer.js';

describe('wordsOf', () => {
  it.each([
    ['Refund: order #4711!', ['refund', 'order', '4711']],
    ['Die Rückerstattung nach ZÜRICH', ['die', 'ruckerstattung', 'nach', 'zurich']],
    ['¿Cuánto cuesta?', ['cuanto', 'cuesta']],
    ['', []],
  ])('%p', (text, words) => expect(wordsOf(text)).toEqual(words));

  it('finds words where none are marked', () => {
    expect(wordsOf('パスワードを忘れました')).toContain('忘れ'.normalize('NFKD'));
    expect(wordsOf('我想退款').length).toBeGreaterThan(1);
  });
});

describe('termsOf', () => {
  it('gives the word and its runs of four with both ends', () => {
    expect(termsOf('refund', true)).toEqual(['wrefund', 'c ref', 'crefu', 'cefun', 'cfund', 'cund ']);
    expect(termsOf('is', true)).toEqual(['wis', 'c is ']);
  });

  it('gives the word alone without runs', () => expect(termsOf('refund', false)).toEqual(['wrefund']));
});
