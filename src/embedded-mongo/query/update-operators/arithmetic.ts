import { Decimal128, Long } from 'bson';

import {
  addNumbers,
  integerOf,
  makeDouble,
  multiplyNumbers,
  NUMBER_KIND,
  numberKind,
  type Numeric,
} from '../../bson/numbers.js';
import { isDocument, isNumeric, typeName } from '../../bson/values.js';
import { badValue, typeMismatch } from '../../errors.js';
import { describe, describeId } from '../describe.js';
import { type ModifierCompiler } from './modifier.js';

/** `$inc $mul $bit`. */
export const arithmeticModifiers: Record<string, ModifierCompiler> = {
  $inc: arithmetic('$inc', 'increment', addNumbers, (operand) => operand),
  $mul: arithmetic('$mul', 'multiply', multiplyNumbers, zeroLike),
  $bit: (operand, path) => {
    const steps = readBitSteps(operand, path);
    return {
      creates: true,
      apply: (current, { doc }) => {
        if (current !== undefined && !isInteger(current)) {
          throw badValue(
            `Cannot apply $bit to a value of non-integral type.${describeId(doc)} has the field ${path} of non-integer type ${typeName(current)}`,
          );
        }
        return steps.reduce<Numeric>((value, step) => step(value), current ?? 0);
      },
    };
  },
};

function arithmetic(
  operator: string,
  verb: string,
  combine: (a: Numeric, b: Numeric) => Numeric | null,
  initial: (operand: Numeric) => Numeric,
): ModifierCompiler {
  return (operand, path) => {
    if (!isNumeric(operand))
      throw typeMismatch(`Cannot ${verb} with non-numeric argument: {${path}: ${describe(operand)}}`);
    return {
      creates: true,
      apply: (current, { doc }) => {
        if (current === undefined) return initial(operand);
        if (!isNumeric(current)) {
          throw typeMismatch(
            `Cannot apply ${operator} to a value of non-numeric type. ${describeId(doc)} has the field '${path.split('.').at(-1)}' of non-numeric type ${typeName(current)}`,
          );
        }
        const result = combine(current, operand);
        if (result === null) {
          throw badValue(
            `Failed to apply ${operator} operations to current value (${describe(current)}) for document ${describeId(doc)}`,
          );
        }
        return result;
      },
    };
  };
}

function zeroLike(operand: Numeric): Numeric {
  switch (numberKind(operand)) {
    case NUMBER_KIND.int:
      return 0;
    case NUMBER_KIND.long:
      return Long.ZERO;
    case NUMBER_KIND.double:
      return makeDouble(0);
    default:
      return Decimal128.fromString('0');
  }
}

const isInteger = (value: unknown): value is Numeric => isNumeric(value) && numberKind(value) <= NUMBER_KIND.long;

const BIT_OPERATIONS: Record<string, (a: bigint, b: bigint) => bigint> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

function readBitSteps(operand: unknown, path: string): ((value: Numeric) => Numeric)[] {
  if (!isDocument(operand)) {
    throw badValue(
      `The $bit modifier is not compatible with a ${typeName(operand)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    );
  }
  const names = Object.keys(operand);
  if (names.length === 0) {
    throw badValue(`You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}`);
  }
  return names.map((name) => {
    const combine = Object.hasOwn(BIT_OPERATIONS, name) ? BIT_OPERATIONS[name] : undefined;
    if (!combine) {
      throw badValue(
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: {${name}: ${describe(operand[name])}}`,
      );
    }
    const mask = operand[name];
    if (!isInteger(mask)) {
      throw badValue(
        `The $bit modifier field must be an Integer(32/64 bit); a '${typeName(mask)}' is not supported here: {${path}: ${describe(mask)}}`,
      );
    }
    return (value) => {
      const result = combine(integerOf(value), integerOf(mask));
      const isLong = numberKind(value) === NUMBER_KIND.long || numberKind(mask) === NUMBER_KIND.long;
      return isLong ? Long.fromBigInt(result) : Number(result);
    };
  });
}
