import { Binary, BSONRegExp, Code, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';

import { type Document } from '../bson/values.js';
import { compileFilter } from './match.js';

/** Documented behaviour of comparison operators across types, one odd value per row: filter, document, matches? */
type Row = readonly [what: string, filter: Document, doc: Document, matches: boolean];

const id = (digit: string): ObjectId => new ObjectId(digit.repeat(24));
const bin = (text: string, subtype = 0): Binary => new Binary(Buffer.from(text), subtype);

const numbers: Row[] = [
  ['int equals double', { a: 5 }, { a: new Double(5) }, true],
  ['int equals long', { a: 5 }, { a: Long.fromNumber(5) }, true],
  ['long equals int', { a: Long.fromNumber(5) }, { a: 5 }, true],
  ['int equals decimal', { a: 5 }, { a: Decimal128.fromString('5.00') }, true],
  ['decimal equals double exactly', { a: Decimal128.fromString('0.5') }, { a: 0.5 }, true],
  ['decimal 0.1 is not double 0.1', { a: Decimal128.fromString('0.1') }, { a: 0.1 }, false],
  ['long beyond 2^53 keeps its last digit', { a: Long.fromString('9007199254740993') }, { a: 9007199254740992 }, false],
  [
    'long beyond 2^53 above its neighbour',
    { a: { $gt: 9007199254740992 } },
    { a: Long.fromString('9007199254740993') },
    true,
  ],
  ['int below long', { a: { $lt: Long.fromNumber(10) } }, { a: 9 }, true],
  ['decimal above int', { a: { $gt: 1 } }, { a: Decimal128.fromString('1.0000000001') }, true],
  ['-0 equals 0', { a: 0 }, { a: -0 }, true],
  ['NaN equals NaN', { a: NaN }, { a: NaN }, true],
  ['NaN equals decimal NaN', { a: NaN }, { a: Decimal128.fromString('NaN') }, true],
  ['$gte NaN matches NaN', { a: { $gte: NaN } }, { a: NaN }, true],
  ['$lte NaN matches NaN', { a: { $lte: NaN } }, { a: NaN }, true],
  ['$gte NaN matches no number', { a: { $gte: NaN } }, { a: 1 }, false],
  ['$gt NaN matches nothing', { a: { $gt: NaN } }, { a: NaN }, false],
  ['NaN is not below a number', { a: { $lt: 1 } }, { a: NaN }, false],
  ['Infinity above everything finite', { a: { $gt: 1e308 } }, { a: Infinity }, true],
  ['decimal Infinity equals double Infinity', { a: Infinity }, { a: Decimal128.fromString('Infinity') }, true],
  ['huge decimal is below Infinity', { a: { $lt: Infinity } }, { a: Decimal128.fromString('1E+6000') }, true],
  ['string digits are no number', { a: 5 }, { a: '5' }, false],
  ['true is not 1', { a: 1 }, { a: true }, false],
];

const bracketing: Row[] = [
  ['$gt number ignores strings', { a: { $gt: 5 } }, { a: 'x' }, false],
  ['$lt string ignores numbers', { a: { $lt: 'x' } }, { a: 5 }, false],
  ['$gt string within strings', { a: { $gt: 'a' } }, { a: 'b' }, true],
  ['upper case below lower case', { a: { $lt: 'a' } }, { a: 'B' }, true],
  ['$gt date within dates', { a: { $gt: new Date(1) } }, { a: new Date(2) }, true],
  ['dates are no numbers', { a: { $gt: 0 } }, { a: new Date(5) }, false],
  ['dates are no timestamps', { a: { $gt: new Date(0) } }, { a: new Timestamp({ t: 5, i: 0 }) }, false],
  ['$lt true matches false', { a: { $lt: true } }, { a: false }, true],
  ['ObjectIds order by bytes', { a: { $gt: id('1') } }, { a: id('2') }, true],
  ['ObjectId is no string', { a: id('1') }, { a: '1'.repeat(24) }, false],
  ['binary orders by length first', { a: { $gt: bin('zz') } }, { a: bin('aaa') }, true],
  ['binary of another subtype differs', { a: bin('a', 0) }, { a: bin('a', 4) }, false],
  ['binary subtype orders before bytes', { a: { $gt: bin('z', 0) } }, { a: bin('a', 4) }, true],
  ['$gt object within objects', { a: { $gt: { b: 1 } } }, { a: { b: 2 } }, true],
  ['objects compare type, then name, then value', { a: { $lt: { b: 1 } } }, { a: { a: 9 } }, true],
  ['a number field is below a string field', { a: { $gt: { b: 9 } } }, { a: { a: 'x' } }, true],
  [
    'timestamps order by seconds, then ordinal',
    { a: { $gt: new Timestamp({ t: 1, i: 5 }) } },
    { a: new Timestamp({ t: 2, i: 0 }) },
    true,
  ],
  ['$gt MinKey matches everything else', { a: { $gt: new MinKey() } }, { a: 1 }, true],
  ['$gt MinKey matches a missing field', { a: { $gt: new MinKey() } }, {}, true],
  ['$lt MaxKey matches everything else', { a: { $lt: new MaxKey() } }, { a: 'x' }, true],
  ['$gt MaxKey matches nothing', { a: { $gt: new MaxKey() } }, { a: 1 }, false],
  ['$gte MinKey matches MinKey', { a: { $gte: new MinKey() } }, { a: new MinKey() }, true],
  ['number is not above MaxKey', { a: { $gt: 1 } }, { a: new MaxKey() }, false],
  ['code equals code', { a: new Code('x') }, { a: new Code('x') }, true],
  ['surrogates sort after U+FFxx', { a: { $gt: '\uff5e' } }, { a: '\u{1f600}' }, true],
];

const nullAndMissing: Row[] = [
  ['null matches null', { a: null }, { a: null }, true],
  ['null matches missing', { a: null }, {}, true],
  ['null does not match a value', { a: null }, { a: 0 }, false],
  ['null matches an array that holds null', { a: null }, { a: [1, null] }, true],
  ['null does not match an empty array', { a: null }, { a: [] }, false],
  ['$ne null needs a value', { a: { $ne: null } }, {}, false],
  ['$ne value matches missing', { a: { $ne: 1 } }, {}, true],
  ['$exists true counts null', { a: { $exists: true } }, { a: null }, true],
  ['$exists false needs a missing field', { a: { $exists: false } }, { a: null }, false],
  ['$exists takes any truthy operand', { a: { $exists: 1 } }, { a: 1 }, true],
  ['$exists 0 is false', { a: { $exists: 0 } }, {}, true],
  ['$gte null matches missing', { a: { $gte: null } }, {}, true],
  ['$lte null matches null', { a: { $lte: null } }, { a: null }, true],
  ['$gt null matches nothing', { a: { $gt: null } }, { a: 1 }, false],
  ['$lt null matches nothing', { a: { $lt: null } }, { a: null }, false],
  ['$in with null matches missing', { a: { $in: [null, 1] } }, {}, true],
  ['$nin with null excludes missing', { a: { $nin: [null] } }, {}, false],
  ['$nin without null includes missing', { a: { $nin: [1] } }, {}, true],
  ['$not of a range matches missing', { a: { $not: { $gt: 1 } } }, {}, true],
  ['dotted null matches a missing parent', { 'a.b': null }, {}, true],
  ['dotted null matches a scalar parent', { 'a.b': null }, { a: 5 }, true],
  ['dotted null matches a document without it in an array', { 'a.b': null }, { a: [{ b: 1 }, {}] }, true],
  ['dotted null does not match an empty array', { 'a.b': null }, { a: [] }, false],
  ['dotted null does not match an array of scalars', { 'a.b': null }, { a: [1, 2] }, false],
  ['dotted $exists false matches an array of scalars', { 'a.b': { $exists: false } }, { a: [1, 2] }, true],
  ['dotted $ne is the inverse of equality', { 'a.b': { $ne: null } }, { a: [{ b: 1 }, {}] }, false],
];

const types: Row[] = [
  ['$type by alias', { a: { $type: 'string' } }, { a: 'x' }, true],
  ['$type by number', { a: { $type: 2 } }, { a: 'x' }, true],
  ['$type double is not int', { a: { $type: 'double' } }, { a: 1 }, false],
  ['$type double of an integral double', { a: { $type: 'double' } }, { a: new Double(1) }, true],
  ['$type int', { a: { $type: 'int' } }, { a: 1 }, true],
  ['$type long', { a: { $type: 'long' } }, { a: Long.fromNumber(1) }, true],
  ['$type decimal', { a: { $type: 'decimal' } }, { a: Decimal128.fromString('1') }, true],
  ['$type number means all four', { a: { $type: 'number' } }, { a: Long.fromNumber(1) }, true],
  ['$type list', { a: { $type: ['string', 'bool'] } }, { a: true }, true],
  ['$type null does not match missing', { a: { $type: 'null' } }, {}, false],
  ['$type array of an array', { a: { $type: 'array' } }, { a: [] }, true],
  ['$type string of an element', { a: { $type: 'string' } }, { a: [1, 'x'] }, true],
  ['$type objectId', { a: { $type: 'objectId' } }, { a: id('a') }, true],
  ['$type object', { a: { $type: 'object' } }, { a: {} }, true],
  ['$type minKey by -1', { a: { $type: -1 } }, { a: new MinKey() }, true],
  ['$type regex', { a: { $type: 'regex' } }, { a: new BSONRegExp('x') }, true],
  ['$mod', { a: { $mod: [4, 1] } }, { a: 9 }, true],
  ['$mod truncates doubles', { a: { $mod: [4, 1] } }, { a: 9.9 }, true],
  ['$mod keeps the sign', { a: { $mod: [4, -1] } }, { a: -9 }, true],
  ['$mod ignores strings', { a: { $mod: [4, 1] } }, { a: '9' }, false],
  ['$mod of a long', { a: { $mod: [10, 3] } }, { a: Long.fromNumber(13) }, true],
  ['$bitsAllSet by mask', { a: { $bitsAllSet: 5 } }, { a: 7 }, true],
  ['$bitsAllSet by positions', { a: { $bitsAllSet: [0, 3] } }, { a: 9 }, true],
  ['$bitsAnyClear', { a: { $bitsAnyClear: 6 } }, { a: 2 }, true],
  ['$bitsAnySet none', { a: { $bitsAnySet: 8 } }, { a: 7 }, false],
  ['$bitsAllClear of a binary', { a: { $bitsAllClear: [0, 1] } }, { a: new Binary(new Uint8Array([4])) }, true],
  ['$bits sign-extends negatives', { a: { $bitsAllSet: [200] } }, { a: -1 }, true],
  ['$bits ignores fractions', { a: { $bitsAllClear: [1] } }, { a: 1.5 }, false],
];

const text: Row[] = [
  ['regex literal', { a: new BSONRegExp('^a.c$') }, { a: 'abc' }, true],
  ['$regex with $options i', { a: { $regex: 'ABC', $options: 'i' } }, { a: 'xabcx' }, true],
  ['$options m', { a: { $regex: '^b', $options: 'm' } }, { a: 'a\nb' }, true],
  ['$options s lets . match a newline', { a: { $regex: 'a.b', $options: 's' } }, { a: 'a\nb' }, true],
  ['$options x ignores spaces and comments', { a: { $regex: 'a b # note', $options: 'x' } }, { a: 'ab' }, true],
  ['inline (?i)', { a: { $regex: '(?i)abc' } }, { a: 'ABC' }, true],
  ['\\Q...\\E quotes', { a: { $regex: '^\\Qa.b\\E$' } }, { a: 'a.b' }, true],
  ['\\A and \\z anchor the whole text', { a: { $regex: '\\Ab\\z', $options: 'm' } }, { a: 'a\nb' }, false],
  ['regex does not match numbers', { a: { $regex: '5' } }, { a: 5 }, false],
  ['regex matches an element', { a: { $regex: '^b' } }, { a: ['a', 'b'] }, true],
  ['regex matches an equal stored regex', { a: new BSONRegExp('x', 'i') }, { a: new BSONRegExp('x', 'i') }, true],
  ['$in takes regexes', { a: { $in: [new BSONRegExp('^x'), 1] } }, { a: 'xy' }, true],
  ['$nin takes regexes', { a: { $nin: [new BSONRegExp('^x')] } }, { a: 'xy' }, false],
  ['$not takes a regex', { a: { $not: new BSONRegExp('^x') } }, { a: 'yx' }, true],
  ['$eq of a regex wants that regex', { a: { $eq: new BSONRegExp('x') } }, { a: 'x' }, false],
];

const logic: Row[] = [
  ['empty filter matches all', {}, { a: 1 }, true],
  ['fields are joined by and', { a: 1, b: 2 }, { a: 1, b: 3 }, false],
  ['operators of a field are joined by and', { a: { $gt: 1, $lt: 3 } }, { a: 2 }, true],
  ['$or', { $or: [{ a: 1 }, { b: 1 }] }, { b: 1 }, true],
  ['$nor', { $nor: [{ a: 1 }, { b: 1 }] }, { b: 1 }, false],
  ['$and with the same field', { $and: [{ a: { $gt: 1 } }, { a: { $lt: 3 } }] }, { a: 2 }, true],
  ['nested logic', { $and: [{ $or: [{ a: 1 }, { a: 2 }] }, { $nor: [{ b: 1 }] }] }, { a: 2 }, true],
  ['$not inverts several operators', { a: { $not: { $gt: 1, $lt: 3 } } }, { a: 2 }, false],
  ['$alwaysTrue', { $alwaysTrue: 1 }, {}, true],
  ['$alwaysFalse', { $alwaysFalse: 1 }, {}, false],
  ['$comment says nothing', { $comment: 'x', a: 1 }, { a: 1 }, true],
  ['$expr compares fields', { $expr: { $gt: ['$a', '$b'] } }, { a: 2, b: 1 }, true],
  ['$expr: a missing field is below null', { $expr: { $lt: ['$a', null] } }, {}, true],
  ['$expr does not bracket types', { $expr: { $gt: ['$a', 5] } }, { a: 'x' }, true],
  ['DBRef is a value', { a: { $ref: 'c', $id: 1 } }, { a: { $ref: 'c', $id: 1 } }, true],
];

describe.each([
  ['numbers', numbers],
  ['type bracketing', bracketing],
  ['null and missing', nullAndMissing],
  ['types and bits', types],
  ['text', text],
  ['logic', logic],
])('filter: %s', (_topic, rows) => {
  test.each(rows)('%s', (_what, filter, doc, expected) => {
    expect(compileFilter(filter).matches(doc)).toBe(expected);
  });
});
