import {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'bson';

import { decode, encode, ensureIdFirst, pickFields, rawField } from './codec.js';

const EVERY_TYPE = {
  _id: new ObjectId('0123456789abcdef01234567'),
  int: 42,
  negative: -7,
  double: 1.5,
  integralDouble: new Double(5),
  minusZero: -0,
  notANumber: NaN,
  big: 2 ** 40,
  long: Long.fromString('9007199254740993'),
  decimal: Decimal128.fromString('-12.3400'),
  text: 'héllo \u{1f600}',
  empty: '',
  yes: true,
  no: false,
  nothing: null,
  date: new Date(1_700_000_000_123),
  ancient: new Date(-62_135_596_800_000),
  timestamp: new Timestamp({ t: 4_000_000_000, i: 7 }),
  binary: new Binary(Buffer.from([1, 2, 3]), 0),
  oldBinary: new Binary(Buffer.from([1, 2, 3]), 2),
  uuid: new UUID('6ba7b810-9dad-11d1-80b4-00c04fd430c8'),
  regex: new BSONRegExp('^a.*b$', 'im'),
  code: new Code('f()'),
  scoped: new Code('f()', { x: 1 }),
  symbol: new BSONSymbol('sym'),
  min: new MinKey(),
  max: new MaxKey(),
  list: [1, 'x', [2, { a: null }]],
  doc: { a: { b: { c: 1 } }, 'dotted.name': 1, $dollar: 2 },
};

describe('codec', () => {
  const raw = BSON.serialize(EVERY_TYPE);

  test('encode(decode(x)) gives the same bytes for every type', () => {
    expect(Buffer.compare(encode(decode(raw)), raw)).toBe(0);
  });

  test('encode writes what the reference library writes', () => {
    expect(Buffer.compare(encode(EVERY_TYPE), raw)).toBe(0);
    const others = {
      int32: new Int32(3),
      js: /x/im,
      u8: new Uint8Array([1]),
      big: 5n,
      skip: undefined,
      list: [undefined],
    };
    expect(Buffer.compare(encode(others), BSON.serialize(others))).toBe(0);
  });

  test('decodes numbers by type', () => {
    const doc = decode(raw);
    expect(doc.int).toBe(42);
    expect(doc.double).toBe(1.5);
    expect(doc.integralDouble).toEqual(new Double(5));
    expect(doc.big).toBe(2 ** 40);
    expect(doc.long).toEqual(Long.fromString('9007199254740993'));
  });

  test('keeps nothing of the buffer', () => {
    const copy = Buffer.from(raw);
    const doc = decode(copy);
    copy.fill(0xff);
    expect(Buffer.compare(encode(doc), raw)).toBe(0);
  });

  test('a field called _bsontype or __proto__ is only a field', () => {
    const doc = JSON.parse('{"_bsontype":"Long","low":1,"__proto__":{"x":1}}');
    const again = decode(encode(doc));
    expect(Object.keys(again)).toEqual(['_bsontype', 'low', '__proto__']);
    expect((again as { x?: unknown }).x).toBeUndefined();
  });

  test.each([
    ['too short', Buffer.from([4, 0, 0, 0])],
    ['length beyond the end', Buffer.from([50, 0, 0, 0, 0])],
    ['unknown type', Buffer.from([8, 0, 0, 0, 0x30, 97, 0, 0])],
    ['string beyond the end', Buffer.from([13, 0, 0, 0, 2, 97, 0, 99, 0, 0, 0, 97, 0])],
    ['no end of the name', Buffer.from([8, 0, 0, 0, 8, 97, 97, 97])],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decode(bytes)).toThrow(expect.objectContaining({ code: 22 }));
  });

  test('limits the depth', () => {
    let deep: Record<string, unknown> = {};
    for (let i = 0; i < 250; i++) deep = { a: deep };
    expect(() => encode(deep)).toThrow(expect.objectContaining({ code: 15 }));
    expect(() => decode(BSON.serialize(deep))).toThrow(expect.objectContaining({ code: 15 }));
  });

  test('pickFields decodes only the named fields', () => {
    expect(pickFields(raw, new Set(['text', 'int', 'zzz']))).toEqual({ int: 42, text: EVERY_TYPE.text });
    expect(pickFields(raw, new Set())).toEqual({});
    expect(pickFields(raw, new Set(['doc', 'list']))).toEqual({ list: EVERY_TYPE.list, doc: EVERY_TYPE.doc });
  });

  test('rawField follows documents only', () => {
    expect(rawField(raw, 'doc.a.b.c')).toBe(1);
    expect(rawField(raw, 'list.0')).toBeUndefined();
    expect(rawField(raw, 'int.x')).toBeUndefined();
    expect(rawField(raw, 'nope')).toBeUndefined();
    expect(rawField(raw, '_id')).toEqual(EVERY_TYPE._id);
  });

  test('ensureIdFirst leaves, moves or makes the _id', () => {
    const first = BSON.serialize({ _id: 1, a: 2 });
    const made = (): unknown => 9;
    expect(Buffer.compare(ensureIdFirst(first, made), first)).toBe(0);
    expect(
      Buffer.compare(
        ensureIdFirst(BSON.serialize({ a: 2, _id: 1, b: 3 }), made),
        BSON.serialize({ _id: 1, a: 2, b: 3 }),
      ),
    ).toBe(0);
    expect(Buffer.compare(ensureIdFirst(BSON.serialize({ a: 2 }), made), BSON.serialize({ _id: 9, a: 2 }))).toBe(0);
  });
});
