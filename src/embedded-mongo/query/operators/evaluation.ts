import { toNumber } from '../../bson/numbers.js';
import { isNumeric } from '../../bson/values.js';
import { badValue } from '../../errors.js';
import { type PredicateCompiler } from '../predicate.js';

/** `$mod`; `$regex` has its own file. */
export const evaluationOperators: Record<string, PredicateCompiler> = {
  $mod: (operand) => {
    if (!Array.isArray(operand)) throw badValue('malformed mod, needs to be an array');
    if (operand.length < 2) throw badValue('malformed mod, not enough elements');
    if (operand.length > 2) throw badValue('malformed mod, too many elements');
    const divisor = modOperand(operand[0], 'divisor');
    const remainder = modOperand(operand[1], 'remainder');
    if (divisor === 0) throw badValue('divisor cannot be 0');
    return {
      leafs: 'elements',
      test: (value) => {
        if (!isNumeric(value)) return false;
        const number = Math.trunc(toNumber(value));
        return Number.isFinite(number) && number % divisor === remainder; // 0 === -0
      },
    };
  },
};

function modOperand(value: unknown, name: string): number {
  if (!isNumeric(value)) throw badValue(`malformed mod, ${name} not a number`);
  const number = Math.trunc(toNumber(value));
  if (!Number.isFinite(number))
    throw badValue(`malformed mod, ${name} value is invalid :: caused by :: Unable to coerce NaN/Inf to integral type`);
  return number === 0 ? 0 : number;
}
