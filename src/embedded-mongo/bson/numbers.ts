import { Decimal128, Double, Int32, Long } from 'bson';

import {
  addDecimals,
  compareFiniteDecimals,
  type Decimal,
  decimalFromDouble,
  decimalFromInteger,
  decimalToNumber,
  decodeDecimal,
  divideDecimals,
  encodeDecimal,
  exactDecimal,
  multiplyDecimals,
  negate,
  remainderDecimals,
} from './decimal.js';
import { isInt32 } from './values.js';

/** A BSON number in memory: number (int32 or double), Double, Long or bigint (int64), Decimal128. */
export type Numeric = number | bigint | Double | Int32 | Long | Decimal128;

/** Widening order of the four numeric types: the result of an operation has the wider type of its operands. */
export const NUMBER_KIND = { int: 0, long: 1, double: 2, decimal: 3 } as const;
export type NumberKind = (typeof NUMBER_KIND)[keyof typeof NUMBER_KIND];

export function numberKind(value: Numeric): NumberKind {
  if (typeof value === 'number') return isInt32(value) ? NUMBER_KIND.int : NUMBER_KIND.double;
  if (typeof value === 'bigint' || value instanceof Long) return NUMBER_KIND.long;
  if (value instanceof Double) return NUMBER_KIND.double;
  return value instanceof Int32 ? NUMBER_KIND.int : NUMBER_KIND.decimal;
}

/** Nearest double of any number. */
export function toNumber(value: Numeric): number {
  if (typeof value === 'number') return value;
  if (value instanceof Double || value instanceof Int32) return value.value;
  if (value instanceof Long) return value.toNumber();
  return typeof value === 'bigint' ? Number(value) : decimalToNumber(decodeDecimal(value));
}

/** Value of an int32 or int64. */
export const integerOf = (value: Numeric): bigint =>
  value instanceof Long ? value.toBigInt() : typeof value === 'bigint' ? value : BigInt(toNumber(value));

/** A double result in the representation `decode` uses: `Double` where a plain number would be taken for an int32. */
export const makeDouble = (value: number): number | Double => (isInt32(value) ? new Double(value) : value);

const INT64_MIN = -(1n << 63n);
const INT64_MAX = (1n << 63n) - 1n;

export const fitsInt64 = (value: bigint): boolean => value >= INT64_MIN && value <= INT64_MAX;

/** An integer result: int32 if both operands were and it fits, else int64; null when it exceeds int64. */
function makeInteger(value: bigint, kind: NumberKind): number | Long | null {
  if (kind === NUMBER_KIND.int && isInt32(Number(value))) return Number(value);
  return fitsInt64(value) ? Long.fromBigInt(value) : null;
}

/** Any number as a decimal; doubles with 15 digits, as MongoDB widens them for arithmetic. */
export function toDecimal(value: Numeric): Decimal {
  const kind = numberKind(value);
  if (kind === NUMBER_KIND.decimal) return decodeDecimal(value as Decimal128);
  return kind === NUMBER_KIND.double ? decimalFromDouble(toNumber(value)) : decimalFromInteger(integerOf(value));
}

type Arithmetic = (a: Numeric, b: Numeric) => Numeric | null;

function operation(
  onDoubles: (a: number, b: number) => number,
  onIntegers: (a: bigint, b: bigint) => bigint,
  onDecimals: (a: Decimal, b: Decimal) => Decimal,
): Arithmetic {
  return (a, b) => {
    const kind = Math.max(numberKind(a), numberKind(b)) as NumberKind;
    if (kind === NUMBER_KIND.decimal) return encodeDecimal(onDecimals(toDecimal(a), toDecimal(b)));
    if (kind === NUMBER_KIND.double) return makeDouble(onDoubles(toNumber(a), toNumber(b)));
    if (kind === NUMBER_KIND.int) {
      const result = onDoubles(toNumber(a), toNumber(b));
      if (isInt32(result)) return result;
    }
    return makeInteger(onIntegers(integerOf(a), integerOf(b)), kind);
  };
}

/** Typed arithmetic: int32 overflows into int64; null when an integer result does not fit int64. */
export const addNumbers = operation(
  (a, b) => a + b,
  (a, b) => a + b,
  addDecimals,
);
export const subtractNumbers = operation(
  (a, b) => a - b,
  (a, b) => a - b,
  (a, b) => addDecimals(a, negate(b)),
);
export const multiplyNumbers = operation(
  (a, b) => a * b,
  (a, b) => a * b,
  multiplyDecimals,
);
/** Remainder with the dividend's sign. The divisor must not be zero. */
export const remainderNumbers = operation(
  (a, b) => a % b,
  (a, b) => a % b,
  remainderDecimals,
);

/** Division: decimal if an operand is, else double. */
export function divideNumbers(a: Numeric, b: Numeric): Numeric {
  if (numberKind(a) === NUMBER_KIND.decimal || numberKind(b) === NUMBER_KIND.decimal) {
    return encodeDecimal(divideDecimals(toDecimal(a), toDecimal(b)));
  }
  return makeDouble(toNumber(a) / toNumber(b));
}

/** Where a number lies relative to its nearest double: only int64 and decimal128 can be off it. */
export function sideOfNearestDouble(value: Numeric, nearest: number): -1 | 0 | 1 {
  if (typeof value === 'number' || value instanceof Double || value instanceof Int32) return 0;
  if (value instanceof Long || typeof value === 'bigint') {
    if (Math.abs(nearest) < 2 ** 53) return 0;
    const difference = integerOf(value) - BigInt(nearest);
    return difference === 0n ? 0 : difference < 0n ? -1 : 1;
  }
  const decimal = decodeDecimal(value);
  if (decimal.kind !== 'finite') return 0;
  if (!Number.isFinite(nearest)) return nearest > 0 ? -1 : 1;
  return Math.sign(compareFiniteDecimals(decimal, exactDecimal(nearest))) as -1 | 0 | 1;
}

/**
 * Numeric order across all types, exact: NaN is below every number and equals NaN, -0 equals 0. Rounding to the
 * nearest double keeps order, so only numbers that share one need the exact comparison.
 */
export function compareNumbers(a: Numeric, b: Numeric): number {
  const left = toNumber(a);
  const right = toNumber(b);
  if (left < right) return -1;
  if (left > right) return 1;
  if (left !== right) return Number.isNaN(left) ? (Number.isNaN(right) ? 0 : -1) : 1;
  if (typeof a === 'number' && typeof b === 'number') return 0;
  const leftSide = sideOfNearestDouble(a, left);
  const rightSide = sideOfNearestDouble(b, right);
  if (leftSide !== rightSide) return leftSide < rightSide ? -1 : 1;
  return leftSide === 0 ? 0 : compareFiniteDecimals(toDecimal(a), toDecimal(b));
}
