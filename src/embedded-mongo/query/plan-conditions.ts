import { Binary, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';

import { BRACKET, compareValues, typeBracket, valuesEqual } from '../bson/compare.js';
import { EMPTY_ARRAY_KEY } from '../bson/key.js';
import { type Numeric, toNumber } from '../bson/numbers.js';
import { BSON_TYPE, type Document, regexParts, typeNumber } from '../bson/values.js';
import { type FilterNode, type LeafNode } from './filter-node.js';
import { parseFilter } from './parse-filter.js';

/**
 * An interval of index keys of one field. Ends are values as `encodeKey` takes them (`EMPTY_ARRAY_KEY` included); a
 * point has both ends the same and inclusive.
 */
export interface Interval {
  readonly low: unknown;
  readonly high: unknown;
  readonly lowInclusive: boolean;
  readonly highInclusive: boolean;
}

/** One condition of the filter on one path, as intervals in ascending order that do not overlap. */
export interface Condition {
  readonly path: string;
  readonly intervals: readonly Interval[];
  /** All intervals are points: an equality or `$in`. */
  readonly isPoints: boolean;
  /** A document whose key lies inside matches this condition; otherwise it only may. Never true for array fields. */
  readonly exact: boolean;
}

export interface FilterBounds {
  /** Conditions every matching document meets, by path. */
  readonly paths: ReadonlyMap<string, readonly Condition[]>;
  /** For each `$or` that every matching document meets: the bounds of its branches. */
  readonly branches: readonly (readonly FilterBounds[])[];
  /** The conditions on `paths` are the whole filter, and all are exact: no rechecking needed on scalar fields. */
  readonly isExact: boolean;
}

/**
 * Reads from a filter what an index can use. Every document that matches the filter has, for every condition here, at
 * least one index key inside its intervals; on an array (multikey) field different conditions may be met by different
 * keys, so there only one of them may be used at a time (`intersect` is for scalar fields).
 */
export function extractBounds(filter: Document | FilterNode): FilterBounds {
  return boundsOf(isNode(filter) ? filter : parseFilter(filter, { collation: null }));
}

const NODE_KINDS = new Set([
  'and',
  'or',
  'nor',
  'not',
  'leaf',
  'elemMatch',
  'always',
  'sample',
  'expr',
  'schema',
  'text',
]);
const isNode = (filter: Document | FilterNode): filter is FilterNode =>
  typeof filter.kind === 'string' &&
  NODE_KINDS.has(filter.kind) &&
  ('nodes' in filter ||
    'node' in filter ||
    'predicate' in filter ||
    'inner' in filter ||
    Object.keys(filter).length === 2);

function boundsOf(node: FilterNode): FilterBounds {
  const collector: Collector = { paths: new Map(), branches: [], isExact: true };
  collect(node, '', collector);
  return collector;
}

interface Collector {
  readonly paths: Map<string, Condition[]>;
  readonly branches: FilterBounds[][];
  isExact: boolean;
}

function collect(node: FilterNode, prefix: string, found: Collector): void {
  switch (node.kind) {
    case 'and':
      for (const child of node.nodes) collect(child, prefix, found);
      return;
    case 'or':
      found.isExact = false;
      if (prefix === '') found.branches.push(node.nodes.map(boundsOf));
      if (node.nodes.length === 1) collect(node.nodes[0] as FilterNode, prefix, found);
      return;
    case 'leaf': {
      const condition = conditionOf(node, joinPath(prefix, node.path));
      if (!condition?.exact) found.isExact = false;
      if (condition) add(found, condition);
      return;
    }
    case 'elemMatch':
      // Each condition inside holds for a key of the elements, though not for the array as a whole.
      found.isExact = false;
      if (prefix === '') collect(node.inner, node.path, found);
      return;
    case 'not':
      found.isExact = false;
      if (node.node.kind === 'leaf' && node.node.operator === '$exists' && prefix === '') {
        add(found, { path: node.node.path, intervals: [point(null)], isPoints: true, exact: false });
      }
      return;
    default:
      found.isExact = false;
  }
}

function add(found: Collector, condition: Condition): void {
  const known = found.paths.get(condition.path);
  if (known) known.push(condition);
  else found.paths.set(condition.path, [condition]);
}

const joinPath = (prefix: string, path: string): string =>
  prefix === '' ? path : path === '' ? prefix : `${prefix}.${path}`;

const point = (value: unknown): Interval => ({ low: value, high: value, lowInclusive: true, highInclusive: true });

function conditionOf(node: LeafNode, path: string): Condition | null {
  // A position in a path ("a.0") addresses something else in the index.
  if (path.split('.').some((part) => /^\d+$/.test(part))) return null;
  switch (node.operator) {
    case '$eq':
      return pointsCondition(path, [node.operand]);
    case '$in':
      return pointsCondition(path, node.operand as unknown[]);
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return rangeCondition(path, node.operator, node.operand);
    case '$regex':
      return regexCondition(path, node.operand);
    default:
      return null;
  }
}

function pointsCondition(path: string, values: readonly unknown[]): Condition | null {
  if (values.some((value) => typeNumber(value) === BSON_TYPE.regex)) return null;
  const intervals = values.flatMap(keysOfEqual).map(point);
  return {
    path,
    intervals: sortPoints(intervals),
    isPoints: true,
    exact: values.every((value) => !Array.isArray(value) && typeBracket(value) !== BRACKET.null),
  };
}

/** Index keys a document may have that equals (or holds an element equal to) the value. */
function keysOfEqual(value: unknown): unknown[] {
  if (!Array.isArray(value)) return [value ?? null];
  // An array field has keys for its elements; an array inside the array is a key itself.
  return value.length === 0 ? [EMPTY_ARRAY_KEY, value] : [value[0] ?? null, value];
}

function sortPoints(intervals: Interval[]): Interval[] {
  const sorted = intervals.sort((a, b) => compareKeys(a.low, b.low));
  return sorted.filter((interval, i) => i === 0 || compareKeys((sorted[i - 1] as Interval).low, interval.low) !== 0);
}

/** Order of interval ends: as values, with the empty array's key between MinKey and null. */
function compareKeys(a: unknown, b: unknown): number {
  if (a !== EMPTY_ARRAY_KEY && b !== EMPTY_ARRAY_KEY) return compareValues(a, b);
  if (a === b) return 0;
  if (a === EMPTY_ARRAY_KEY) return typeBracket(b) === BRACKET.minKey ? 1 : -1;
  return typeBracket(a) === BRACKET.minKey ? -1 : 1;
}

/** Lowest and highest value of each bracket; the end is exclusive where it is the next bracket's first value. */
const BRACKET_ENDS = new Map<number, Interval>([
  [BRACKET.number, { low: -Infinity, high: Infinity, lowInclusive: true, highInclusive: true }],
  [BRACKET.string, { low: '', high: {}, lowInclusive: true, highInclusive: false }],
  [BRACKET.object, { low: {}, high: [], lowInclusive: true, highInclusive: false }],
  [
    BRACKET.binData,
    {
      low: new Binary(new Uint8Array(), 0),
      high: new ObjectId('0'.repeat(24)),
      lowInclusive: true,
      highInclusive: false,
    },
  ],
  [
    BRACKET.objectId,
    { low: new ObjectId('0'.repeat(24)), high: new ObjectId('f'.repeat(24)), lowInclusive: true, highInclusive: true },
  ],
  [BRACKET.bool, { low: false, high: true, lowInclusive: true, highInclusive: true }],
  [BRACKET.date, { low: new Date(-8.64e15), high: new Date(8.64e15), lowInclusive: true, highInclusive: true }],
  [
    BRACKET.timestamp,
    {
      low: new Timestamp({ t: 0, i: 0 }),
      high: new Timestamp({ t: 0xffffffff, i: 0xffffffff }),
      lowInclusive: true,
      highInclusive: true,
    },
  ],
]);

function rangeCondition(path: string, operator: '$gt' | '$gte' | '$lt' | '$lte', operand: unknown): Condition | null {
  const bracket = typeBracket(operand);
  const inclusive = operator === '$gte' || operator === '$lte';
  const isLower = operator === '$gt' || operator === '$gte';
  if (bracket === BRACKET.null) {
    return { path, intervals: inclusive ? [point(null)] : [], isPoints: true, exact: false };
  }
  if (bracket === BRACKET.minKey || bracket === BRACKET.maxKey)
    return extremeCondition(path, operand, isLower, inclusive);
  if (bracket === BRACKET.number && Number.isNaN(toNumber(operand as Numeric))) {
    return { path, intervals: inclusive ? [point(operand)] : [], isPoints: true, exact: true };
  }
  const ends = BRACKET_ENDS.get(bracket);
  if (!ends) return null;
  const interval: Interval = isLower
    ? { ...ends, low: operand, lowInclusive: inclusive }
    : { ...ends, high: operand, highInclusive: inclusive };
  return { path, intervals: [interval], isPoints: false, exact: true };
}

function extremeCondition(path: string, operand: unknown, isLower: boolean, inclusive: boolean): Condition {
  const interval: Interval = isLower
    ? { low: operand, high: new MaxKey(), lowInclusive: inclusive, highInclusive: true }
    : { low: new MinKey(), high: operand, lowInclusive: true, highInclusive: inclusive };
  const isEmpty = compareValues(interval.low, interval.high) === 0 && !inclusive;
  return { path, intervals: isEmpty ? [] : [interval], isPoints: false, exact: false };
}

/** `^prefix...` bounds the strings; stored regular expressions equal to the pattern match too. */
function regexCondition(path: string, regex: unknown): Condition | null {
  const { pattern, options } = regexParts(regex);
  const prefix = options === '' ? literalPrefix(pattern) : '';
  if (prefix === '') return null;
  const end = prefixSuccessor(prefix);
  if (end === null) return null;
  return {
    path,
    intervals: [{ low: prefix, high: end, lowInclusive: true, highInclusive: false }, point(regex)],
    isPoints: false,
    exact: false,
  };
}

function literalPrefix(pattern: string): string {
  const start = /^(?:\^|\\A)/.exec(pattern)?.[0].length ?? 0;
  if (start === 0 || pattern.includes('|')) return '';
  let prefix = '';
  for (let at = start; at < pattern.length; at++) {
    const character = pattern[at] as string;
    const isEscaped = character === '\\' && /[^a-zA-Z0-9]/.test(pattern[at + 1] ?? 'a');
    if (!isEscaped && /[\\^$.*+?()[\]{}]/.test(character)) {
      // A quantifier that allows zero takes the last character back.
      return /[*?{]/.test(character) ? prefix.slice(0, -1) : prefix;
    }
    prefix += isEscaped ? (pattern[++at] as string) : character;
  }
  return prefix;
}

/** Smallest string above all that start with `prefix`; only for prefixes whose last character is plain. */
function prefixSuccessor(prefix: string): string | null {
  const last = prefix.charCodeAt(prefix.length - 1);
  if (last >= 0xd7ff) return null;
  return prefix.slice(0, -1) + String.fromCharCode(last + 1);
}

/** Intervals that lie in all conditions: valid for fields that hold no arrays. */
export function intersect(conditions: readonly Condition[]): readonly Interval[] {
  return conditions
    .map((condition) => condition.intervals)
    .reduce((left, right) => left.flatMap((a) => right.flatMap((b) => overlap(a, b) ?? [])));
}

function overlap(a: Interval, b: Interval): Interval | null {
  const lowOrder = compareKeys(a.low, b.low);
  const highOrder = compareKeys(a.high, b.high);
  const low = lowOrder > 0 || (lowOrder === 0 && !a.lowInclusive) ? a : b;
  const high = highOrder < 0 || (highOrder === 0 && !a.highInclusive) ? a : b;
  const order = compareKeys(low.low, high.high);
  if (order > 0 || (order === 0 && !(low.lowInclusive && high.highInclusive))) return null;
  return { low: low.low, lowInclusive: low.lowInclusive, high: high.high, highInclusive: high.highInclusive };
}

/** Whether a key value lies inside one of the intervals. */
export function isInside(value: unknown, intervals: readonly Interval[]): boolean {
  return intervals.some((interval) => {
    const low = compareKeys(value, interval.low);
    const high = compareKeys(value, interval.high);
    return (low > 0 || (low === 0 && interval.lowInclusive)) && (high < 0 || (high === 0 && interval.highInclusive));
  });
}

/**
 * Whether every document that matches `filter` also matches `partialFilter`, as far as can be seen from the conditions:
 * then a partial index with that filter holds all documents of the query. False when in doubt.
 */
export function impliesPartial(filter: Document | FilterNode, partialFilter: Document): boolean {
  const partial = parseFilter(partialFilter, { collation: null });
  const node = isNode(filter) ? filter : parseFilter(filter, { collation: null });
  return implies(node, partial);
}

function implies(node: FilterNode, wanted: FilterNode): boolean {
  if (wanted.kind === 'and') return wanted.nodes.every((each) => implies(node, each));
  if (node.kind === 'or') return node.nodes.every((branch) => implies(branch, wanted));
  if (wanted.kind === 'or') return wanted.nodes.some((each) => implies(node, each));
  const parts = node.kind === 'and' ? node.nodes : [node];
  return parts.some((part) =>
    part.kind === 'or' && part !== node ? implies(part, wanted) : isSameOrNarrower(part, wanted),
  );
}

function isSameOrNarrower(part: FilterNode, wanted: FilterNode): boolean {
  if (part.kind === 'not' && wanted.kind === 'not') return isSameLeaf(part.node, wanted.node);
  if (part.kind !== 'leaf' || wanted.kind !== 'leaf' || part.path !== wanted.path) return false;
  if (isSameLeaf(part, wanted)) return true;
  const condition = conditionOf(part, part.path);
  if (!condition || (part.operator === '$eq' && Array.isArray(part.operand))) return false;
  if (wanted.operator === '$exists') return !condition.intervals.some((interval) => isInside(null, [interval]));
  if (wanted.operator === '$type')
    return condition.isPoints && condition.exact && condition.intervals.every(({ low }) => wanted.predicate.test(low));
  const target = conditionOf(wanted, wanted.path);
  if (!target?.exact) return false;
  return condition.intervals.every((inner) => target.intervals.some((outer) => contains(outer, inner)));
}

const isSameLeaf = (a: FilterNode, b: FilterNode): boolean =>
  a.kind === 'leaf' &&
  b.kind === 'leaf' &&
  a.path === b.path &&
  a.operator === b.operator &&
  valuesEqual(a.operand, b.operand);

function contains(outer: Interval, inner: Interval): boolean {
  const low = compareKeys(inner.low, outer.low);
  const high = compareKeys(inner.high, outer.high);
  return (
    (low > 0 || (low === 0 && (outer.lowInclusive || !inner.lowInclusive))) &&
    (high < 0 || (high === 0 && (outer.highInclusive || !inner.highInclusive)))
  );
}
