import fc from 'fast-check';
import { compareValues, typeBracket } from '../bson/compare.js';
import { encodeKey } from '../bson/key.js';
import { stretchesOf, type Stretch } from './bounds.js';
import type { Condition } from './conditions.js';

const value = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true, min: -5, max: 5 }),
  fc.string({ maxLength: 3 }),
  fc.constantFrom('', 'a', 'a\0', 'a\0b', 'ab', 'b'),
  fc.constantFrom(new Date(-1), new Date(0), new Date(1)),
  fc.boolean(),
  fc.constant(null),
);
const limit = fc.record({ value, inclusive: fc.boolean() });
const direction = fc.constantFrom<1 | -1>(1, -1);

const contains = (stretches: Stretch[], key: Buffer): boolean =>
  stretches.some(({ from, to }) => Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0);

describe('stretchesOf', () => {
  it('a range holds exactly the values of its type between its ends, ascending and descending', () => {
    fc.assert(
      fc.property(limit, fc.option(limit), value, direction, (lower, upper, candidate, way) => {
        fc.pre(lower.value !== null && (!upper || typeBracket(upper.value) === typeBracket(lower.value)));
        const condition: Condition = { kind: 'range', bracketOf: lower.value, lower, ...(upper ? { upper } : {}) };
        const sameType = typeBracket(candidate) === typeBracket(lower.value);
        const low = compareValues(candidate, lower.value);
        const high = upper ? compareValues(candidate, upper.value) : -1;
        const expected =
          sameType &&
          (low > 0 || (low === 0 && lower.inclusive)) &&
          (high < 0 || (high === 0 && (upper?.inclusive ?? true)));
        expect(contains(stretchesOf(condition, way), encodeKey([candidate], [way]))).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('points hold exactly their values, in order and without overlaps', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 6 }), value, direction, (values, candidate, way) => {
        const stretches = stretchesOf({ kind: 'points', values }, way);
        const expected = values.some((each) => compareValues(each, candidate) === 0);
        expect(contains(stretches, encodeKey([candidate], [way]))).toBe(expected);
        for (let i = 1; i < stretches.length; i++) {
          expect(Buffer.compare((stretches[i - 1] as Stretch).to, (stretches[i] as Stretch).from)).toBeLessThanOrEqual(
            0,
          );
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('a prefix holds the strings that begin with it', () => {
    const condition: Condition = { kind: 'range', bracketOf: 'ab', prefix: 'ab' };
    for (const way of [1, -1] as const) {
      const stretches = stretchesOf(condition, way);
      for (const text of ['ab', 'abc', 'ab\0', 'ab\uffff'])
        expect(contains(stretches, encodeKey([text], [way]))).toBe(true);
      for (const text of ['a', 'aa', 'ac', '', 'b']) expect(contains(stretches, encodeKey([text], [way]))).toBe(false);
    }
  });
});
