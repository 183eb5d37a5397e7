import { toNumber } from '../../bson/numbers.js';
import { isNumeric } from '../../bson/values.js';
import { failedToParse } from '../../errors.js';
import { type PredicateCompiler } from '../predicate.js';

/** `$size`; `$all` and `$elemMatch` hold further filters and are parsed in parse-filter.ts. */
export const arrayOperators: Record<string, PredicateCompiler> = {
  $size: (operand) => {
    const size = isNumeric(operand) ? toNumber(operand) : NaN;
    if (Number.isNaN(size)) throw sizeError('a number', operand);
    if (!Number.isInteger(size)) throw sizeError('an integer', operand);
    if (size < 0) throw sizeError('a non-negative number', operand);
    return { leafs: 'whole', test: (value) => Array.isArray(value) && value.length === size };
  },
};

const sizeError = (expected: string, operand: unknown): Error =>
  failedToParse(`Failed to parse $size. Expected ${expected} in: $size: ${JSON.stringify(operand)}`);
