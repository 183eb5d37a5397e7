import { Decimal128 } from 'bson';

/**
 * A decimal128 taken apart: (-1)^negative * coefficient * 10^exponent. IEEE 754-2008 decimal128 keeps 34 digits and
 * exponents -6176..6111; arithmetic here is exact on bigints and rounds half to even once, at the end.
 */
export interface Decimal {
  readonly kind: 'finite' | 'infinity' | 'nan';
  readonly negative: boolean;
  readonly coefficient: bigint;
  readonly exponent: number;
}

const MAX_DIGITS = 34;
const MIN_EXPONENT = -6176;
const MAX_EXPONENT = 6111;
const BIAS = 6176;
const LOW_64 = (1n << 64n) - 1n;
const MAX_COEFFICIENT = 10n ** 34n - 1n;

export const NOT_A_NUMBER: Decimal = { kind: 'nan', negative: false, coefficient: 0n, exponent: 0 };
const infinity = (negative: boolean): Decimal => ({ kind: 'infinity', negative, coefficient: 0n, exponent: 0 });
const finite = (negative: boolean, coefficient: bigint, exponent: number): Decimal => ({
  kind: 'finite',
  negative,
  coefficient,
  exponent,
});

/** Reads the binary integer encoding (BID) of a BSON decimal128. */
export function decodeDecimal(value: Decimal128): Decimal {
  const view = new DataView(value.bytes.buffer, value.bytes.byteOffset, 16);
  const high = view.getBigUint64(8, true);
  const low = view.getBigUint64(0, true);
  const negative = high >> 63n === 1n;
  const combination = Number((high >> 58n) & 0x1fn);
  if (combination === 0x1f) return NOT_A_NUMBER;
  if (combination === 0x1e) return infinity(negative);
  // The long form (leading bits 11) can only hold coefficients above 10^34: non-canonical, read as zero.
  if (combination >> 3 === 3) return finite(negative, 0n, Number((high >> 47n) & 0x3fffn) - BIAS);
  const coefficient = ((high & 0x1ffffffffffffn) << 64n) | low;
  return finite(negative, coefficient > MAX_COEFFICIENT ? 0n : coefficient, Number((high >> 49n) & 0x3fffn) - BIAS);
}

/** Rounds to 34 digits (half to even) and writes the BSON form; too large becomes Infinity, too small zero. */
export function encodeDecimal(value: Decimal): Decimal128 {
  if (value.kind === 'nan') return pack(0x1fn << 58n, 0n);
  const sign = value.negative ? 1n << 63n : 0n;
  if (value.kind === 'infinity') return pack(sign | (0x1en << 58n), 0n);
  let { coefficient, exponent } = round(value, MAX_DIGITS);
  if (exponent < MIN_EXPONENT) {
    coefficient = divideHalfEven(coefficient, 10n ** BigInt(Math.min(MIN_EXPONENT - exponent, 40)));
    exponent = MIN_EXPONENT;
  }
  while (exponent > MAX_EXPONENT && coefficient * 10n <= MAX_COEFFICIENT && coefficient !== 0n) {
    coefficient *= 10n;
    exponent--;
  }
  if (exponent > MAX_EXPONENT) {
    if (coefficient !== 0n) return pack(sign | (0x1en << 58n), 0n);
    exponent = MAX_EXPONENT;
  }
  return pack(sign | (BigInt(exponent + BIAS) << 49n) | (coefficient >> 64n), coefficient & LOW_64);
}

function pack(high: bigint, low: bigint): Decimal128 {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, low, true);
  view.setBigUint64(8, high, true);
  return new Decimal128(bytes);
}

/** Number of decimal digits of a non-negative integer; 0 has one. */
const digitCount = (value: bigint): number => value.toString().length;

function round(value: Decimal, digits: number): Decimal {
  const excess = digitCount(value.coefficient) - digits;
  if (excess <= 0) return value;
  const coefficient = divideHalfEven(value.coefficient, 10n ** BigInt(excess));
  return round(finite(value.negative, coefficient, value.exponent + excess), digits);
}

function divideHalfEven(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  const twice = (value % divisor) * 2n;
  const roundsUp = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  return roundsUp ? quotient + 1n : quotient;
}

export const decimalFromInteger = (value: bigint): Decimal => finite(value < 0n, value < 0n ? -value : value, 0);

/** A double as decimal arithmetic sees it: 15 significant digits, as MongoDB converts (`Decimal128(double)`). */
export function decimalFromDouble(value: number): Decimal {
  if (Number.isNaN(value)) return NOT_A_NUMBER;
  if (!Number.isFinite(value)) return infinity(value < 0);
  if (value === 0) return finite(Object.is(value, -0), 0n, 0);
  return parseDecimal(value.toExponential(14)) ?? NOT_A_NUMBER;
}

/** Parses a decimal literal ("-1.50E+3", "NaN", "Infinity"); null where it is none. */
export function parseDecimal(text: string): Decimal | null {
  const special = /^([+-]?)(nan|inf(?:inity)?)$/i.exec(text);
  if (special) return (special[2] as string).toLowerCase() === 'nan' ? NOT_A_NUMBER : infinity(special[1] === '-');
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,9}))?$/i.exec(text);
  if (!match) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  if (whole + fraction === '') return null;
  return finite(sign === '-', BigInt(whole + fraction), Number(exponent) - fraction.length);
}

const signed = (value: Decimal): bigint => (value.negative ? -value.coefficient : value.coefficient);

