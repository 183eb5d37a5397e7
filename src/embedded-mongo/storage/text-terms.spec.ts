import { stem, termsOf } from './text-terms.js';

describe('termsOf', () => {
  it.each([
    ['The refunds are REFUNDED', 'english', ['refund', 'refund']],
    ["It's Müller's Straße", 'english', ['muller', 'straß']],
    ['der und die', 'none', ['der', 'und', 'die']],
    ['order #4711, item_9', 'english', ['order', '4711', 'item_9']],
    ['', 'english', []],
  ])('%j in %s', (text, language, expected) => {
    expect(termsOf(text, language)).toEqual(expected);
  });

  it.each([
    ['shipping', 'ship'],
    ['shipped', 'ship'],
    ['ships', 'ship'],
    ['deliveries', 'delivery'],
    ['delivery', 'delivery'],
    ['boxes', 'box'],
    ['class', 'class'],
    ['bus', 'bus'],
    ['charge', 'charg'],
    ['charged', 'charg'],
    ['charging', 'charg'],
  ])('%s is %s', (word, expected) => {
    expect(stem(word)).toBe(expected);
  });
});
