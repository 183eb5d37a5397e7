import { Decimal128, Long } from 'bson';

import {
  decimalToNumber,
  decodeDecimal,
  encodeDecimal,
  exactDecimal,
  parseDecimal,
  roundDecimal,
  type RoundingMode,
} from '../../bson/decimal.js';
import {
  addNumbers,
  divideNumbers,
  fitsInt64,
  integerOf,
  makeDouble,
  multiplyNumbers,
  NUMBER_KIND,
  numberKind,
  type Numeric,
  remainderNumbers,
  subtractNumbers,
  toNumber,
} from '../../bson/numbers.js';
import { isNumeric, typeName } from '../../bson/values.js';
import { badValue, MongoError, typeMismatch } from '../../errors.js';
import { binary, compileList, isNullish, unaryOrNull, variadic } from '../arguments.js';
import { type Evaluator, type OperatorCompiler, type OperatorTable } from '../expression-types.js';

/** `$add $subtract $multiply $divide $mod $abs $ceil $floor $round $trunc $sqrt $pow $exp $ln $log $log10 $bit*`. */
export const arithmeticOperators: OperatorTable = {
  $add: variadic((values) => add(values)),
  $subtract: binary((a, b) => subtract(a, b)),
  $multiply: variadic((values) => multiply(values)),
  $divide: binary((a, b) => {
    if (isNullish(a) || isNullish(b)) return null;
    const [left, right] = numericPair('$divide', a, b);
    if (toNumber(right) === 0) throw badValue("can't $divide by zero");
    return divideNumbers(left, right);
  }),
  $mod: binary((a, b) => {
    if (isNullish(a) || isNullish(b)) return null;
    if (!isNumeric(a) || !isNumeric(b)) {
      throw new MongoError(16611, `$mod only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
    }
    if (toNumber(b) === 0) throw new MongoError(16610, "can't $mod by zero");
    return remainderNumbers(a, b);
  }),
  $abs: numeric((value) => (toNumber(value) < 0 ? widen(subtractNumbers, 0, value) : value)),
  $ceil: rounding('ceil'),
  $floor: rounding('floor'),
  $round: roundingTo('half-even'),
  $trunc: roundingTo('truncate'),
  $sqrt: numeric((value) => {
    if (toNumber(value) < 0) throw new MongoError(28714, "$sqrt's argument must be greater than or equal to 0");
    return realFunction(Math.sqrt)(value);
  }),
  $exp: numeric(realFunction(Math.exp)),
  $ln: numeric(logarithm('$ln', 28766, Math.log)),
  $log10: numeric(logarithm('$log10', 28761, Math.log10)),
  $log: binary((a, b) => {
    if (isNullish(a) || isNullish(b)) return null;
    if (!isNumeric(a)) throw new MongoError(28756, `$log's argument must be numeric, not ${typeName(a)}`);
    if (!isNumeric(b)) throw new MongoError(28757, `$log's base must be numeric, not ${typeName(b)}`);
    const [argument, base] = [toNumber(a), toNumber(b)];
    if (argument <= 0) throw new MongoError(28758, `$log's argument must be a positive number, but is ${argument}`);
    if (base <= 0 || base === 1)
      throw new MongoError(28759, `$log's base must be a positive number not equal to 1, but is ${base}`);
    return makeDouble(Math.log(argument) / Math.log(base));
  }),
  $pow: binary((a, b) => {
    if (isNullish(a) || isNullish(b)) return null;
    if (!isNumeric(a)) throw new MongoError(28762, `$pow's base must be numeric, not ${typeName(a)}`);
    if (!isNumeric(b)) throw new MongoError(28763, `$pow's exponent must be numeric, not ${typeName(b)}`);
    if (toNumber(a) === 0 && toNumber(b) < 0) {
      throw new MongoError(28764, '$pow cannot take a base of 0 and a negative exponent');
    }
    return power(a, b);
  }),
  $bitAnd: bitwise((a, b) => a & b, -1n),
  $bitOr: bitwise((a, b) => a | b, 0n),
  $bitXor: bitwise((a, b) => a ^ b, 0n),
  $bitNot: unaryOrNull((value) => {
    if (!isNumeric(value) || numberKind(value) > NUMBER_KIND.long) {
      throw typeMismatch(`$bitNot only supports int and long, not: ${typeName(value)}.`);
    }
    const result = ~integerOf(value);
    return numberKind(value) === NUMBER_KIND.int ? Number(result) : Long.fromBigInt(result);
  }),
};

type Arithmetic = (a: Numeric, b: Numeric) => Numeric | null;

/** Typed arithmetic of expressions: an int64 that overflows becomes a double. */
export function widen(operation: Arithmetic, a: Numeric, b: Numeric): Numeric {
  return operation(a, b) ?? (operation(makeDouble(toNumber(a)), b) as Numeric);
}

/** Sum of numbers and at most one date; null if any value is null or missing. */
export function add(values: readonly unknown[]): unknown {
  let date: Date | null = null;
  let sum: Numeric = 0;
  for (const value of values) {
    if (isNullish(value)) return null;
    if (value instanceof Date) {
      if (date) throw new MongoError(16612, 'only one date allowed in an $add expression');
      date = value;
    } else if (isNumeric(value)) {
      sum = widen(addNumbers, sum, value);
    } else {
      throw typeMismatch(`$add only supports numeric or date types, not ${typeName(value)}`);
    }
  }
  return date ? new Date(date.getTime() + Math.round(toNumber(sum))) : sum;
}

/** Difference of numbers, of dates (a long of milliseconds), or a date minus milliseconds. */
export function subtract(a: unknown, b: unknown): unknown {
  if (isNullish(a) || isNullish(b)) return null;
  if (a instanceof Date && b instanceof Date) return Long.fromNumber(a.getTime() - b.getTime());
  if (a instanceof Date && isNumeric(b)) return new Date(a.getTime() - Math.round(toNumber(b)));
  if (isNumeric(a) && isNumeric(b)) return widen(subtractNumbers, a, b);
  throw typeMismatch(`can't $subtract ${typeName(b)} from ${typeName(a)}`);
}

function multiply(values: readonly unknown[]): unknown {
  let product: Numeric = 1;
  for (const value of values) {
    if (isNullish(value)) return null;
    if (!isNumeric(value)) throw typeMismatch(`$multiply only supports numeric types, not ${typeName(value)}`);
    product = widen(multiplyNumbers, product, value);
  }
  return product;
}

function numericPair(name: string, a: unknown, b: unknown): [Numeric, Numeric] {
  if (isNumeric(a) && isNumeric(b)) return [a, b];
  throw typeMismatch(`${name} only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
}

/** One-number operator: null for null and missing, 28765 for what is no number. */
export function numeric(compute: (value: Numeric) => unknown): OperatorCompiler {
  return unaryOrNull((value, name) => {
    if (!isNumeric(value)) throw new MongoError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    return compute(value);
  });
}

/** A function of real numbers: decimals in and out keep their type, computed with double precision. */
export function realFunction(compute: (value: number) => number): (value: Numeric) => Numeric {
  return (value) => {
    const result = compute(toNumber(value));
    return numberKind(value) === NUMBER_KIND.decimal ? decimalOf(result) : makeDouble(result);
  };
}

export function decimalOf(value: number): Decimal128 {
  const decimal = parseDecimal(String(value));
  return decimal ? encodeDecimal(decimal) : Decimal128.fromString('NaN');
}

function logarithm(name: string, code: number, compute: (value: number) => number): (value: Numeric) => Numeric {
  return (value) => {
    if (toNumber(value) <= 0) {
      throw new MongoError(code, `${name}'s argument must be a positive number, but is ${toNumber(value)}`);
    }
    return realFunction(compute)(value);
  };
}

function power(base: Numeric, exponent: Numeric): Numeric {
  const kind = Math.max(numberKind(base), numberKind(exponent));
  const result = Math.pow(toNumber(base), toNumber(exponent));
  if (kind === NUMBER_KIND.decimal) return decimalOf(result);
  if (kind === NUMBER_KIND.double || toNumber(exponent) < 0 || toNumber(exponent) > 64) return makeDouble(result);
  const exact = integerOf(base) ** integerOf(exponent);
  if (!fitsInt64(exact)) return makeDouble(result);
  const isInt = kind === NUMBER_KIND.int && BigInt.asIntN(32, exact) === exact;
  return isInt ? Number(exact) : Long.fromBigInt(exact);
}

function rounding(mode: 'ceil' | 'floor'): OperatorCompiler {
  return numeric((value) => roundTo(value, 0, mode));
}

function roundingTo(mode: 'half-even' | 'truncate'): OperatorCompiler {
  return (operand, compiler, name) => {
    const [evaluate, place] = compileList(operand, compiler, name, 1, 2) as [Evaluator, Evaluator | undefined];
    return (scope) => {
      const value = evaluate(scope);
      const digits = place ? place(scope) : 0;
      if (isNullish(value) || isNullish(digits)) return null;
      if (!isNumeric(value)) throw new MongoError(51081, `${name} only supports numeric types, not ${typeName(value)}`);
      const count = isNumeric(digits) ? toNumber(digits) : NaN;
      if (!Number.isInteger(count))
        throw new MongoError(51082, `precision argument to ${name} must be a integral value`);
      if (count < -20 || count > 100)
        throw new MongoError(51083, `cannot apply ${name} with precision value ${count} value must be in [-20, 100]`);
      return roundTo(value, count, mode);
    };
  };
}

function roundTo(value: Numeric, digits: number, mode: RoundingMode): Numeric {
  const kind = numberKind(value);
  if (kind === NUMBER_KIND.decimal)
    return encodeDecimal(roundDecimal(decodeDecimal(value as Decimal128), digits, mode));
  if (kind === NUMBER_KIND.double) return makeDouble(roundDouble(toNumber(value), digits, mode));
  if (digits >= 0) return value;
  const unit = 10n ** BigInt(-digits);
  const integer = integerOf(value);
  const rest = integer % unit;
  const truncated = integer - rest;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  const isUp = mode === 'half-even' && (twice > unit || (twice === unit && (truncated / unit) % 2n !== 0n));
  const result = isUp ? truncated + (integer < 0n ? -unit : unit) : truncated;
  return kind === NUMBER_KIND.int && BigInt.asIntN(32, result) === result ? Number(result) : Long.fromBigInt(result);
}

// On the exact decimal value of the double (1.255 is a little less than that): scaling by powers of ten would add errors.
function roundDouble(value: number, digits: number, mode: RoundingMode): number {
  if (!Number.isFinite(value)) return value;
  if (digits === 0 && mode !== 'half-even') return mode === 'truncate' ? Math.trunc(value) : Math[mode](value);
  return decimalToNumber(roundDecimal(exactDecimal(value), digits, mode));
}

function bitwise(combine: (a: bigint, b: bigint) => bigint, initial: bigint): OperatorCompiler {
  return variadic((values, name) => {
    let result = initial;
    let isLong = false;
    for (const value of values) {
      if (isNullish(value)) return null;
      if (!isNumeric(value) || numberKind(value) > NUMBER_KIND.long) {
        throw typeMismatch(`${name} only supports int and long operands.`);
      }
      isLong ||= numberKind(value) === NUMBER_KIND.long;
      result = combine(result, integerOf(value));
    }
    return isLong ? Long.fromBigInt(result) : Number(result);
  });
}
