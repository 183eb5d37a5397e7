import { Long } from 'bson';

import { type Document } from '../bson/values.js';
import { compileCollation } from './collation.js';
import { compileFilter } from './match.js';

type Row = readonly [what: string, filter: Document, doc: Document, matches: boolean];

const arrays: Row[] = [
  ['a scalar matches an element', { a: 2 }, { a: [1, 2] }, true],
  ['an array matches as a whole', { a: [1, 2] }, { a: [1, 2] }, true],
  ['order matters in a whole array', { a: [1, 2] }, { a: [2, 1] }, false],
  ['an array matches an element that is that array', { a: [1, 2] }, { a: [[1, 2], 3] }, true],
  ['elements of nested arrays are not seen', { a: 1 }, { a: [[1]] }, false],
  ['$ne needs no element to be equal', { a: { $ne: 2 } }, { a: [1, 2] }, false],
  ['$nin likewise', { a: { $nin: [2, 3] } }, { a: [1, 2] }, false],
  ['a range may be met by different elements', { a: { $gt: 5, $lt: 3 } }, { a: [1, 9] }, true],
  ['$elemMatch wants one element for all', { a: { $elemMatch: { $gt: 5, $lt: 9 } } }, { a: [1, 10] }, false],
  ['$elemMatch finds it', { a: { $elemMatch: { $gt: 5, $lt: 9 } } }, { a: [1, 7] }, true],
  ['$elemMatch needs an array', { a: { $elemMatch: { $gt: 5 } } }, { a: 7 }, false],
  ['$elemMatch with $ne sees each element', { a: { $elemMatch: { $ne: 1 } } }, { a: [1, 2] }, true],
  ['$elemMatch with $in', { a: { $elemMatch: { $in: [3] } } }, { a: [1, 3] }, true],
  ['$elemMatch with $not', { a: { $elemMatch: { $not: { $gt: 1 } } } }, { a: [1, 5] }, true],
  [
    '$elemMatch on documents',
    { a: { $elemMatch: { b: 1, c: 2 } } },
    {
      a: [
        { b: 1, c: 3 },
        { b: 2, c: 2 },
      ],
    },
    false,
  ],
  ['$elemMatch on documents in one element', { a: { $elemMatch: { b: 1, c: 2 } } }, { a: [{ b: 1, c: 2 }] }, true],
  ['$elemMatch with $or', { a: { $elemMatch: { $or: [{ b: 1 }, { b: 2 }] } } }, { a: [{ b: 2 }] }, true],
  ['$elemMatch of nested arrays', { a: { $elemMatch: { $elemMatch: { $gt: 1 } } } }, { a: [[0], [2]] }, true],
  ['$elemMatch on a dotted path', { 'a.b': { $elemMatch: { c: 1 } } }, { a: { b: [{ c: 1 }] } }, true],
  ['$elemMatch {} matches documents', { a: { $elemMatch: {} } }, { a: [{}] }, true],
  ['$elemMatch {} does not match scalars', { a: { $elemMatch: {} } }, { a: [1] }, false],
  ['$all', { a: { $all: [1, 2] } }, { a: [2, 3, 1] }, true],
  ['$all misses one', { a: { $all: [1, 4] } }, { a: [2, 3, 1] }, false],
  ['$all on a scalar', { a: { $all: [1] } }, { a: 1 }, true],
  ['$all of an array matches the whole', { a: { $all: [[1, 2]] } }, { a: [1, 2] }, true],
  ['$all [] matches nothing', { a: { $all: [] } }, { a: [] }, false],
  [
    '$all with $elemMatch',
    { a: { $all: [{ $elemMatch: { b: 1 } }, { $elemMatch: { b: 2 } }] } },
    { a: [{ b: 1 }, { b: 2 }] },
    true,
  ],
  ['$all across types of numbers', { a: { $all: [1] } }, { a: [Long.fromNumber(1)] }, true],
  ['$size', { a: { $size: 2 } }, { a: [1, 2] }, true],
  ['$size of a scalar', { a: { $size: 1 } }, { a: 1 }, false],
  ['$size 0', { a: { $size: 0 } }, { a: [] }, true],
  ['$size does not look inside', { a: { $size: 2 } }, { a: [[1, 2]] }, false],
  ['$not $size', { a: { $not: { $size: 2 } } }, { a: [1] }, true],
  ['empty array equals empty array', { a: [] }, { a: [] }, true],
  ['empty array is found as an element', { a: [] }, { a: [[]] }, true],
  ['arrays compare as wholes by $gt', { a: { $gt: [1] } }, { a: [1, 2] }, true],
  ['$in of arrays', { a: { $in: [[1, 2]] } }, { a: [1, 2] }, true],
  ['embedded document equality wants the field order', { a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }, false],
  ['embedded document equality wants all fields', { a: { b: 1 } }, { a: { b: 1, c: 2 } }, false],
  ['embedded document equality ignores number types', { a: { b: 1 } }, { a: { b: Long.fromNumber(1) } }, true],
  ['empty document equals empty document', { a: {} }, { a: {} }, true],
];

