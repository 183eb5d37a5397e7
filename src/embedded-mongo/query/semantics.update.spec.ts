import { Decimal128, Double, Long, Timestamp } from 'bson';

import { type Document } from '../bson/values.js';
import { type ApplyOptions, applyUpdate, compileUpdate, type UpdateOptions } from './update.js';

const NOW = new Date('2026-01-02T03:04:05Z');

function update(doc: Document, spec: unknown, options: UpdateOptions & Partial<ApplyOptions> = {}): Document {
  return applyUpdate(doc, compileUpdate(spec, options), { now: NOW, ...options }).doc;
}

type Row = readonly [what: string, doc: Document, spec: unknown, expected: Document];

const fields: Row[] = [
  ['$set a new field', { a: 1 }, { $set: { b: 2 } }, { a: 1, b: 2 }],
  ['$set keeps the place of a field', { a: 1, b: 2 }, { $set: { a: 9 } }, { a: 9, b: 2 }],
  ['$set makes documents on the way', {}, { $set: { 'a.b.c': 1 } }, { a: { b: { c: 1 } } }],
  ['$set by position', { a: [1, 2] }, { $set: { 'a.1': 9 } }, { a: [1, 9] }],
  ['$set beyond the end fills with null', { a: [1] }, { $set: { 'a.3': 9 } }, { a: [1, null, null, 9] }],
  ['$set in a document in an array', { a: [{ b: 1 }] }, { $set: { 'a.0.b': 2 } }, { a: [{ b: 2 }] }],
  ['a number makes a field where nothing is', {}, { $set: { 'a.0': 1 } }, { a: { 0: 1 } }],
  ['new fields come in name order', {}, { $set: { b: 1, a: 2 } }, { a: 2, b: 1 }],
  ['numeric names come in number order', { x: {} }, { $set: { 'x.10': 1, 'x.9': 2 } }, { x: { 9: 2, 10: 1 } }],
  ['empty operators change nothing', { a: 1 }, { $set: {} }, { a: 1 }],
  ['$unset', { a: 1, b: 2 }, { $unset: { a: '' } }, { b: 2 }],
  ['$unset of an element leaves null', { a: [1, 2] }, { $unset: { 'a.0': 1 } }, { a: [null, 2] }],
  ['$unset of nothing', { a: 1 }, { $unset: { 'b.c': 1 } }, { a: 1 }],
  ['$unset through a scalar', { a: 1 }, { $unset: { 'a.b': 1 } }, { a: 1 }],
  ['$rename', { a: 1, b: 2 }, { $rename: { a: 'c' } }, { b: 2, c: 1 }],
  ['$rename into a document', { a: 1 }, { $rename: { a: 'b.c' } }, { b: { c: 1 } }],
  ['$rename over a field', { a: 1, b: 2 }, { $rename: { a: 'b' } }, { b: 1 }],
  ['$rename of nothing', { a: 1 }, { $rename: { x: 'y' } }, { a: 1 }],
  ['$min lowers', { a: 5 }, { $min: { a: 3 } }, { a: 3 }],
  ['$min keeps', { a: 5 }, { $min: { a: 7 } }, { a: 5 }],
  ['$min of a missing field sets', {}, { $min: { a: 7 } }, { a: 7 }],
  ['$min compares across types', { a: 'x' }, { $min: { a: 7 } }, { a: 7 }],
  [
    '$max compares longs as numbers',
    { a: Long.fromNumber(9) },
    { $max: { a: Long.fromNumber(10) } },
    { a: Long.fromNumber(10) },
  ],
  ['$max of null', { a: null }, { $max: { a: 1 } }, { a: 1 }],
  ['$max of dates', { a: new Date(1) }, { $max: { a: new Date(2) } }, { a: new Date(2) }],
  ['$currentDate true', {}, { $currentDate: { a: true } }, { a: NOW }],
  ['$currentDate as date', {}, { $currentDate: { a: { $type: 'date' } } }, { a: NOW }],
  ['$setOnInsert does nothing on update', { a: 1 }, { $setOnInsert: { b: 1 } }, { a: 1 }],
];

