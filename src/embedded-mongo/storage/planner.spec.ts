import type { Document } from '../bson/values.js';
import { compileCollation } from '../query/collation.js';
import { compileFilter } from '../query/match.js';
import { parseSort } from '../query/sort.js';
import type { CollectionInfo, IndexInfo } from './catalog-types.js';
import { normalizeIndexSpec, parseIndexSpec } from './index-spec.js';
import type { IndexPlan, Plan } from './plan.js';
import { planQuery } from './planner.js';

function collection(...specs: Document[]): CollectionInfo {
  const indexes = specs.map((spec, i) => parseIndexSpec(normalizeIndexSpec(spec), i + 10));
  return {
    id: 1, ns: 'app.facts', db: 'app', name: 'facts', type: 'collection', uuid: Buffer.alloc(16), options: {}, indexes,
    longIds: false, stats: { count: 1000, bytes: 0, next: 1 },
  }; // prettier-ignore
}

interface Options {
  sort?: Document;
  hint?: unknown;
  collation?: Document;
  hasOverlay?: boolean;
}

const plan = (
  info: CollectionInfo,
  filter: Document,
  { sort = {}, hint, collation, hasOverlay = false }: Options = {},
): Plan => {
  const compiled = compileCollation(collation);
  return planQuery({
    info,
    filter: compileFilter(filter, { collation: compiled }).node,
    sort: parseSort(sort),
    collation: compiled,
    hint,
    hasOverlay,
  });
};

/** Kind, index, number of ranges, direction, and whether the order is taken from it: what a reader of a plan asks. */
function summary(given: Plan): string {
  switch (given.kind) {
    case 'IXSCAN':
      return `${given.index.name} x${given.ranges.length}${given.reverse ? ' backwards' : ''}${given.sorted ? '' : ' unsorted'}`;
    case 'RECORDS':
      return `_id ${given.keys ? `keys ${given.keys.length}` : 'range'}${given.reverse ? ' backwards' : ''}${given.sorted ? '' : ' unsorted'}`;
    case 'OR':
      return `OR(${given.branches.map(summary).join(', ')})`;
    default:
      return `${given.kind}${given.sorted ? '' : ' unsorted'}`;
  }
}

