import { compareValues, typeBracket, valuesEqual } from '../bson/compare.js';
import { toNumber } from '../bson/numbers.js';
import { type Document, isNumeric } from '../bson/values.js';
import type { LeafNode } from '../query/filter-node.js';
import { compileFilter } from '../query/match.js';
import { collectConditions, type FilterConditions, provesExistence } from './conditions.js';

/**
 * Whether every document the query matches is in a partial index: each condition of the index filter follows from one
 * of the query's. Only what can be seen from single conditions counts; "maybe" is no.
 */
export function impliesPartial(query: FilterConditions, partial: Document): boolean {
  const { node } = compileFilter(partial);
  const needed = collectConditions(node);
  if (needed.alternatives.length > 0 || needed.text) return false;
  if (!onlyLeaves(node)) return false;
  return needed.leaves.every((leaf) => query.leaves.some((given) => given.path === leaf.path && implies(given, leaf)));
}

function onlyLeaves(node: ReturnType<typeof compileFilter>['node']): boolean {
  if (node.kind === 'and') return node.nodes.every(onlyLeaves);
  return node.kind === 'leaf';
}

function implies(given: LeafNode, needed: LeafNode): boolean {
  const { operator, operand } = given;
  if (operator === needed.operator && valuesEqual(operand, needed.operand)) return true;
  if (operator === '$in')
    return (operand as unknown[]).every((item) => implies({ ...given, operator: '$eq', operand: item }, needed));
  switch (needed.operator) {
    case '$exists':
      return provesExistence(given);
    case '$in':
      return operator === '$eq' && (needed.operand as unknown[]).some((item) => valuesEqual(item, operand));
    case '$type':
    case '$regex':
    case '$mod':
      return operator === '$eq' && !Array.isArray(operand) && needed.predicate.test(operand);
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return impliesOrder(given, needed);
    default:
      return false;
  }
}

function impliesOrder({ operator, operand }: LeafNode, needed: LeafNode): boolean {
  if (typeBracket(operand) !== typeBracket(needed.operand) || Array.isArray(operand)) return false;
  const order = compareValues(operand, needed.operand);
  const upward = needed.operator.startsWith('$gt');
  const distance = upward ? order : -order;
  if (operator === '$eq') return needed.predicate.test(operand);
  if (!operator.startsWith(upward ? '$gt' : '$lt')) return false;
  // NaN is lowest in sort order, yet `$gte: NaN` and `$lte: NaN` match nothing but NaN.
  if (isNaN(operand) || isNaN(needed.operand)) return false;
  if (distance !== 0) return distance > 0;
  return needed.operator.length === 4 || operator.length === 3; // $gte needs no strictness; $gt given is strict
}

const isNaN = (value: unknown): boolean => isNumeric(value) && Number.isNaN(toNumber(value));
