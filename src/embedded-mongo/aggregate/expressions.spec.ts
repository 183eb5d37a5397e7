import { Binary, Decimal128, Double, Long, ObjectId, Timestamp } from 'bson';

import { type Document } from '../bson/values.js';
import { compileExpression } from './expressions.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const DOC: Document = {
  a: 5,
  b: { c: 2 },
  list: [{ x: 1 }, { x: 2, y: 3 }, 7],
  nums: [3, 1, 2],
  s: 'Hello',
  d: new Date('2024-02-29T23:30:15.250Z'),
  nil: null,
};

const evaluate = (expression: unknown, doc: Document = DOC): unknown =>
  compileExpression(expression, { now: NOW }).evaluate(doc);

const dec = (text: string): Decimal128 => Decimal128.fromString(text);
const long = (value: number): Long => Long.fromNumber(value);
const double = (value: number): Double => new Double(value);

type Row = readonly [what: string, expression: unknown, expected: unknown];

const values: Row[] = [
  ['field', '$a', 5],
  ['dotted field', '$b.c', 2],
  ['field through an array', '$list.x', [1, 2]],
  ['missing field', '$zzz', undefined],
  ['positions are not seen', '$list.0', []],
  ['$$ROOT', '$$ROOT.a', 5],
  ['$$CURRENT', '$$CURRENT.b.c', 2],
  ['$$NOW', '$$NOW', NOW],
  ['$$REMOVE', '$$REMOVE', undefined],
  ['document', { x: '$a', y: '$zzz' }, { x: 5 }],
  ['array fills missing with null', ['$a', '$zzz'], [5, null]],
  ['$literal', { $literal: '$a' }, '$a'],
  ['$let', { $let: { vars: { v: '$a' }, in: { $add: ['$$v', 1] } } }, 6],
  [
    '$let inside $let',
    { $let: { vars: { v: 1 }, in: { $let: { vars: { w: { $add: ['$$v', 1] } }, in: ['$$v', '$$w'] } } } },
    [1, 2],
  ],
];

const comparisons: Row[] = [
  ['$eq across number types', { $eq: ['$a', long(5)] }, true],
  ['$eq null and missing differ', { $eq: ['$zzz', null] }, false],
  ['$gt across types', { $gt: ['x', 5] }, true],
  ['$lt missing and null', { $lt: ['$zzz', null] }, true],
  ['$cmp', { $cmp: [1, 2] }, -1],
  [
    '$ne',
    {
      $ne: [
        [1, 2],
        [1, 2],
      ],
    },
    false,
  ],
  ['$and', { $and: ['$a', true] }, true],
  ['$and of nothing', { $and: [] }, true],
  ['$or of nothing', { $or: [] }, false],
  ['$or takes "" as true', { $or: [''] }, true],
  ['$not of zero', { $not: [0] }, true],
  ['$not of null', { $not: '$nil' }, true],
  ['$cond list', { $cond: [{ $gt: ['$a', 3] }, 'yes', 'no'] }, 'yes'],
  ['$cond named', { $cond: { if: false, then: 1, else: 2 } }, 2],
  ['$ifNull', { $ifNull: ['$zzz', '$nil', 'x'] }, 'x'],
  [
    '$switch',
    {
      $switch: {
        branches: [
          { case: false, then: 1 },
          { case: true, then: 2 },
        ],
        default: 3,
      },
    },
    2,
  ],
  ['$switch default', { $switch: { branches: [{ case: false, then: 1 }], default: 3 } }, 3],
];