const paths: Row[] = [
  ['dotted path', { 'a.b': 1 }, { a: { b: 1 } }, true],
  ['deep dotted path', { 'a.b.c': 1 }, { a: { b: { c: 1 } } }, true],
  ['through an array of documents', { 'a.b': 2 }, { a: [{ b: 1 }, { b: 2 }] }, true],
  ['through two arrays', { 'a.b.c': 3 }, { a: [{ b: [{ c: 1 }, { c: 3 }] }] }, true],
  ['not through an array in an array', { 'a.b': 1 }, { a: [[{ b: 1 }]] }, false],
  ['array position', { 'a.1': 2 }, { a: [1, 2] }, true],
  ['array position, other element', { 'a.0': 2 }, { a: [1, 2] }, false],
  ['position and then a field', { 'a.0.b': 1 }, { a: [{ b: 1 }, { b: 2 }] }, true],
  ['position is exact', { 'a.1.b': 1 }, { a: [{ b: 1 }, { b: 2 }] }, false],
  ['position beyond the end is missing', { 'a.5': { $exists: false } }, { a: [1] }, true],
  ['a number can be a field name', { 'a.0': 1 }, { a: { 0: 1 } }, true],
  ['a number field of documents in an array', { 'a.0': 'x' }, { a: [{ 0: 'x' }] }, true],
  ['position in a nested array', { 'a.0.1': 2 }, { a: [[1, 2]] }, true],
  ['an element at a position is not expanded', { 'a.0': 1 }, { a: [[1, 2]] }, false],
  ['an array at the end of a dotted path', { 'a.b': 2 }, { a: { b: [1, 2] } }, true],
  ['an array at the end, within an array', { 'a.b': [1, 2] }, { a: [{ b: [1, 2] }] }, true],
  ['scalar on the way', { 'a.b': 1 }, { a: 'b' }, false],
  ['$exists through an array', { 'a.b': { $exists: true } }, { a: [{}, { b: null }] }, true],
  ['inherited names are not fields', { 'a.constructor': { $exists: true } }, { a: {} }, false],
  ['toString is no field', { toString: { $exists: true } }, {}, false],
  ['$size through an array', { 'a.b': { $size: 1 } }, { a: [{ b: [1] }] }, true],
];

describe.each([
  ['arrays', arrays],
  ['paths', paths],
])('filter: %s', (_topic, rows) => {
  test.each(rows)('%s', (_what, filter, doc, expected) => {
    expect(compileFilter(filter).matches(doc)).toBe(expected);
  });
});

