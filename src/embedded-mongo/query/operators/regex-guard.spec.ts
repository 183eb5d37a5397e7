import { findCatastrophe } from './regex-guard.js';

describe('findCatastrophe', () => {
  test.each([
    '(a+)+',
    '(a*)*b',
    '(a|a)*',
    '(a|ab)*c',
    '([a-z]+|\\d+)*!',
    '(\\w+\\s?)*$',
    '(.*,){20,}',
    '(x+x+)+y',
    '((a+)b?)+',
    '.*.*.*.*x',
  ])('refuses %s', (pattern) => {
    expect(findCatastrophe(pattern)).not.toBeNull();
  });

  test.each([
    '^abc',
    'a+b+c+',
    '(\\w+\\.)+com',
    '^(?:[a-z0-9]+-)*[a-z0-9]+$',
    '(foo|bar)*',
    '(\\s*foo)+',
    '[^@]+@[^@]+\\.[a-z]{2,}',
    '^re:\\s*',
    '.*invoice.*',
    '(ab){2,5}',
    '\\(unclosed',
    '(',
  ])('accepts %s', (pattern) => {
    expect(findCatastrophe(pattern)).toBeNull();
  });
});
