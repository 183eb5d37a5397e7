import { BRACKET, compareValues, typeBracket, valuesEqual } from '../../bson/compare.js';
import { type Numeric, toNumber } from '../../bson/numbers.js';
import { BSON_TYPE, isDocument, typeNumber } from '../../bson/values.js';
import { badValue } from '../../errors.js';
import { type Collation } from '../collation.js';
import { type PredicateCompiler } from '../predicate.js';
import { regexTest } from './regex.js';

/** `$eq $gt $gte $lt $lte $in`; `$ne` and `$nin` are their negations (parse-filter.ts). */
export const comparisonOperators: Record<string, PredicateCompiler> = {
  $eq: (operand, { collation }) => ({ leafs: 'elements', test: equalityTest(operand, collation) }),
  $gt: orderOperator({ below: false, same: false }),
  $gte: orderOperator({ below: false, same: true }),
  $lt: orderOperator({ below: true, same: false }),
  $lte: orderOperator({ below: true, same: true }),
  $in: (operand, { collation }) => ({ leafs: 'elements', test: membershipTest(inOperand(operand, '$in'), collation) }),
};

/** Equality as filters see it: null equals missing, numbers compare across types, documents by field order. */
export function equalityTest(operand: unknown, collation: Collation | null): (value: unknown) => boolean {
  if (typeof operand === 'string' && !collation) {
    const isSymbolEqual = (value: unknown): boolean => typeof value === 'object' && valuesEqual(value, operand);
    return (value) => value === operand || isSymbolEqual(value);
  }
  return (value) => valuesEqual(value, operand, collation);
}

/**
 * Type bracketing: only values of the operand's bracket can match, except that everything lies between MinKey and
 * MaxKey. NaN is neither below nor above anything, and only equal to NaN.
 */
function orderOperator(accepts: { below: boolean; same: boolean }): PredicateCompiler {
  return (operand, { collation }, path) => {
    const type = typeNumber(operand);
    if (type === BSON_TYPE.regex) throw badValue(`Can't have RegEx as arg to predicate over field '${path}'.`);
    const bracket = typeBracket(operand);
    if (bracket === BRACKET.minKey || bracket === BRACKET.maxKey) {
      const othersMatch = (bracket === BRACKET.maxKey) === accepts.below;
      return {
        leafs: 'elements',
        test: (value) => (typeBracket(value) === bracket ? accepts.same : othersMatch),
      };
    }
    if (bracket === BRACKET.number) return { leafs: 'elements', test: numberOrderTest(operand as Numeric, accepts) };
    return {
      leafs: 'elements',
      test: (value) => {
        if (typeBracket(value) !== bracket) return false;
        const order = compareValues(value, operand, collation);
        return order === 0 ? accepts.same : order < 0 === accepts.below;
      },
    };
  };
}

function numberOrderTest(operand: Numeric, accepts: { below: boolean; same: boolean }): (value: unknown) => boolean {
  const isNaNOperand = Number.isNaN(toNumber(operand));
  return (value) => {
    if (typeBracket(value) !== BRACKET.number) return false;
    const isNaNValue = Number.isNaN(toNumber(value as Numeric));
    if (isNaNOperand || isNaNValue) return isNaNOperand && isNaNValue && accepts.same;
    const order = compareValues(value, operand);
    return order === 0 ? accepts.same : order < 0 === accepts.below;
  };
}

/** Checks the operand of `$in`/`$nin`. */
export function inOperand(operand: unknown, operator: '$in' | '$nin'): readonly unknown[] {
  if (!Array.isArray(operand)) throw badValue(`${operator} needs an array`);
  for (const item of operand as unknown[]) {
    if (isDocument(item) && Object.keys(item)[0]?.startsWith('$') && !('$ref' in item)) {
      throw badValue(`cannot nest $ under ${operator}`);
    }
  }
  return operand as unknown[];
}

/** Regular expressions in the list match as patterns; everything else is found by binary search. */
export function membershipTest(items: readonly unknown[], collation: Collation | null): (value: unknown) => boolean {
  const patterns = items.filter((item) => typeNumber(item) === BSON_TYPE.regex).map((item) => regexTest(item));
  const sorted = items
    .filter((item) => typeNumber(item) !== BSON_TYPE.regex)
    .sort((a, b) => compareValues(a, b, collation));
  return (value) => isInSorted(sorted, value, collation) || patterns.some((matches) => matches(value));
}

function isInSorted(sorted: readonly unknown[], value: unknown, collation: Collation | null): boolean {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareValues(sorted[middle], value, collation);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