describe('filter: collation', () => {
  const collated: (readonly [string, Document, Document, Document, boolean])[] = [
    ['strength 2 ignores case', { locale: 'en', strength: 2 }, { a: 'ABC' }, { a: 'abc' }, true],
    ['strength 2 sees accents', { locale: 'en', strength: 2 }, { a: 'resume' }, { a: 'résumé' }, false],
    ['strength 1 ignores accents', { locale: 'en', strength: 1 }, { a: 'resume' }, { a: 'Résumé' }, true],
    [
      'strength 1 with caseLevel sees case',
      { locale: 'en', strength: 1, caseLevel: true },
      { a: 'resume' },
      { a: 'Résumé' },
      false,
    ],
    ['strength 3 sees case', { locale: 'en' }, { a: 'ABC' }, { a: 'abc' }, false],
    ['numericOrdering', { locale: 'en', numericOrdering: true }, { a: { $gt: '9' } }, { a: '10' }, true],
    ['without numericOrdering', { locale: 'en' }, { a: { $gt: '9' } }, { a: '10' }, false],
    ['$in', { locale: 'en', strength: 2 }, { a: { $in: ['X', 'Y'] } }, { a: 'y' }, true],
    ['embedded strings', { locale: 'en', strength: 2 }, { a: { b: 'X' } }, { a: { b: 'x' } }, true],
    ['array elements', { locale: 'en', strength: 2 }, { a: 'X' }, { a: ['x'] }, true],
    ['regex is not collated', { locale: 'en', strength: 2 }, { a: { $regex: 'X' } }, { a: 'x' }, false],
    ['lower case first is the default', { locale: 'en' }, { a: { $lt: 'A' } }, { a: 'a' }, true],
    ['$expr too', { locale: 'en', strength: 2 }, { $expr: { $eq: ['$a', 'X'] } }, { a: 'x' }, true],
    ['alternate shifted ignores punctuation', { locale: 'en', alternate: 'shifted' }, { a: 'ab' }, { a: 'a-b' }, true],
    [
      'strength 5 tells everything apart',
      { locale: 'en', strength: 5, alternate: 'shifted' },
      { a: 'ab' },
      { a: 'a-b' },
      false,
    ],
  ];
  test.each(collated)('%s', (_what, collation, filter, doc, expected) => {
    expect(compileFilter(filter, { collation: compileCollation(collation) }).matches(doc)).toBe(expected);
  });

  test.each([
    [{ locale: 'xx-nowhere-at-all' }, 2],
    [{ locale: 'en', strength: 6 }, 2],
    [{ strength: 1 }, 40414],
    [{ locale: 'en', colour: 1 }, 9],
    [{ locale: 'simple', strength: 1 }, 2],
    [{ locale: 'en', caseLevel: 'yes' }, 14],
  ])('refuses %j', (spec, code) => {
    expect(() => compileCollation(spec)).toThrow(expect.objectContaining({ code }));
  });
});

describe('positionalIndex', () => {
  test.each<readonly [Document, Document, number | null]>([
    [{ a: 2 }, { a: [1, 2] }, 1],
    [{ a: { $gt: 1 } }, { a: [1, 5] }, 1],
    [{ a: { $elemMatch: { b: 2 } } }, { a: [{ b: 1 }, { b: 2 }] }, 1],
    [{ 'a.b': 2 }, { a: [{ b: 1 }, { b: 2 }] }, 1],
    [{ 'a.b': 3 }, { a: { b: [1, 2, 3] } }, 2],
    [{ 'a.b': { $elemMatch: { $gt: 1 } } }, { a: [{ b: [1] }, { b: [2] }] }, 1],
    [{ c: 1, a: 1 }, { a: [0, 1], c: 1 }, 1],
    [{ $or: [{ a: 9 }, { a: 1 }] }, { a: [0, 1] }, 1],
    [{ c: 1 }, { a: [1], c: 1 }, null],
    [{ a: { $ne: 5 } }, { a: [1] }, null],
  ])('%j in %j is %s', (filter, doc, index) => {
    expect(compileFilter(filter).positionalIndex(doc)).toBe(index);
  });
});