const numbers: Row[] = [
  ['$inc', { a: 1 }, { $inc: { a: 2 } }, { a: 3 }],
  ['$inc of a missing field', {}, { $inc: { a: 2 } }, { a: 2 }],
  ['$inc with a double', { a: 1 }, { $inc: { a: 0.5 } }, { a: 1.5 }],
  ['$inc to an integral double', { a: 0.5 }, { $inc: { a: 0.5 } }, { a: new Double(1) }],
  ['int32 overflows to int64', { a: 2147483647 }, { $inc: { a: 1 } }, { a: Long.fromNumber(2147483648) }],
  ['int64 stays int64', { a: Long.fromNumber(1) }, { $inc: { a: 1 } }, { a: Long.fromNumber(2) }],
  [
    'int64 is exact',
    { a: Long.fromString('9007199254740993') },
    { $inc: { a: 1 } },
    { a: Long.fromString('9007199254740994') },
  ],
  [
    'decimal',
    { a: Decimal128.fromString('0.1') },
    { $inc: { a: Decimal128.fromString('0.2') } },
    { a: Decimal128.fromString('0.3') },
  ],
  ['decimal with int', { a: 1 }, { $inc: { a: Decimal128.fromString('0.5') } }, { a: Decimal128.fromString('1.5') }],
  ['$mul', { a: 3 }, { $mul: { a: 2 } }, { a: 6 }],
  ['$mul of a missing field is zero', {}, { $mul: { a: 2 } }, { a: 0 }],
  ['$mul of a missing field keeps the type', {}, { $mul: { a: Long.fromNumber(2) } }, { a: Long.ZERO }],
  ['$mul overflows to int64', { a: 2147483647 }, { $mul: { a: 2 } }, { a: Long.fromNumber(4294967294) }],
  ['$mul decimal', { a: Decimal128.fromString('1.5') }, { $mul: { a: 2 } }, { a: Decimal128.fromString('3.0') }],
  ['$bit and', { a: 13 }, { $bit: { a: { and: 10 } } }, { a: 8 }],
  ['$bit or', { a: 13 }, { $bit: { a: { or: 2 } } }, { a: 15 }],
  ['$bit xor of a missing field', {}, { $bit: { a: { xor: 5 } } }, { a: 5 }],
  ['$bit with a long', { a: 1 }, { $bit: { a: { or: Long.fromNumber(2) } } }, { a: Long.fromNumber(3) }],
];

