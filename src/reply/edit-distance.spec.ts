import { editStats } from './edit-distance.js';

describe('editStats', () => {
  it.each([
    ['unchanged', 'Hello Anna,\n\nyes.', 'Hello Anna,\n\nyes.', 0, 0, 0],
    ['newlines and trailing blanks', 'Hello  \r\nyes', 'Hello\nyes\n', 0, 0, 0],
    ['one word replaced', 'within 30 days', 'within 14 days', 2 / 14, 1, 1],
    ['a sentence added', 'Yes.', 'Yes. We will.', 9 / 13, 2, 0],
    ['all removed', 'Yes we can', '', 1, 0, 3],
    ['nothing in common', 'abc', 'xyz', 1, 1, 1],
    ['both empty', '', '', 0, 0, 0],
    ['emoji counts as one', 'a😀', 'a', 1 / 2, 1, 1],
  ])('%s', (_, draft, sent, distance, wordsAdded, wordsRemoved) => {
    expect(editStats(draft, sent)).toEqual({
      distance: expect.closeTo(distance, 10) as number,
      unit: 'character',
      wordsAdded,
      wordsRemoved,
    });
  });

  it('is the same in both directions', () => {
    const [a, b] = ['The refund takes 5 days.', 'A refund is there after 7 days.'];
    expect(editStats(a, b).distance).toBe(editStats(b, a).distance);
  });

  it('counts words where characters are too many, in bounded time', () => {
    const words = (prefix: string): string =>
      Array.from({ length: 5_000 }, (_, index) => `${prefix}${index}`).join(' ');
    const startedMs = performance.now();
    const stats = editStats(`same ${words('a')}`, `same ${words('b')}`);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(stats.unit).toBe('word');
    expect(stats.distance).toBeGreaterThan(0.3);
  });

  it('a small edit of a long text costs next to nothing', () => {
    const long = 'word '.repeat(20_000);
    const startedMs = performance.now();
    expect(editStats(`${long}yes${long}`, `${long}no${long}`)).toMatchObject({ unit: 'character', wordsAdded: 1 });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
  });
});
