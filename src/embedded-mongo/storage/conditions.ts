import { MaxKey, MinKey } from 'bson';
import { typeBracket } from '../bson/compare.js';
import { EMPTY_ARRAY_KEY } from '../bson/key.js';
import { BSON_TYPE, isDocument, regexParts, typeNumber } from '../bson/values.js';
import type { FilterNode, LeafNode } from '../query/filter-node.js';

/** One end of a range of values; a range never leaves the type bracket of its values. */
export interface Limit {
  value: unknown;
  inclusive: boolean;
}

/**
 * What a filter says about one path: values it must equal, or a range it must lie in. Several conditions are kept side
 * by side, because in an array different elements may satisfy them.
 */
export type Condition =
  | { kind: 'points'; values: unknown[] }
  | { kind: 'range'; bracketOf: unknown; lower?: Limit; upper?: Limit; prefix?: string };

export interface FilterConditions {
  paths: Map<string, Condition[]>;
  /** `$or` clauses: each a list of alternatives. */
  alternatives: FilterNode[][];
  /** The query of a `$text`. */
  text?: Record<string, unknown>;
  /** Paths known to exist (needed for sparse indexes). */
  existing: Set<string>;
  /** All leaves that must hold: what partial indexes are checked against. */
  leaves: LeafNode[];
}

/** Characters that mean something in a regular expression. */
const SPECIAL = /[\\^$.*+?()[\]{}|]/;

/** Collects what must hold for every matching document. Nodes it cannot use are left to the matcher. */
export function collectConditions(node: FilterNode): FilterConditions {
  const found: FilterConditions = { paths: new Map(), alternatives: [], existing: new Set(), leaves: [] };
  collect(node, '', found);
  return found;
}

function collect(node: FilterNode, prefix: string, found: FilterConditions): void {
  switch (node.kind) {
    case 'and':
      for (const child of node.nodes) collect(child, prefix, found);
      return;
    case 'or':
      if (node.nodes.length === 1) collect(node.nodes[0] as FilterNode, prefix, found);
      else if (prefix === '') found.alternatives.push([...node.nodes]);
      return;
    case 'leaf':
      addLeaf(node, prefix + node.path, found);
      return;
    case 'elemMatch':
      // `{ a: { $elemMatch: { b: 1 } } }` needs an entry for `a.b`; conditions on the element itself one for `a`.
      if (node.ofValue) collectElement(node.inner, prefix + node.path, found);
      else collect(node.inner, `${prefix}${node.path}.`, found);
      return;
    case 'text':
      if (prefix === '') found.text = node.query;
      return;
    default:
  }
}

function collectElement(node: FilterNode, path: string, found: FilterConditions): void {
  if (node.kind === 'and') for (const child of node.nodes) collectElement(child, path, found);
  else if (node.kind === 'leaf') addLeaf(node, path, found);
}

function addLeaf(leaf: LeafNode, path: string, found: FilterConditions): void {
  found.leaves.push(path === leaf.path ? leaf : { ...leaf, path });
  if (provesExistence(leaf)) found.existing.add(path);
  const condition = conditionOf(leaf);
  if (!condition) return;
  const known = found.paths.get(path);
  if (known) known.push(condition);
  else found.paths.set(path, [condition]);
}

/**
 * Whether a document without the field cannot satisfy the condition. The predicate itself is asked: `null` matches a
 * missing field, and so do `$gte: MinKey` and `$lt: MaxKey`.
 */
export const provesExistence = ({ predicate }: LeafNode): boolean => !predicate.test(undefined);

function conditionOf({ operator, operand }: LeafNode): Condition | null {
  switch (operator) {
    case '$eq':
      return { kind: 'points', values: pointsOf(operand) };
    case '$in': {
      const items = operand as unknown[];
      if (items.some((item) => typeNumber(item) === BSON_TYPE.regex)) return null;
      return { kind: 'points', values: items.flatMap(pointsOf) };
    }
    case '$gt':
    case '$gte':
      return rangeOf(operand, 'lower', operator === '$gte');
    case '$lt':
    case '$lte':
      return rangeOf(operand, 'upper', operator === '$lte');
    case '$regex':
      return prefixOf(operand);
    default:
      return null;
  }
}

/** Index keys of a value that is compared for equality: an array matches as a whole inside, or by its elements. */
function pointsOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) return [value ?? null];
  return [value.length === 0 ? EMPTY_ARRAY_KEY : (value[0] ?? null), value];
}

function rangeOf(value: unknown, end: 'lower' | 'upper', inclusive: boolean): Condition | null {
  if (value === null || value === undefined) return inclusive ? { kind: 'points', values: [null] } : null;
  // Ranges over arrays, documents and all types at once are rare: the matcher alone decides them.
  const simple =
    !Array.isArray(value) && !isDocument(value) && !(value instanceof MinKey) && !(value instanceof MaxKey);
  if (!simple || typeNumber(value) === BSON_TYPE.regex) return null;
  if (typeof value === 'number' && Number.isNaN(value)) return inclusive ? { kind: 'points', values: [NaN] } : null;
  return { kind: 'range', bracketOf: value, [end]: { value, inclusive } };
}

/** `/^abc/` is a range of strings, when nothing before the first special character is optional. */
function prefixOf(regex: unknown): Condition | null {
  const { pattern, options } = regexParts(regex);
  if (!pattern.startsWith('^') || options.replace('s', '') !== '' || pattern.includes('|')) return null;
  const body = pattern.slice(1);
  const end = body.search(SPECIAL);
  let literal = end < 0 ? body : body.slice(0, end);
  if (end >= 0 && /[*?{]/.test(body[end] as string)) literal = literal.slice(0, -1);
  return literal === '' ? null : { kind: 'range', bracketOf: literal, prefix: literal };
}

/**
 * One condition out of several on a path. Without arrays all of them hold for the one value, so ranges are joined;
 * with arrays only one of them can be used.
 */
export function strongest(conditions: Condition[], joins: boolean): Condition {
  const points = conditions.find((condition) => condition.kind === 'points');
  if (points) return points;
  const [first] = conditions as [Extract<Condition, { kind: 'range' }>];
  if (!joins) return first;
  const joined = { ...first };
  for (const other of conditions as Array<typeof first>) {
    if (typeBracket(other.bracketOf) !== typeBracket(first.bracketOf)) continue;
    joined.lower ??= other.lower;
    joined.upper ??= other.upper;
    joined.prefix ??= other.prefix;
  }
  return joined;
}
