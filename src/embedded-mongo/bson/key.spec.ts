import { Binary, BSONRegExp, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import fc from 'fast-check';

import { compareBytes, compareValues } from './compare.js';
import { EMPTY_ARRAY_KEY, encodeKey, isExactKey, keyPrefix, MAX_KEY_BYTES, prefixEnd } from './key.js';

const decimal = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 34n - 1n }), fc.integer({ min: -60, max: 40 }))
  .map(([negative, digits, exponent]) => Decimal128.fromString(`${negative ? '-' : ''}${digits}E${exponent}`));

// Numbers near each other matter most: small ones, powers of two, and decimals around doubles.
const number: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer(),
  fc.double(),
  fc.constantFrom(0.1, 0.5, 1.5, 2 ** 53, -(2 ** 53), NaN, Infinity, -Infinity, -0, 5e-324),
  fc
    .constantFrom('0.1', '0.5', '1.50', '9007199254740993', '-0', 'NaN', 'Infinity', '1E+6000', '-1E-6000', '1E-400')
    .map((text) => Decimal128.fromString(text)),
  fc.integer({ min: -5, max: 5 }).map((step) => Long.fromNumber(2 ** 53).add(step)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
  fc.integer({ min: -3, max: 3 }).map((value) => Long.fromNumber(value)),
  fc.integer({ min: -3, max: 3 }).map((value) => new Double(value)),
  decimal,
);

const scalar: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: number },
  fc.string({ maxLength: 4, unit: 'binary' }),
  fc.constantFrom('', 'a', 'a\0', 'a\0b', 'ab', '\u{1f600}', '\uff5e'),
  fc.constantFrom(null, true, false, new MinKey(), new MaxKey()),
  fc.date({ noInvalidDate: true }),
  fc.integer({ min: -2, max: 2 }).map((ms) => new Date(ms)),
  fc.tuple(fc.nat(3), fc.nat(3)).map(([t, i]) => new Timestamp({ t, i })),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => new Binary(bytes, bytes.length % 2)),
  fc.nat(3).map((digit) => new ObjectId(String(digit).repeat(24))),
  fc.constantFrom(new BSONRegExp('a', ''), new BSONRegExp('a', 'i'), new BSONRegExp('b', '')),
);

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    { weight: 5, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'ab', 'é'), tie('value'), { maxKeys: 3 }) },
  ),
}));

const runs = { numRuns: 3_000 };

describe('encodeKey', () => {
  test('byte order is BSON order', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const expected = Math.sign(compareValues(a, b));
        expect(Math.sign(compareBytes(encodeKey([a], [1]), encodeKey([b], [1])))).toBe(expected);
        expect(Math.sign(compareBytes(encodeKey([a], [-1]), encodeKey([b], [-1])))).toBe(-expected || 0);
      }),
      runs,
    );
  });

  test('numbers of all types order exactly', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(Math.sign(compareBytes(encodeKey([a], [1]), encodeKey([b], [1])))).toBe(Math.sign(compareValues(a, b)));
      }),
      runs,
    );
  });

  test('tuples order by their first difference, each field in its direction', () => {
    const direction = fc.constantFrom<1 | -1>(1, -1);
    fc.assert(
      fc.property(
        fc.tuple(value, value),
        fc.tuple(value, value),
        fc.tuple(direction, direction),
        (a, b, directions) => {
          const expected = compareValues(a[0], b[0]) * directions[0] || compareValues(a[1], b[1]) * directions[1];
          expect(Math.sign(compareBytes(encodeKey(a, directions), encodeKey(b, directions)))).toBe(
            Math.sign(expected) || 0,
          );
        },
      ),
      runs,
    );
  });

  test('comparison is transitive and antisymmetric', () => {
    fc.assert(
      fc.property(value, value, value, (a, b, c) => {
        expect(Math.sign(compareValues(a, b))).toBe(-Math.sign(compareValues(b, a)) || 0);
        if (compareValues(a, b) <= 0 && compareValues(b, c) <= 0) expect(compareValues(a, c)).toBeLessThanOrEqual(0);
      }),
      runs,
    );
  });

  test('a key starts with the prefix of its leading values and lies below the prefix end', () => {
    fc.assert(
      fc.property(value, value, fc.constantFrom<1 | -1>(1, -1), (a, b, direction) => {
        const prefix = keyPrefix([a], [direction]);
        const key = encodeKey([a, b], [direction, 1]);
        const end = prefixEnd(prefix);
        expect(compareBytes(key.subarray(0, prefix.length), prefix)).toBe(0);
        expect(end && compareBytes(key, end) < 0).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('an empty array is between MinKey and null', () => {
    const keys = [new MinKey(), EMPTY_ARRAY_KEY, null, 1, [], [null]].map((each) => encodeKey([each], [1]));
    expect([...keys].sort(compareBytes)).toEqual(keys);
  });

  test('long values are cut, and stay equal only to themselves', () => {
    const long = 'x'.repeat(5_000);
    const [a, b] = [encodeKey([`${long}a`], [1]), encodeKey([`${long}b`], [1])];
    expect(a.length).toBe(MAX_KEY_BYTES + 20);
    expect(isExactKey(a)).toBe(false);
    expect(isExactKey(encodeKey(['x'], [1]))).toBe(true);
    expect(compareBytes(a, b)).not.toBe(0);
    expect(compareBytes(a, encodeKey([`${long}a`], [1]))).toBe(0);
    expect(compareBytes(a.subarray(0, MAX_KEY_BYTES), keyPrefix([long], [1]))).toBe(0);
  });
});