const arrays: Row[] = [
  ['$push', { a: [1] }, { $push: { a: 2 } }, { a: [1, 2] }],
  ['$push to a missing field', {}, { $push: { a: 1 } }, { a: [1] }],
  ['$push an array as one element', { a: [] }, { $push: { a: [1, 2] } }, { a: [[1, 2]] }],
  ['$push $each', { a: [1] }, { $push: { a: { $each: [2, 3] } } }, { a: [1, 2, 3] }],
  ['$push $position', { a: [1, 4] }, { $push: { a: { $each: [2, 3], $position: 1 } } }, { a: [1, 2, 3, 4] }],
  ['$push negative $position', { a: [1, 4] }, { $push: { a: { $each: [3], $position: -1 } } }, { a: [1, 3, 4] }],
  ['$push $slice from the end', { a: [1, 2] }, { $push: { a: { $each: [3], $slice: -2 } } }, { a: [2, 3] }],
  ['$push $slice 0 empties', { a: [1, 2] }, { $push: { a: { $each: [3], $slice: 0 } } }, { a: [] }],
  ['$push $sort', { a: [3, 1] }, { $push: { a: { $each: [2], $sort: 1 } } }, { a: [1, 2, 3] }],
  [
    '$push $sort by a field, then $slice',
    { a: [{ s: 3 }, { s: 1 }] },
    { $push: { a: { $each: [{ s: 2 }], $sort: { s: -1 }, $slice: 2 } } },
    { a: [{ s: 3 }, { s: 2 }] },
  ],
  ['$addToSet adds', { a: [1] }, { $addToSet: { a: 2 } }, { a: [1, 2] }],
  ['$addToSet knows equal numbers', { a: [1] }, { $addToSet: { a: Long.fromNumber(1) } }, { a: [1] }],
  [
    '$addToSet minds the field order',
    { a: [{ x: 1, y: 2 }] },
    { $addToSet: { a: { y: 2, x: 1 } } },
    {
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    },
  ],
  ['$addToSet $each', { a: [1] }, { $addToSet: { a: { $each: [1, 2, 2] } } }, { a: [1, 2] }],
  ['$pull a value', { a: [1, 2, 1] }, { $pull: { a: 1 } }, { a: [2] }],
  ['$pull by operator', { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
  ['$pull documents by fields', { a: [{ b: 1, c: 1 }, { b: 2 }] }, { $pull: { a: { b: 1 } } }, { a: [{ b: 2 }] }],
  [
    '$pull documents by a condition',
    { a: [{ b: 1 }, { b: 5 }] },
    { $pull: { a: { b: { $gt: 3 } } } },
    { a: [{ b: 1 }] },
  ],
  ['$pull by regex', { a: ['ab', 'b'] }, { $pull: { a: /^a/ } }, { a: ['b'] }],
  ['$pull with $in', { a: [1, 2, 3] }, { $pull: { a: { $in: [1, 3] } } }, { a: [2] }],
  ['$pull of nothing', {}, { $pull: { a: 1 } }, {}],
  ['$pullAll', { a: [1, 2, 3, 2] }, { $pullAll: { a: [2, 3] } }, { a: [1] }],
  ['$pop last', { a: [1, 2] }, { $pop: { a: 1 } }, { a: [1] }],
  ['$pop first', { a: [1, 2] }, { $pop: { a: -1 } }, { a: [2] }],
  ['$pop of an empty array', { a: [] }, { $pop: { a: 1 } }, { a: [] }],
  ['$[] touches all', { a: [1, 2] }, { $inc: { 'a.$[]': 10 } }, { a: [11, 12] }],
  ['$[] of documents', { a: [{ b: 1 }, { b: 2 }] }, { $set: { 'a.$[].b': 0 } }, { a: [{ b: 0 }, { b: 0 }] }],
];

describe.each([
  ['fields', fields],
  ['numbers', numbers],
  ['arrays', arrays],
])('update: %s', (_topic, rows) => {
  test.each(rows)('%s', (_what, doc, spec, expected) => {
    const before = structuredClone(JSON.stringify(doc));
    const result = update(doc, spec);
    expect(result).toEqual(expected);
    expect(Object.keys(result)).toEqual(Object.keys(expected));
    expect(JSON.stringify(doc)).toBe(before); // the input is not changed
  });
});

describe('update: positions and filters', () => {
  test('$ is the element the query matched', () => {
    expect(update({ a: [1, 2, 3] }, { $set: { 'a.$': 9 } }, { matchedIndex: 1 })).toEqual({ a: [1, 9, 3] });
    expect(update({ a: [{ b: 1 }] }, { $set: { 'a.$.b': 9 } }, { matchedIndex: 0 })).toEqual({ a: [{ b: 9 }] });
  });

  test('$[id] is what its array filter accepts', () => {
    expect(update({ a: [1, 5, 9] }, { $set: { 'a.$[x]': 0 } }, { arrayFilters: [{ x: { $gte: 5 } }] })).toEqual({
      a: [1, 0, 0],
    });
    const nested = { a: [{ b: [{ c: 1 }, { c: 2 }] }, { b: [{ c: 2 }] }] };
    expect(update(nested, { $set: { 'a.$[].b.$[y].c': 9 } }, { arrayFilters: [{ 'y.c': 2 }] })).toEqual({
      a: [{ b: [{ c: 1 }, { c: 9 }] }, { b: [{ c: 9 }] }],
    });
  });

  test.each<readonly [unknown, UpdateOptions, number, string]>([
    [{ $set: { 'a.$[x]': 0 } }, {}, 2, "No array filter found for identifier 'x' in path 'a.$[x]'"],
    [{ $set: { a: 0 } }, { arrayFilters: [{ x: 1 }] }, 9, "The array filter for identifier 'x' was not used"],
    [{ $set: { 'a.$[x]': 0 } }, { arrayFilters: [{ x: 1 }, { x: 2 }] }, 9, 'Found multiple array filters'],
    [
      { $set: { 'a.$[x]': 0 } },
      { arrayFilters: [{ X: 1 }] },
      2,
      'must be an alphanumeric string beginning with a lowercase letter',
    ],
    [{ $set: { 'a.$[x]': 0 } }, { arrayFilters: [{ x: 1, y: 1 }] }, 9, 'Expected a single top-level field name'],
    [{ $set: { 'a.$[x]': 0 } }, { arrayFilters: [{}] }, 9, 'without a top-level field name'],
  ])('%j refused', (spec, options, code, message) => {
    expect(() => compileUpdate(spec, options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe('update: refused', () => {
  const compiling: (readonly [unknown, number, string])[] = [
    [{ $set: { a: 1 }, $inc: { a: 1 } }, 40, "Updating the path 'a' would create a conflict at 'a'"],
    [{ $set: { a: 1, 'a.b': 1 } }, 40, "Updating the path 'a.b' would create a conflict at 'a'"],
    [{ $set: { 'a.b': 1 }, $unset: { a: 1 } }, 40, "conflict at 'a'"],
    [{ $rename: { a: 'b' }, $set: { b: 1 } }, 40, "conflict at 'b'"],
    [{ $foo: { a: 1 } }, 9, 'Unknown modifier: $foo'],
    [{ $set: { a: 1 }, b: 1 }, 9, 'Unknown modifier: b'],
    [{ $set: 1 }, 9, 'Modifiers operate on fields but we found type int instead'],
    [{ $set: { '': 1 } }, 56, 'empty'],
    [{ $set: { 'a.': 1 } }, 56, "The update path 'a.' contains an empty field name"],
    [{ $set: { 'a..b': 1 } }, 56, 'empty field name'],
    [{ $set: { $a: 1 } }, 52, "The dollar ($) prefixed field '$a' in '$a' is not valid for storage."],
    [{ $set: { a: { $b: 1 } } }, 52, "'$b' in 'a.$b'"],
    [{ $inc: { a: 'x' } }, 14, 'Cannot increment with non-numeric argument: {a: "x"}'],
    [{ $mul: { a: 'x' } }, 14, 'Cannot multiply with non-numeric argument'],
    [{ $push: { a: { $each: 1 } } }, 2, 'The argument to $each in $push must be an array but it was of type: int'],
    [{ $push: { a: { $each: [], $foo: 1 } } }, 2, 'Unrecognized clause in $push: $foo'],
    [{ $push: { a: { $each: [], $slice: 'x' } } }, 2, 'The value for $slice must be an integer value'],
    [{ $push: { a: { $each: [], $sort: 2 } } }, 2, '$sort element value must be either 1 or -1'],
    [{ $pop: { a: 2 } }, 9, '$pop expects 1 or -1, found: 2'],
    [{ $pullAll: { a: 1 } }, 2, '$pullAll requires an array argument but was given a int'],
    [{ $bit: { a: { and: 1.5 } } }, 2, '$bit modifier field must be an Integer'],
    [{ $bit: { a: { nand: 1 } } }, 2, "only supports 'and', 'or', and 'xor'"],
    [{ $bit: { a: {} } }, 2, 'at least one bitwise operation'],
    [{ $rename: { a: 1 } }, 2, "The 'to' field for $rename must be a string"],
    [{ $rename: { a: 'a' } }, 2, 'must differ'],
    [{ $rename: { 'a.$': 'b' } }, 2, 'may not be dynamic'],
    [{ $currentDate: { a: 1 } }, 2, 'is not valid type for $currentDate'],
    [{ $currentDate: { a: { $type: 'year' } } }, 2, "required to be 'date' or 'timestamp'"],
    [{ a: 1, $b: 1 }, 52, "prefixed field '$b'"],
    [[{ $match: {} }], 72, '$match is not allowed to be used within an update'],
    [5, 9, 'Update argument must be either an object or an array'],
  ];
  test.each(compiling)('%j when compiled', (spec, code, message) => {
    expect(() => compileUpdate(spec)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  const applying: (readonly [Document, unknown, number, string])[] = [
    [{ a: 5 }, { $set: { 'a.b': 1 } }, 28, "Cannot create field 'b' in element {a: 5}"],
    [{ a: null }, { $set: { 'a.b': 1 } }, 28, "Cannot create field 'b' in element {a: null}"],
    [{ a: [1] }, { $set: { 'a.b': 1 } }, 28, "Cannot create field 'b' in element {a: [ 1 ]}"],
    [
      { _id: 1, a: 'x' },
      { $inc: { a: 1 } },
      14,
      "Cannot apply $inc to a value of non-numeric type. {_id: 1} has the field 'a' of non-numeric type string",
    ],
    [{ a: null }, { $inc: { a: 1 } }, 14, 'non-numeric type null'],
    [{ a: Long.MAX_VALUE }, { $inc: { a: 1 } }, 2, 'Failed to apply $inc operations to current value'],
    [{ a: 1.5 }, { $bit: { a: { and: 1 } } }, 2, 'Cannot apply $bit to a value of non-integral type'],
    [{ a: 1 }, { $push: { a: 1 } }, 2, "The field 'a' must be an array but is of type int"],
    [{ a: 1 }, { $addToSet: { a: 1 } }, 2, 'Cannot apply $addToSet to non-array field'],
    [{ a: 1 }, { $pull: { a: 1 } }, 2, 'Cannot apply $pull to a non-array value'],
    [{ a: 1 }, { $pop: { a: 1 } }, 14, "Path 'a' contains an element of non-array type 'int'"],
    [{ a: [1] }, { $set: { 'a.$': 1 } }, 2, 'The positional operator did not find the match needed from the query.'],
    [{}, { $set: { 'a.$[]': 1 } }, 2, "The path 'a' must exist in the document in order to apply array updates."],
    [{ a: 1 }, { $set: { 'a.$[]': 1 } }, 2, 'Cannot apply array updates to non-array element a: 1'],
    [{ a: [1] }, { $rename: { 'a.0': 'b' } }, 2, 'The source field cannot be an array element'],
    [{ a: 1, b: [1] }, { $rename: { a: 'b.0' } }, 2, 'The destination field cannot be an array element'],
    [
      { _id: 1 },
      { $set: { _id: 2 } },
      66,
      "Performing an update on the path '_id' would modify the immutable field '_id'",
    ],
    [{ _id: 1 }, { $unset: { _id: 1 } }, 66, "immutable field '_id'"],
    [{ _id: { a: 1 } }, { $set: { '_id.a': 2 } }, 66, "immutable field '_id'"],
    [{ _id: 1, a: 1 }, { _id: 2, a: 1 }, 66, "(immutable) field '_id' was found to have been altered to _id: 2"],
    [{ a: [] }, { $set: { 'a.2000000': 1 } }, 2, "can't backfill more than 1500000 elements"],
  ];
  test.each(applying)('%j by %j when applied', (doc, spec, code, message) => {
    expect(() => update(doc, spec)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe('update: what counts as a change', () => {
  test.each<readonly [Document, unknown, boolean]>([
    [{ a: 1 }, { $set: { a: 1 } }, false],
    [{ a: 1 }, { $set: { a: new Double(1) } }, true],
    [{ a: { x: 1, y: 2 } }, { $set: { a: { y: 2, x: 1 } } }, true],
    [{ a: 1 }, { $inc: { a: 0 } }, false],
    [{ a: [1] }, { $addToSet: { a: 1 } }, false],
    [{ a: [1] }, { $pull: { a: 5 } }, false],
    [{ a: 1 }, { $unset: { b: 1 } }, false],
    [{ a: 5 }, { $max: { a: 5 } }, false],
    [{ _id: 1, a: 1 }, { a: 1 }, false],
    [{ _id: 1, a: 1 }, { a: 2 }, true],
    [{ _id: 1, a: 1 }, [{ $set: { a: 1 } }], false],
  ])('%j by %j: %s', (doc, spec, changed) => {
    expect(applyUpdate(doc, compileUpdate(spec), { now: NOW }).changed).toBe(changed);
  });
});

describe('update: replacement, pipeline, insert', () => {
  test('a replacement keeps _id in front', () => {
    expect(Object.entries(update({ _id: 1, a: 1 }, { b: 2, c: 3 }))).toEqual([
      ['_id', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(update({ _id: 1, a: 1 }, {})).toEqual({ _id: 1 });
    expect(Object.keys(update({ _id: 1 }, { b: 1, _id: 1 }))).toEqual(['_id', 'b']);
  });

  test('a pipeline sees the stages before', () => {
    const spec = [{ $set: { b: { $add: ['$a', 1] } } }, { $set: { c: { $multiply: ['$b', 2] } } }, { $unset: 'a' }];
    expect(update({ _id: 1, a: 1 }, spec)).toEqual({ _id: 1, b: 2, c: 4 });
    expect(update({ _id: 1, a: { x: 1 } }, [{ $replaceWith: '$a' }])).toEqual({ _id: 1, x: 1 });
    expect(update({ _id: 1, a: 1 }, [{ $set: { b: '$$NOW', c: '$$v' } }], { now: NOW, let: { v: 7 } })).toEqual({
      _id: 1,
      a: 1,
      b: NOW,
      c: 7,
    });
  });

  test('$setOnInsert applies when an upsert inserts, and _id may be set', () => {
    expect(update({ a: 1 }, { $setOnInsert: { b: 2, _id: 5 }, $set: { c: 3 } }, { isInsert: true })).toEqual({
      a: 1,
      b: 2,
      c: 3,
      _id: 5,
    });
  });

  test('$currentDate timestamps have the seconds of now', () => {
    const { a } = update({}, { $currentDate: { a: { $type: 'timestamp' } } });
    expect(a).toBeInstanceOf(Timestamp);
    expect((a as Timestamp).getHighBitsUnsigned()).toBe(NOW.getTime() / 1000);
  });

  test('a shared operand is copied into each document', () => {
    const compiled = compileUpdate({ $set: { a: { list: [] } } });
    const first = applyUpdate({}, compiled, { now: NOW }).doc;
    const pushed = applyUpdate(first, compileUpdate({ $push: { 'a.list': 1 } }), { now: NOW }).doc;
    expect(applyUpdate({}, compiled, { now: NOW }).doc).toEqual({ a: { list: [] } });
    expect(pushed).toEqual({ a: { list: [1] } });
  });

  test('__proto__ is a field like any other', () => {
    const doc = update({}, JSON.parse('{"$set":{"__proto__.polluted":1}}'));
    expect(Object.hasOwn(doc, '__proto__')).toBe(true);
    expect(({} as Document).polluted).toBeUndefined();
  });
});