describe('fields a filter reads', () => {
  test.each<readonly [Document, string[] | null]>([
    [{ a: 1, 'b.c': { $gt: 1 } }, ['a', 'b']],
    [{ $or: [{ a: 1 }, { $nor: [{ b: 1 }] }] }, ['a', 'b']],
    [{ $expr: { $gt: ['$a.x', '$b'] } }, ['a', 'b']],
    [{ $expr: { $eq: ['$$ROOT.a', 1] } }, ['a']],
    [{ $expr: { $gt: [{ $bsonSize: '$$ROOT' }, 1] } }, null],
    [{ $jsonSchema: {} }, null],
  ])('%j reads %j', (filter, fields) => {
    const read = compileFilter(filter).fields;
    expect(read && [...read].sort()).toEqual(fields);
  });
});

describe('refused filters', () => {
  const rows: (readonly [Document, number, string])[] = [
    [{ a: { $foo: 1 } }, 2, 'unknown operator: $foo'],
    [{ $foo: 1 }, 2, 'unknown top level operator: $foo'],
    [{ $and: [] }, 2, 'must be a nonempty array'],
    [{ $or: {} }, 2, '$or must be an array'],
    [{ $or: [1] }, 2, '$or/$and/$nor entries need to be full objects'],
    [{ a: { $in: 1 } }, 2, '$in needs an array'],
    [{ a: { $nin: {} } }, 2, '$nin needs an array'],
    [{ a: { $in: [{ $gt: 1 }] } }, 2, 'cannot nest $ under $in'],
    [{ a: { $not: 1 } }, 2, '$not needs a regex or a document'],
    [{ a: { $not: {} } }, 2, '$not cannot be empty'],
    [{ a: { $size: -1 } }, 9, '$size'],
    [{ a: { $size: 'x' } }, 9, '$size'],
    [{ a: { $mod: [0, 1] } }, 2, 'divisor cannot be 0'],
    [{ a: { $mod: [1] } }, 2, 'malformed mod, not enough elements'],
    [{ a: { $all: 1 } }, 2, '$all needs an array'],
    [{ a: { $elemMatch: 1 } }, 2, '$elemMatch needs an Object'],
    [{ a: { $type: 'text' } }, 2, 'Unknown type name alias: text'],
    [{ a: { $type: 99 } }, 2, 'Invalid numerical type code: 99'],
    [{ a: { $regex: 1 } }, 2, '$regex has to be a string'],
    [{ a: { $options: 'i' } }, 2, '$options needs a $regex'],
    [{ a: { $regex: '(' } }, 51091, 'Regular expression is invalid'],
    [{ a: { $regex: 'a', $options: 'q' } }, 51108, 'invalid flag in regex options: q'],
    [{ a: { $regex: '(a+)+$' } }, 51091, 'Regular expression is invalid'],
    [{ a: { $regex: 'x'.repeat(40_000) } }, 51091, 'too large'],
    [{ $where: 'true' }, 2, 'no globalScriptEngine in $where parsing'],
    [{ a: { $near: [0, 0] } }, 2, '$near'],
    [{ $expr: { $function: { body: 'x', args: [], lang: 'js' } } }, 31264, 'server-side javascript'],
    [{ $expr: { $nope: 1 } }, 168, "Unrecognized expression '$nope'"],
    [{ $expr: '$$nope' }, 17276, 'Use of undefined variable: nope'],
    [{ a: { $gt: /x/ } }, 2, "Can't have RegEx"],
    [{ a: { $ne: /x/ } }, 2, "Can't have regex as arg to $ne."],
    [{ a: { $bitsAllSet: -1 } }, 9, 'non-negative'],
  ];
  test.each(rows)('%j -> %d', (filter, code, message) => {
    expect(() => compileFilter(filter)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