const arithmetic: Row[] = [
  ['$add ints', { $add: [1, 2] }, 3],
  ['$add overflows to long', { $add: [2147483647, 1] }, long(2147483648)],
  ['$add long overflows to double', { $add: [Long.MAX_VALUE, 1] }, 2 ** 63],
  ['$add decimal', { $add: [dec('0.1'), dec('0.2')] }, dec('0.3')],
  ['$add date', { $add: ['$d', 1000] }, new Date('2024-02-29T23:30:16.250Z')],
  ['$add null', { $add: [1, null] }, null],
  ['$add missing', { $add: [1, '$zzz'] }, null],
  ['$subtract dates', { $subtract: ['$d', '$d'] }, Long.ZERO],
  ['$subtract ms from a date', { $subtract: ['$d', 250] }, new Date('2024-02-29T23:30:15.000Z')],
  ['$multiply', { $multiply: [2, 3, 4] }, 24],
  ['$divide is double', { $divide: [10, 4] }, 2.5],
  ['$divide evenly', { $divide: [10, 5] }, double(2)],
  ['$mod', { $mod: [-7, 3] }, -1],
  ['$abs', { $abs: -5 }, 5],
  ['$abs of the lowest int', { $abs: -2147483648 }, long(2147483648)],
  ['$ceil', { $ceil: 1.2 }, double(2)],
  ['$floor', { $floor: -1.2 }, double(-2)],
  ['$round half to even', { $round: [2.5] }, double(2)],
  ['$round digits', { $round: [1.255, 2] }, 1.25],
  ['$round tens', { $round: [1255, -1] }, 1260],
  ['$round tens half to even', { $round: [1245, -1] }, 1240],
  ['$trunc', { $trunc: [-1.77, 1] }, -1.7],
  ['$round decimal', { $round: [dec('1.25'), 1] }, dec('1.2')],
  ['$sqrt', { $sqrt: 9 }, double(3)],
  ['$pow int', { $pow: [2, 10] }, 1024],
  ['$pow long', { $pow: [2, 40] }, long(2 ** 40)],
  ['$pow negative exponent', { $pow: [2, -1] }, 0.5],
  ['$ln', { $ln: 1 }, double(0)],
  ['$log', { $log: [8, 2] }, double(3)],
  ['$exp', { $exp: 0 }, double(1)],
  ['$bitAnd', { $bitAnd: [12, 10] }, 8],
  ['$bitNot', { $bitNot: 5 }, -6],
  ['$sin', { $sin: 0 }, double(0)],
  ['$degreesToRadians', { $degreesToRadians: 180 }, Math.PI],
  ['$sum of an array', { $sum: '$nums' }, 6],
  ['$sum of operands', { $sum: ['$a', '$nums', 1] }, 6],
  ['$sum ignores strings', { $sum: [1, 'x'] }, 1],
  ['$avg', { $avg: '$nums' }, double(2)],
  ['$avg of nothing', { $avg: [] }, null],
  ['$max', { $max: '$nums' }, 3],
  ['$min ignores null', { $min: [null, 4] }, 4],
  ['$stdDevPop', { $stdDevPop: [1, 3] }, double(1)],
  ['$median', { $median: { input: '$nums', method: 'approximate' } }, double(2)],
  ['$percentile', { $percentile: { input: '$nums', p: [0.01, 0.99], method: 'approximate' } }, [double(1), double(3)]],
];

