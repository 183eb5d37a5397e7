import { BSONRegExp, Decimal128, Long, MaxKey, MinKey } from 'bson';
import fc from 'fast-check';

import { encodeKey } from '../bson/key.js';
import { indexKeysFor } from '../bson/path.js';
import { type Document } from '../bson/values.js';
import { stretchesOf } from '../storage/bounds.js';
import { collectConditions, strongest } from '../storage/conditions.js';
import { impliesPartial } from '../storage/partial-index.js';
import { compileFilter } from './match.js';

/** The planner may only leave out documents that cannot match: checked on random filters and documents. */

const scalar = fc.constantFrom<unknown>(
  null,
  0,
  1,
  2,
  1.5,
  NaN,
  Long.fromNumber(1),
  Decimal128.fromString('1.5'),
  '',
  'a',
  'ab',
  'b',
  true,
  new Date(1),
  new MinKey(),
  new MaxKey(),
);
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ b: scalar }, { requiredKeys: [] }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.oneof(scalar, fc.record({ b: scalar }, { requiredKeys: [] })), { maxLength: 3 }),
  },
);
const document: fc.Arbitrary<Document> = fc.record({ a: value, c: value }, { requiredKeys: [] });

const comparison = fc.oneof(
  fc
    .tuple(fc.constantFrom('$eq', '$gt', '$gte', '$lt', '$lte', '$ne'), value)
    .map(([operator, operand]) => ({ [operator]: operand })),
  fc.array(value, { maxLength: 3 }).map((items) => ({ $in: items })),
  fc.tuple(scalar, scalar).map(([low, high]) => ({ $gte: low, $lt: high })),
  fc.constantFrom<Document>({ $exists: true }, { $exists: false }, { $size: 1 }, { $type: 'string' }),
  fc.constantFrom('^a', '^ab*', '^a?b', '^', 'b').map((pattern) => ({ $regex: new BSONRegExp(pattern) })),
  fc.tuple(scalar, scalar).map(([low, high]) => ({ $elemMatch: { $gte: low, $lte: high } })),
  scalar.map((b) => ({ $elemMatch: { b } })),
);
const clause: fc.Arbitrary<Document> = fc
  .tuple(fc.constantFrom('a', 'c', 'a.b'), comparison)
  .map(([path, test]) => ({ [path]: test }));
const filter: fc.Arbitrary<Document> = fc.oneof(
  clause,
  fc.tuple(clause, clause).map((clauses) => ({ $and: clauses })),
  fc.tuple(clause, clause, clause).map(([first, ...others]) => ({ ...first, $or: others })),
);

const isInside = (key: Buffer, from: Buffer, to: Buffer): boolean =>
  Buffer.compare(key, from) >= 0 && Buffer.compare(key, to) < 0;

// Few pairs match by chance: each filter meets many documents.
const documents = fc.array(document, { minLength: 20, maxLength: 30 });

test('a matching document has an index key inside the bounds of its filter', () => {
  let matching = 0;
  fc.assert(
    fc.property(filter, documents, fc.constantFrom<1 | -1>(1, -1), (query, docs, direction) => {
      const matcher = compileFilter(query);
      const { paths } = collectConditions(matcher.node);
      for (const doc of docs.filter((each) => matcher.matches(each))) {
        matching++;
        for (const [path, conditions] of paths) {
          const { keys, isMultikey } = indexKeysFor(doc, { [path]: direction });
          const encoded = keys.map((key) => encodeKey(key, [direction]));
          for (const condition of [...conditions, strongest(conditions, !isMultikey)]) {
            const stretches = stretchesOf(condition, direction);
            expect(encoded.some((key) => stretches.some(({ from, to }) => isInside(key, from, to)))).toBe(true);
          }
        }
      }
    }),
    { numRuns: 2_000 },
  );
  expect(matching).toBeGreaterThan(1_000);
});

// Implication is rare between random conditions: keep to one field.
const onField: fc.Arbitrary<Document> = comparison.map((test) => ({ a: test }));

test('a query that implies a partial index matches only documents in it', () => {
  let implied = 0;
  fc.assert(
    fc.property(onField, onField, documents, (query, partial, docs) => {
      const matcher = compileFilter(query);
      if (!impliesPartial(collectConditions(matcher.node), partial)) return;
      const isInIndex = compileFilter(partial);
      for (const doc of docs.filter((each) => matcher.matches(each))) {
        implied++;
        expect(isInIndex.matches(doc)).toBe(true);
      }
    }),
    { numRuns: 6_000 },
  );
  expect(implied).toBeGreaterThan(30);
});

test.each<[query: Document, partial: Document, implied: boolean]>([
  [{ $gt: 0 }, { $gte: NaN }, false],
  [{ $lte: NaN }, { $lte: 5 }, false],
  [{ $eq: NaN }, { $gte: NaN }, true],
  [{ $gte: new MinKey() }, { $exists: true }, false],
  [{ $gt: new MinKey() }, { $exists: true }, false],
  [{ $lt: new MaxKey() }, { $exists: true }, false],
  [{ $lte: new MaxKey() }, { $exists: true }, false],
  [{ $eq: new MaxKey() }, { $exists: true }, true],
  [{ $eq: null }, { $exists: true }, false],
  [{ $gt: 0 }, { $exists: true }, true],
  [{ $mod: [2, 0] }, { $exists: true }, true],
])('%j implies %j: %s', (query, partial, implied) => {
  const { node } = compileFilter({ a: query });
  expect(impliesPartial(collectConditions(node), { a: partial })).toBe(implied);
  expect(collectConditions(node).existing.has('a')).toBe(!compileFilter({ a: query }).matches({}));
});