export function negate(value: Decimal): Decimal {
  return value.kind === 'nan' ? value : { ...value, negative: !value.negative };
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.kind === 'nan' || b.kind === 'nan') return NOT_A_NUMBER;
  if (a.kind === 'infinity' || b.kind === 'infinity') {
    if (a.kind === b.kind && a.negative !== b.negative) return NOT_A_NUMBER;
    return a.kind === 'infinity' ? a : b;
  }
  // Numbers more than ~70 digits apart: the small one cannot change a 34-digit result, and aligning would be huge.
  if (a.coefficient !== 0n && b.coefficient !== 0n && Math.abs(a.exponent - b.exponent) > 120) {
    return a.exponent > b.exponent ? a : b;
  }
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = scaleTo(a, exponent) + scaleTo(b, exponent);
  return finite(sum < 0n || (sum === 0n && a.negative && b.negative), sum < 0n ? -sum : sum, exponent);
}

function scaleTo(value: Decimal, exponent: number): bigint {
  return value.coefficient === 0n ? 0n : signed(value) * 10n ** BigInt(value.exponent - exponent);
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  const negative = a.negative !== b.negative;
  if (a.kind === 'nan' || b.kind === 'nan') return NOT_A_NUMBER;
  if (a.kind === 'infinity' || b.kind === 'infinity') {
    return isZero(a) || isZero(b) ? NOT_A_NUMBER : infinity(negative);
  }
  return finite(negative, a.coefficient * b.coefficient, a.exponent + b.exponent);
}

export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  const negative = a.negative !== b.negative;
  if (a.kind === 'nan' || b.kind === 'nan' || (a.kind === 'infinity' && b.kind === 'infinity')) return NOT_A_NUMBER;
  if (a.kind === 'infinity') return infinity(negative);
  if (b.kind === 'infinity') return finite(negative, 0n, 0);
  if (b.coefficient === 0n) return a.coefficient === 0n ? NOT_A_NUMBER : infinity(negative);
  const shift = Math.max(0, MAX_DIGITS + 4 + digitCount(b.coefficient) - digitCount(a.coefficient));
  const scaled = a.coefficient * 10n ** BigInt(shift);
  let quotient = scaled / b.coefficient;
  let exponent = a.exponent - b.exponent - shift;
  // A remainder below the kept digits must not look like an exact half when rounding.
  if (scaled % b.coefficient !== 0n) {
    quotient = quotient * 10n + 1n;
    exponent--;
  } else {
    while (exponent < a.exponent - b.exponent && quotient % 10n === 0n && quotient !== 0n) {
      quotient /= 10n;
      exponent++;
    }
  }
  return finite(negative, quotient, exponent);
}

/** Remainder with the sign of the dividend, as `$mod` and fmod have it. */
export function remainderDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.kind !== 'finite' || b.kind === 'nan' || isZero(b)) return NOT_A_NUMBER;
  if (b.kind === 'infinity') return a;
  const exponent = Math.min(a.exponent, b.exponent);
  const rest = scaleTo({ ...a, negative: false }, exponent) % scaleTo({ ...b, negative: false }, exponent);
  return finite(a.negative, rest, exponent);
}

export const isZero = (value: Decimal): boolean => value.kind === 'finite' && value.coefficient === 0n;

/** Exact comparison of two finite decimals. */
export function compareFiniteDecimals(a: Decimal, b: Decimal): number {
  const left = a.coefficient === 0n ? 0 : a.negative ? -1 : 1;
  const right = b.coefficient === 0n ? 0 : b.negative ? -1 : 1;
  if (left !== right || left === 0) return left - right;
  const magnitude = digitCount(a.coefficient) + a.exponent - (digitCount(b.coefficient) + b.exponent);
  if (magnitude !== 0) return magnitude < 0 ? -left : left;
  const exponent = Math.min(a.exponent, b.exponent);
  const difference = scaleTo(a, exponent) - scaleTo(b, exponent);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

export type RoundingMode = 'half-even' | 'truncate' | 'floor' | 'ceil';

/** Rounds to `place` digits after the point (negative: before it). */
export function roundDecimal(value: Decimal, place: number, mode: RoundingMode): Decimal {
  if (value.kind !== 'finite' || -value.exponent <= place) return value;
  const divisor = 10n ** BigInt(Math.min(-place - value.exponent, 7000));
  const truncated = value.coefficient / divisor;
  const isInexact = value.coefficient % divisor !== 0n;
  const awayFromZero = isInexact && ((mode === 'floor' && value.negative) || (mode === 'ceil' && !value.negative));
  const coefficient =
    mode === 'half-even' ? divideHalfEven(value.coefficient, divisor) : awayFromZero ? truncated + 1n : truncated;
  return finite(value.negative, coefficient, -place);
}

/** Nearest double. */
export function decimalToNumber(value: Decimal): number {
  if (value.kind === 'nan') return NaN;
  if (value.kind === 'infinity') return value.negative ? -Infinity : Infinity;
  return Number(`${value.negative ? '-' : ''}${value.coefficient}e${value.exponent}`);
}

/** The integer part. Only for finite values of a sane size: check against the int64 range as a double first. */
export function decimalToBigInt(value: Decimal): bigint {
  if (value.exponent >= 0) return signed(value) * 10n ** BigInt(value.exponent);
  return signed(value) / 10n ** BigInt(Math.min(-value.exponent, 7000));
}

/** A finite double as an exact decimal (every double has a finite decimal expansion). */
export function exactDecimal(value: number): Decimal {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  const power = (biased === 0 ? 1 : biased) - 1075;
  if (power >= 0) return finite(value < 0, mantissa << BigInt(power), 0);
  return finite(value < 0, mantissa * 5n ** BigInt(-power), power); // m * 2^-k = m * 5^k * 10^-k
}
