import { toNumber } from '../../bson/numbers.js';
import { hasTypeIn, parseTypeSet } from '../../bson/type-set.js';
import { isNumeric } from '../../bson/values.js';
import { type PredicateCompiler } from '../predicate.js';

/** `$exists $type`. */
export const elementOperators: Record<string, PredicateCompiler> = {
  $exists: (operand) => {
    const wanted = isTruthy(operand);
    // `$exists: false` is written as the negation by the parser: "no value at the path", not "some value missing".
    return { leafs: 'whole', test: (value) => (value !== undefined) === wanted };
  },
  $type: (operand) => {
    const types = parseTypeSet(operand, '$type');
    return { leafs: 'elements', test: (value) => hasTypeIn(value, types) };
  },
};

/** MongoDB's truth: false, null, missing and every zero are false, all else is true (also "" and NaN). */
export function isTruthy(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  return !isNumeric(value) || toNumber(value) !== 0;
}
