import { Long, MaxKey, MinKey, ObjectId } from 'bson';

import { type Document } from '../bson/values.js';
import { compileCollation } from './collation.js';
import { compileSort, sortDocuments, TopK } from './sort.js';

const sorted = (docs: Document[], spec: Document): unknown[] =>
  sortDocuments(docs, compileSort(spec), (doc) => doc).map((doc) => doc.n);

describe('sort', () => {
  test('orders types as BSON does, missing as null', () => {
    const values = [
      new MinKey(),
      null,
      5,
      'x',
      {},
      new ObjectId('0'.repeat(24)),
      false,
      new Date(0),
      /x/,
      new MaxKey(),
    ];
    const docs = values.map((a, n) => ({ a, n }));
    expect(sorted([...docs].reverse(), { a: 1 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(sorted(docs, { a: -1 })).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(sorted([{ a: 1, n: 1 }, { n: 0 }], { a: 1 })).toEqual([0, 1]);
  });

  test('arrays count by their smallest element ascending, by their largest descending', () => {
    const docs = [
      { n: 'x', a: [1, 9] },
      { n: 'y', a: [5] },
      { n: 'z', a: 3 },
    ];
    expect(sorted(docs, { a: 1 })).toEqual(['x', 'z', 'y']);
    expect(sorted(docs, { a: -1 })).toEqual(['x', 'y', 'z']);
  });

  test('an empty array is below null and above MinKey', () => {
    const docs = [
      { n: 'null', a: null },
      { n: 'empty', a: [] },
      { n: 'min', a: new MinKey() },
      { n: 'one', a: 1 },
    ];
    expect(sorted(docs, { a: 1 })).toEqual(['min', 'empty', 'null', 'one']);
  });

  test('longs and numbers mix, equal keys keep their order, several keys', () => {
    expect(
      sorted(
        [
          { n: 1, a: Long.fromNumber(10) },
          { n: 2, a: 9 },
          { n: 3, a: 10 },
        ],
        { a: 1 },
      ),
    ).toEqual([2, 1, 3]);
    expect(
      sorted(
        [
          { n: 1, a: 1, b: 2 },
          { n: 2, a: 1, b: 3 },
          { n: 3, a: 0, b: 0 },
        ],
        { a: -1, b: -1 },
      ),
    ).toEqual([2, 1, 3]);
  });

  test('paths through arrays of documents', () => {
    expect(
      sorted(
        [
          { n: 1, a: [{ b: 5 }, { b: 1 }] },
          { n: 2, a: [{ b: 3 }] },
        ],
        { 'a.b': 1 },
      ),
    ).toEqual([1, 2]);
  });

  test('uses the collation', () => {
    const sorter = compileSort({ a: 1 }, compileCollation({ locale: 'en', numericOrdering: true }));
    expect(sortDocuments([{ a: '10' }, { a: '9' }], sorter, (doc) => doc)).toEqual([{ a: '9' }, { a: '10' }]);
  });

  test.each<readonly [Document, number]>([
    [{ a: 'x' }, 15974],
    [{ a: 2 }, 15975],
    [{ a: { $foo: 1 } }, 17312],
    [{ a: { $meta: 'nope' } }, 31138],
    [{ '': 1 }, 40352],
    [{ 'a.': 1 }, 40353],
    [{ $a: 1 }, 16410],
    [{ s: { $meta: 'textScore' } }, 2],
  ])('%j is refused with %d', (spec, code) => {
    expect(() => compileSort(spec)).toThrow(expect.objectContaining({ code }));
  });

  test('TopK holds the same as sorting all and cutting, stable', () => {
    const docs = Array.from({ length: 500 }, (_, n) => ({ n, a: (n * 7919) % 101 }));
    const sorter = compileSort({ a: 1 });
    const best = new TopK<Document>(sorter, 20);
    for (const doc of docs) best.add(doc, doc);
    expect(best.result()).toEqual(sortDocuments(docs, sorter, (doc) => doc).slice(0, 20));
  });
});
