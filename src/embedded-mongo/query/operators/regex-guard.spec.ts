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

  test('judges long and deep patterns in bounded time', () => {
    const deep = `${'('.repeat(10_000)}a${')'.repeat(10_000)}`;
    const wide = `(${Array.from({ length: 8_000 }, (_, i) => `w${i % 10}`).join('|')})*`;
    const long = 'a?b+c*'.repeat(5_000);
    const started = performance.now();
    expect(findCatastrophe(deep)).toMatch('nested too deeply');
    expect(findCatastrophe(wide)).not.toBeNull();
    findCatastrophe(long);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
