import { EMPTY_ARRAY_KEY } from './key.js';
import { indexKeysFor, type KeyPattern, valuesAtPath } from './path.js';
import { type Document } from './values.js';

describe('valuesAtPath', () => {
  test.each<readonly [Document, string, unknown[]]>([
    [{ a: 1 }, 'a', [1]],
    [{}, 'a', [undefined]],
    [{ a: [1, 2] }, 'a', [1, 2, [1, 2]]],
    [{ a: [{ b: 1 }, {}, 5] }, 'a.b', [1, undefined]],
    [{ a: [] }, 'a.b', []],
    [{ a: 5 }, 'a.b', [undefined]],
    [{ a: [{ b: [1] }] }, 'a.b', [1, [1]]],
    [{ a: [7, 8] }, 'a.1', [8]],
    [{ a: [{ 1: 'x' }, 8] }, 'a.1', ['x', 8]],
  ])('%j at %s', (doc, path, values) => {
    expect(valuesAtPath(doc, path)).toEqual(values);
  });
});

describe('indexKeysFor', () => {
  test.each<readonly [string, Document, KeyPattern, unknown[][], boolean, boolean]>([
    ['scalars', { a: 1, b: 2 }, { a: 1, b: -1 }, [[1, 2]], false, true],
    ['missing is null', { a: 1 }, { a: 1, b: 1 }, [[1, null]], false, true],
    ['nothing there', {}, { a: 1 }, [[null]], false, false],
    ['null counts as there', { a: null }, { a: 1 }, [[null]], false, true],
    ['one entry per element', { a: [1, 2] }, { a: 1 }, [[1], [2]], true, true],
    ['equal elements once', { a: [1, 1, 2] }, { a: 1 }, [[1], [2]], true, true],
    [
      'compound with one array',
      { a: [1, 2], b: 9 },
      { b: 1, a: 1 },
      [
        [9, 1],
        [9, 2],
      ],
      true,
      true,
    ],
    [
      'two fields below one array',
      { a: [{ b: 1, c: 2 }, { b: 3 }] },
      { 'a.b': 1, 'a.c': 1 },
      [
        [1, 2],
        [3, null],
      ],
      true,
      true,
    ],
    ['the array itself and a field in it', { a: [{ b: 1 }] }, { a: 1, 'a.b': 1 }, [[{ b: 1 }, 1]], true, true],
    ['empty array', { a: [] }, { a: 1 }, [[EMPTY_ARRAY_KEY]], true, true],
    ['field below an empty array', { a: [] }, { 'a.b': 1 }, [[null]], true, false],
    ['array in an array is a key', { a: [[1, 2]] }, { a: 1 }, [[[1, 2]]], true, true],
    ['arrays one below the other', { a: [{ b: [1, 2] }, { b: [3] }] }, { 'a.b': 1 }, [[1], [2], [3]], true, true],
    ['array position', { a: [5, 6] }, { 'a.1': 1 }, [[6]], false, true],
    ['scalars have no fields', { a: [1, { b: 2 }] }, { 'a.b': 1 }, [[null], [2]], true, true],
    ['dotted', { a: { b: 1 } }, { 'a.b': 1 }, [[1]], false, true],
  ])('%s', (_what, doc, pattern, keys, isMultikey, hasAnyField) => {
    expect(indexKeysFor(doc, pattern)).toEqual({ keys, isMultikey, hasAnyField });
  });

  test.each<readonly [Document, KeyPattern]>([
    [
      { a: [1], b: [2] },
      { a: 1, b: 1 },
    ],
    [
      { a: [], b: [] },
      { a: 1, b: 1 },
    ],
    [{ a: [{ b: [1], c: [2] }] }, { 'a.b': 1, 'a.c': 1 }],
  ])('%j cannot be indexed by %j', (doc, pattern) => {
    expect(() => indexKeysFor(doc, pattern)).toThrow(
      expect.objectContaining({ code: 171, codeName: 'CannotIndexParallelArrays' }),
    );
  });

  test('a large array is expanded in linear time', () => {
    const items = Array.from({ length: 20_000 }, (_, i) => i % 10_000);
    expect(indexKeysFor({ a: items }, { a: 1 }).keys).toHaveLength(10_000);
  });
});