describe('planQuery', () => {
  const jobs = collection(
    { key: { state: 1, due: 1 } },
    { key: { email: 1 }, unique: true },
    { key: { group: 1, amount: -1 } },
  );

  it.each<[Document, Options, string]>([
    [{}, {}, 'COLLSCAN'],
    [{ _id: 5 }, {}, '_id keys 1'],
    [{ _id: { $in: [3, 1, 1, 2] } }, {}, '_id keys 3'],
    [{ _id: { $in: [3, 1] } }, { sort: { _id: -1 } }, '_id keys 2 backwards'],
    [{ _id: { $gt: 5 } }, { sort: { _id: 1 } }, '_id range'],
    [{}, { sort: { _id: -1 } }, '_id range backwards'],
    [{ _id: 5, email: 'a' }, {}, '_id keys 1'],
    [{ email: 'a' }, {}, 'email_1 x1'],
    [{ email: 'a', state: 'x', due: 1 }, {}, 'email_1 x1'],
    [{ state: 'x' }, { sort: { due: 1 } }, 'state_1_due_1 x1'],
    [{ state: 'x' }, { sort: { due: -1 } }, 'state_1_due_1 x1 backwards'],
    [{ state: { $in: ['x', 'y'] } }, { sort: { due: 1 } }, 'state_1_due_1 x2 unsorted'],
    [{ state: { $in: ['x', 'y'] } }, { sort: { state: 1, due: 1 } }, 'state_1_due_1 x2'],
    [{ state: { $in: ['x', 'y'] }, due: { $gt: 1, $lt: 5 } }, {}, 'state_1_due_1 x2'],
    [{ due: { $gt: 1 } }, {}, 'COLLSCAN'],
    [{}, { sort: { group: 1, amount: -1 } }, 'group_1_amount_-1 x1'],
    [{}, { sort: { group: -1, amount: 1 } }, 'group_1_amount_-1 x1 backwards'],
    [{}, { sort: { group: 1, amount: 1 } }, 'COLLSCAN unsorted'],
    [{ group: 4 }, { sort: { amount: 1 } }, 'group_1_amount_-1 x1 backwards'],
    [{ group: 4 }, { sort: { group: 1, amount: 1 } }, 'group_1_amount_-1 x1 backwards'],
    [{ group: 4 }, { sort: { amount: 1 }, hasOverlay: true }, 'group_1_amount_-1 x1 unsorted'],
    [{ $or: [{ email: 'a' }, { group: 1 }] }, {}, 'OR(email_1 x1, group_1_amount_-1 x1)'],
    [{ $or: [{ email: 'a' }, { other: 1 }] }, {}, 'COLLSCAN'],
    [{ $or: [{ _id: 1 }, { _id: 2 }] }, {}, 'OR(_id keys 1, _id keys 1)'],
    [{ email: /^abc/ }, {}, 'email_1 x1'],
    [{ email: /^abc/i }, {}, 'COLLSCAN'],
    [{ email: /abc/ }, {}, 'COLLSCAN'],
    [{ email: { $ne: 'a' } }, {}, 'COLLSCAN'],
    [{ email: { $not: { $gt: 'a' } } }, {}, 'COLLSCAN'],
    [{ email: 'a' }, { collation: { locale: 'en', strength: 2 } }, 'COLLSCAN'],
    [{ state: 'x' }, { hint: { $natural: -1 } }, 'COLLSCAN'],
    [{ state: 'x' }, { hint: 'email_1' }, 'email_1 x1'],
    [{ state: 'x' }, { hint: { state: 1, due: 1 } }, 'state_1_due_1 x1'],
  ])('%j %j -> %s', (filter, options, expected) => {
    expect(summary(plan(jobs, filter, options))).toBe(expected);
  });

  it('refuses a hint that names nothing', () => {
    expect(() => plan(jobs, {}, { hint: 'nothing' })).toThrow(expect.objectContaining({ code: 2 }));
  });

  it('does not take an order, or both ends of a range, from an index over arrays', () => {
    const info = collection({ key: { tags: 1 } });
    (info.indexes[0] as IndexInfo).multikey = true;
    const given = plan(info, { tags: { $gt: 2, $lt: 5 } }, { sort: { tags: 1 } }) as IndexPlan;
    expect(given).toMatchObject({ sorted: false, repeats: true, bounds: { tags: ['(2, inf)'] } });
  });

  it('uses a sparse index only where the query asks for the field', () => {
    const info = collection({ key: { nick: 1 }, sparse: true });
    expect(summary(plan(info, { nick: 'x' }))).toBe('nick_1 x1');
    expect(summary(plan(info, { nick: { $in: ['x', null] } }))).toBe('COLLSCAN');
    expect(summary(plan(info, {}, { sort: { nick: 1 } }))).toBe('COLLSCAN unsorted');
  });

  it.each<[Document, boolean]>([
    [{ a: 1, open: true }, true],
    [{ a: 1, open: { $in: [true] } }, true],
    [{ a: 1 }, false],
    [{ a: 1, open: { $ne: false } }, false],
  ])('uses an index with a filter for %j: %s', (filter, expected) => {
    const info = collection({ key: { a: 1 }, partialFilterExpression: { open: true } });
    expect(plan(info, filter).kind === 'IXSCAN').toBe(expected);
  });

  it('does not use an index that is hidden or still being built', () => {
    const info = collection({ key: { a: 1 }, hidden: true }, { key: { b: 1 } });
    (info.indexes[1] as IndexInfo).building = true;
    expect(summary(plan(info, { a: 1, b: 1 }))).toBe('COLLSCAN');
  });

  it('leaves further fields to the matcher when the combinations become too many', () => {
    const info = collection({ key: { a: 1, b: 1 } });
    const many = Array.from({ length: 40 }, (_, i) => i);
    expect(summary(plan(info, { a: { $in: many }, b: { $in: many } }))).toBe('a_1_b_1 x40');
  });
});