const arrays: Row[] = [
  ['$arrayElemAt', { $arrayElemAt: ['$nums', -1] }, 2],
  ['$arrayElemAt beyond', { $arrayElemAt: ['$nums', 9] }, undefined],
  ['$first', { $first: '$nums' }, 3],
  ['$last', { $last: '$nums' }, 2],
  ['$concatArrays', { $concatArrays: ['$nums', [9]] }, [3, 1, 2, 9]],
  ['$in', { $in: [long(1), '$nums'] }, true],
  ['$indexOfArray', { $indexOfArray: ['$nums', 2] }, 2],
  ['$isArray', { $isArray: '$nums' }, true],
  ['$range', { $range: [0, 5, 2] }, [0, 2, 4]],
  ['$range down', { $range: [3, 0, -1] }, [3, 2, 1]],
  ['$reverseArray', { $reverseArray: '$nums' }, [2, 1, 3]],
  ['$size', { $size: '$nums' }, 3],
  ['$slice', { $slice: ['$nums', 1, 5] }, [1, 2]],
  ['$slice negative', { $slice: ['$nums', -2] }, [1, 2]],
  ['$map', { $map: { input: '$nums', as: 'n', in: { $multiply: ['$$n', 2] } } }, [6, 2, 4]],
  ['$map with this', { $map: { input: '$nums', in: '$$this' } }, [3, 1, 2]],
  ['$filter', { $filter: { input: '$nums', cond: { $gt: ['$$this', 1] } } }, [3, 2]],
  ['$filter limit', { $filter: { input: '$nums', cond: true, limit: 1 } }, [3]],
  ['$reduce', { $reduce: { input: '$nums', initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, 6],
  ['$sortArray', { $sortArray: { input: '$nums', sortBy: 1 } }, [1, 2, 3]],
  ['$sortArray by field', { $sortArray: { input: [{ a: 1 }, { a: 2 }], sortBy: { a: -1 } } }, [{ a: 2 }, { a: 1 }]],
  [
    '$zip',
    { $zip: { inputs: [[1, 2], [3]], useLongestLength: true, defaults: [0, 9] } },
    [
      [1, 3],
      [2, 9],
    ],
  ],
  ['$zip shortest', { $zip: { inputs: [[1, 2], [3]] } }, [[1, 3]]],
  ['$firstN', { $firstN: { n: 2, input: '$nums' } }, [3, 1]],
  ['$maxN', { $maxN: { n: 2, input: '$nums' } }, [3, 2]],
  ['$allElementsTrue', { $allElementsTrue: [[1, true]] }, true],
  ['$anyElementTrue', { $anyElementTrue: [[0, false]] }, false],
  [
    '$arrayToObject',
    {
      $arrayToObject: [
        [
          ['a', 1],
          ['b', 2],
        ],
      ],
    },
    { a: 1, b: 2 },
  ],
  ['$objectToArray', { $objectToArray: '$b' }, [{ k: 'c', v: 2 }]],
  ['$mergeObjects', { $mergeObjects: ['$b', { d: 1 }, null] }, { c: 2, d: 1 }],
  ['$getField', { $getField: 'a' }, 5],
  ['$getField of input', { $getField: { field: 'c', input: '$b' } }, 2],
  ['$setField', { $setField: { field: 'x.y', input: '$b', value: 1 } }, { c: 2, 'x.y': 1 }],
  ['$unsetField', { $unsetField: { field: 'c', input: '$b' } }, {}],
  [
    '$setUnion',
    {
      $setUnion: [
        [1, 2],
        [long(2), 3],
      ],
    },
    [1, 2, 3],
  ],
  [
    '$setIntersection',
    {
      $setIntersection: [
        [1, 2, 2],
        [2, 3],
      ],
    },
    [2],
  ],
  ['$setDifference', { $setDifference: [[1, 2], [2]] }, [1]],
  ['$setIsSubset', { $setIsSubset: [[1], [1, 2]] }, true],
  [
    '$setEquals',
    {
      $setEquals: [
        [1, 2],
        [2, 1, 1],
      ],
    },
    true,
  ],
];

const strings: Row[] = [
  ['$concat', { $concat: ['$s', '!'] }, 'Hello!'],
  ['$concat null', { $concat: ['$s', null] }, null],
  ['$toUpper only ASCII', { $toUpper: 'abcé' }, 'ABCé'],
  ['$toLower of null', { $toLower: null }, ''],
  ['$strcasecmp', { $strcasecmp: ['ab', 'AB'] }, 0],
  ['$strLenCP', { $strLenCP: 'a\u{1f600}' }, 2],
  ['$strLenBytes', { $strLenBytes: 'é' }, 2],
  ['$substrCP', { $substrCP: ['$s', 1, 3] }, 'ell'],
  ['$substrBytes to the end', { $substrBytes: ['$s', 1, -1] }, 'ello'],
  ['$indexOfCP', { $indexOfCP: ['$s', 'l'] }, 2],
  ['$indexOfCP from', { $indexOfCP: ['$s', 'l', 3] }, 3],
  ['$indexOfBytes', { $indexOfBytes: ['éa', 'a'] }, 2],
  ['$split', { $split: ['a-b-c', '-'] }, ['a', 'b', 'c']],
  ['$trim', { $trim: { input: '  x ' } }, 'x'],
  ['$ltrim chars', { $ltrim: { input: 'xxy', chars: 'x' } }, 'y'],
  ['$replaceOne', { $replaceOne: { input: 'aa', find: 'a', replacement: { $literal: '$&' } } }, '$&a'],
  ['$replaceAll', { $replaceAll: { input: 'aa', find: 'a', replacement: 'b' } }, 'bb'],
  ['$regexMatch', { $regexMatch: { input: '$s', regex: '^h', options: 'i' } }, true],
  ['$regexFind', { $regexFind: { input: 'xab', regex: '(a)(c)?' } }, { match: 'a', idx: 1, captures: ['a', null] }],
  [
    '$regexFindAll',
    { $regexFindAll: { input: 'aba', regex: 'a' } },
    [
      { match: 'a', idx: 0, captures: [] },
      { match: 'a', idx: 2, captures: [] },
    ],
  ],
];

const conversions: Row[] = [
  ['$type', { $type: '$a' }, 'int'],
  ['$type missing', { $type: '$zzz' }, 'missing'],
  ['$type decimal', { $type: dec('1') }, 'decimal'],
  ['$isNumber', { $isNumber: long(1) }, true],
  ['$toInt', { $toInt: '12' }, 12],
  ['$toInt truncates', { $toInt: -1.9 }, -1],
  ['$toLong of a date', { $toLong: '$d' }, long(1709249415250)],
  ['$toDouble', { $toDouble: '1.5e3' }, double(1500)],
  ['$toDecimal', { $toDecimal: '1.50' }, dec('1.50')],
  ['$toString of a double', { $toString: 1.5 }, '1.5'],
  ['$toString of a long', { $toString: long(5) }, '5'],
  ['$toString of an ObjectId', { $toString: new ObjectId('a'.repeat(24)) }, 'a'.repeat(24)],
  ['$toString of a date', { $toString: '$d' }, '2024-02-29T23:30:15.250Z'],
  ['$toBool of a string', { $toBool: '' }, true],
  ['$toDate of a string', { $toDate: '2024-01-01' }, new Date('2024-01-01T00:00:00Z')],
  ['$toDate of a long', { $toDate: long(5) }, new Date(5)],
  ['$toObjectId', { $toObjectId: 'b'.repeat(24) }, new ObjectId('b'.repeat(24))],
  ['$convert onError', { $convert: { input: 'x', to: 'int', onError: 'bad' } }, 'bad'],
  ['$convert onNull', { $convert: { input: null, to: 'int', onNull: 0 } }, 0],
  ['$convert by code', { $convert: { input: 1, to: 2 } }, '1'],
  ['$bsonSize', { $bsonSize: '$b' }, 12],
  ['$binarySize', { $binarySize: new Binary(Buffer.from('abc')) }, 3],
];

const dates: Row[] = [
  ['$year', { $year: '$d' }, 2024],
  ['$month', { $month: '$d' }, 2],
  ['$dayOfMonth', { $dayOfMonth: '$d' }, 29],
  ['$dayOfMonth in a zone', { $dayOfMonth: { date: '$d', timezone: 'Europe/Berlin' } }, 1],
  ['$hour at an offset', { $hour: { date: '$d', timezone: '+05:30' } }, 5],
  ['$hour at night', { $hour: { date: '$d', timezone: 'America/Argentina/Buenos_Aires' } }, 20],
  ['$dayOfYear', { $dayOfYear: '$d' }, 60],
  ['$dayOfWeek', { $dayOfWeek: '$d' }, 5],
  ['$week', { $week: new Date('2023-01-01') }, 1],
  ['$week before the first Sunday', { $week: new Date('2022-01-01') }, 0],
  ['$isoWeek', { $isoWeek: new Date('2021-01-03') }, 53],
  ['$isoWeekYear', { $isoWeekYear: new Date('2021-01-03') }, long(2020)],
  ['$isoDayOfWeek', { $isoDayOfWeek: new Date('2021-01-03') }, 7],
  ['$year of an ObjectId', { $year: new ObjectId('65a000000000000000000000') }, 2024],
  ['$year of a timestamp', { $year: new Timestamp({ t: 0, i: 1 }) }, 1970],
  ['$year of null', { $year: null }, null],
  ['$dateToString', { $dateToString: { date: '$d' } }, '2024-02-29T23:30:15.250Z'],
  [
    '$dateToString format',
    { $dateToString: { date: '$d', format: '%d.%m.%Y %H:%M %j %u %V %b' } },
    '29.02.2024 23:30 060 4 09 Feb',
  ],
  [
    '$dateToString zone',
    { $dateToString: { date: '$d', format: '%H:%M %z', timezone: 'Europe/Berlin' } },
    '00:30 +0100',
  ],
  ['$dateToString onNull', { $dateToString: { date: null, onNull: 'none' } }, 'none'],
  [
    '$dateFromString',
    { $dateFromString: { dateString: '2024-02-29T10:00:00+02:00' } },
    new Date('2024-02-29T08:00:00Z'),
  ],
  [
    '$dateFromString zone',
    { $dateFromString: { dateString: '2024-07-01', timezone: 'Europe/Berlin' } },
    new Date('2024-06-30T22:00:00Z'),
  ],
  [
    '$dateFromString format',
    { $dateFromString: { dateString: '29/02/2024', format: '%d/%m/%Y' } },
    new Date('2024-02-29T00:00:00Z'),
  ],
  ['$dateFromString onError', { $dateFromString: { dateString: 'x', onError: 'bad' } }, 'bad'],
  ['$dateFromParts', { $dateFromParts: { year: 2024, month: 14, day: 1 } }, new Date('2025-02-01T00:00:00Z')],
  [
    '$dateFromParts iso',
    { $dateFromParts: { isoWeekYear: 2020, isoWeek: 53, isoDayOfWeek: 7 } },
    new Date('2021-01-03T00:00:00Z'),
  ],
  [
    '$dateToParts',
    { $dateToParts: { date: '$d' } },
    { year: 2024, month: 2, day: 29, hour: 23, minute: 30, second: 15, millisecond: 250 },
  ],
  [
    '$dateAdd clamps to the month',
    { $dateAdd: { startDate: new Date('2024-01-31'), unit: 'month', amount: 1 } },
    new Date('2024-02-29'),
  ],
  [
    '$dateAdd a day over a clock change',
    { $dateAdd: { startDate: new Date('2024-03-30T12:00:00Z'), unit: 'day', amount: 1, timezone: 'Europe/Berlin' } },
    new Date('2024-03-31T11:00:00Z'),
  ],
  [
    '$dateSubtract',
    { $dateSubtract: { startDate: '$d', unit: 'hour', amount: 24 } },
    new Date('2024-02-28T23:30:15.250Z'),
  ],
  [
    '$dateDiff counts boundaries',
    {
      $dateDiff: {
        startDate: new Date('2023-12-31T23:59:00Z'),
        endDate: new Date('2024-01-01T00:01:00Z'),
        unit: 'year',
      },
    },
    long(1),
  ],
  [
    '$dateDiff weeks',
    { $dateDiff: { startDate: new Date('2024-03-02'), endDate: new Date('2024-03-03'), unit: 'week' } },
    long(1),
  ],
  [
    '$dateDiff weeks from Monday',
    {
      $dateDiff: {
        startDate: new Date('2024-03-02'),
        endDate: new Date('2024-03-03'),
        unit: 'week',
        startOfWeek: 'mon',
      },
    },
    long(0),
  ],
  ['$dateTrunc hour', { $dateTrunc: { date: '$d', unit: 'hour' } }, new Date('2024-02-29T23:00:00Z')],
  ['$dateTrunc month', { $dateTrunc: { date: '$d', unit: 'month' } }, new Date('2024-02-01T00:00:00Z')],
  ['$dateTrunc week', { $dateTrunc: { date: '$d', unit: 'week' } }, new Date('2024-02-25T00:00:00Z')],
  ['$dateTrunc bins', { $dateTrunc: { date: '$d', unit: 'minute', binSize: 15 } }, new Date('2024-02-29T23:30:00Z')],
  [
    '$dateTrunc day in a zone',
    { $dateTrunc: { date: '$d', unit: 'day', timezone: 'Europe/Berlin' } },
    new Date('2024-02-29T23:00:00Z'),
  ],
];

describe.each([
  ['values', values],
  ['comparison and conditions', comparisons],
  ['arithmetic', arithmetic],
  ['arrays, objects, sets', arrays],
  ['strings', strings],
  ['conversion', conversions],
  ['dates', dates],
])('expression: %s', (_topic, rows) => {
  test.each(rows)('%s', (_what, expression, expected) => {
    expect(evaluate(expression)).toEqual(expected);
  });
});

test('$concatArrays takes arrays of any length', () => {
  const big = new Array<number>(300_000).fill(1);
  expect(evaluate({ $concatArrays: ['$v', '$v'] }, { v: big })).toHaveLength(600_000);
});

test('$sum of one array is exact for longs', () => {
  expect(String(evaluate({ $sum: '$v' }, { v: [Long.fromString('9007199254740993'), 2] }))).toBe('9007199254740995');
  expect(String(evaluate({ $sum: '$v' }, { v: [dec('0.1'), dec('0.2'), 1] }))).toBe('1.3');
  expect(evaluate({ $sum: '$v' }, { v: [0.1, 0.2, 0.3] })).toBe(0.6);
});

describe('expressions refused', () => {
  test.each<readonly [unknown, number]>([
    [{ $nope: 1 }, 168],
    [{ $add: 1, $subtract: 1 }, 15983],
    ['$$nope', 17276],
    ['$', 16872],
    ['$a.', 40353],
    ['$a..b', 15998],
    [{ $subtract: [1] }, 16020],
    [{ $add: ['x'] }, 14],
    [{ $divide: [1, 0] }, 2],
    [{ $mod: [1, 0] }, 16610],
    [{ $size: '$a' }, 17124],
    [{ $toInt: 'x' }, 241],
    [{ $toInt: 3e9 }, 241],
    [{ $switch: { branches: [{ case: false, then: 1 }] } }, 40066],
    [{ $switch: { branches: [] } }, 40068],
    [{ $let: { vars: { V: 1 }, in: 1 } }, 16867],
    [{ $map: { input: 5, in: 1 } }, 16883],
    [{ $year: 'x' }, 16006],
    [{ $hour: { date: '$d', timezone: 'Mars/Base' } }, 40485],
    [{ $dateToString: { date: '$d', format: '%Q' } }, 18536],
    [{ $concat: [5] }, 16702],
    [{ $arrayElemAt: [5, 0] }, 28689],
    [{ $accumulator: {} }, 31264],
    [{ $regexMatch: { input: 'a', regex: '(a+)+$' } }, 51091],
    [{ $range: [0, 1e9] }, 146],
  ])('%j -> %d', (expression, code) => {
    expect(() => evaluate(expression)).toThrow(expect.objectContaining({ code }));
  });

  test('deep nesting is refused, not a stack overflow', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 5_000; i++) deep = { $not: [deep] };
    expect(() => evaluate(deep)).toThrow(expect.objectContaining({ code: 9 }));
  });
});
