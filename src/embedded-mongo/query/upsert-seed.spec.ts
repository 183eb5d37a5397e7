import { type Document } from '../bson/values.js';
import { seedFromFilter } from './upsert-seed.js';

describe('seedFromFilter', () => {
  test.each<readonly [string, Document, Document]>([
    ['equalities', { a: 1, b: 'x' }, { a: 1, b: 'x' }],
    ['_id comes first', { a: 1, _id: 5 }, { _id: 5, a: 1 }],
    ['$eq', { a: { $eq: 1 } }, { a: 1 }],
    ['$and', { $and: [{ a: 1 }, { b: 2 }] }, { a: 1, b: 2 }],
    ['$or of one', { $or: [{ a: 1 }] }, { a: 1 }],
    ['$or of several says nothing', { $or: [{ a: 1 }, { a: 2 }] }, {}],
    ['$in of one', { a: { $in: [1] } }, { a: 1 }],
    ['$in of several says nothing', { a: { $in: [1, 2] } }, {}],
    ['$all of one', { a: { $all: [1] } }, { a: 1 }],
    ['dotted paths', { 'a.b': 1, 'a.c': 2 }, { a: { b: 1, c: 2 } }],
    ['ranges say nothing', { a: { $gt: 1 }, b: 2 }, { b: 2 }],
    ['$ne, $exists and regexes say nothing', { a: { $ne: 1 }, b: { $exists: true }, c: /x/ }, {}],
    ['documents', { a: { x: 1 } }, { a: { x: 1 } }],
    ['null', { a: null }, { a: null }],
  ])('%s', (_what, filter, seed) => {
    expect(seedFromFilter(filter)).toEqual(seed);
    expect(Object.keys(seedFromFilter(filter))).toEqual(Object.keys(seed));
  });

  test.each<readonly [Document]>([[{ $and: [{ a: 1 }, { a: 2 }] }], [{ a: 1, 'a.b': 2 }]])(
    '%j cannot be both',
    (filter) => {
      expect(() => seedFromFilter(filter)).toThrow(expect.objectContaining({ code: 54 }));
    },
  );
});
