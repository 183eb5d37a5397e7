import { Decimal128, Long, ObjectId } from 'bson';

import {
  decimalFromDouble,
  decimalFromInteger,
  decimalToBigInt,
  decodeDecimal,
  encodeDecimal,
  parseDecimal,
} from '../../bson/decimal.js';
import { fitsInt64, integerOf, makeDouble, NUMBER_KIND, numberKind, toDecimal, toNumber } from '../../bson/numbers.js';
import { aliasOfType, BSON_TYPE, isNumeric, type TypeAlias, typeName, typeNumber } from '../../bson/values.js';
import { isTruthy } from '../../query/operators/element.js';
import { MongoError } from '../../errors.js';
import { isNullish, namedOperands, unary } from '../arguments.js';
import { type OperatorCompiler, type OperatorTable } from '../expression-types.js';
import { parseDate } from './date-format.js';

type Conversion = (value: unknown) => unknown;

/** `$convert` and its short forms `$toInt $toLong $toDouble $toDecimal $toString $toBool $toDate $toObjectId`. */
export const convertOperators: OperatorTable = {
  $convert: (operand, compiler, name) => {
    const operands = namedOperands(operand, name, ['input', 'to'], ['onError', 'onNull', 'format'], 9);
    const input = compiler.compile(operands.input);
    const target = compiler.compile(operands.to);
    const onNull = 'onNull' in operands ? compiler.compile(operands.onNull) : null;
    const onError = 'onError' in operands ? compiler.compile(operands.onError) : null;
    return (scope) => {
      const to = target(scope);
      const value = input(scope);
      if (isNullish(value)) return onNull ? onNull(scope) : null;
      if (isNullish(to)) return null;
      const convert = conversionTo(to);
      try {
        return convert(value);
      } catch (error) {
        if (!onError || !(error instanceof MongoError) || error.code !== 241) throw error;
        return onError(scope);
      }
    };
  },
  $toInt: short('int'),
  $toLong: short('long'),
  $toDouble: short('double'),
  $toDecimal: short('decimal'),
  $toString: short('string'),
  $toBool: short('bool'),
  $toDate: short('date'),
  $toObjectId: short('objectId'),
};

function short(to: TypeAlias): OperatorCompiler {
  return unary((value) => (isNullish(value) ? null : conversions[to]?.(value)));
}

const failure = (message: string): MongoError => new MongoError(241, `${message} in $convert with no onError value`);
const unsupported = (value: unknown, to: string): MongoError =>
  failure(`Unsupported conversion from ${typeName(value)} to ${to}`);

function conversionTo(to: unknown): Conversion {
  const alias = isNumeric(to) ? aliasOfType(toNumber(to)) : to;
  if (typeof alias !== 'string')
    throw new MongoError(9, `$convert's 'to' argument must be a string or number, but is ${typeName(to)}`);
  const convert = Object.hasOwn(conversions, alias) ? conversions[alias as TypeAlias] : undefined;
  if (!convert) throw new MongoError(2, `Unknown type name: ${alias}`);
  return convert;
}

const conversions: Partial<Record<TypeAlias, Conversion>> = {
  int: (value) => {
    const integer = toInteger(value, 'int');
    if (BigInt.asIntN(32, integer) !== integer) throw failure('Conversion would overflow target type');
    return Number(integer);
  },
  long: (value) => {
    if (value instanceof Date) return Long.fromNumber(value.getTime());
    return Long.fromBigInt(toInteger(value, 'long'));
  },
  double: (value) => {
    if (typeof value === 'boolean') return makeDouble(Number(value));
    if (value instanceof Date) return makeDouble(value.getTime());
    if (typeof value === 'string') return makeDouble(parseNumber(value));
    if (!isNumeric(value)) throw unsupported(value, 'double');
    const number = toNumber(value);
    if (!Number.isFinite(number) && numberKind(value) === NUMBER_KIND.decimal) {
      if (decodeDecimal(value as Decimal128).kind === 'finite') throw failure('Conversion would overflow target type');
    }
    return makeDouble(number);
  },
  decimal: (value) => {
    if (typeof value === 'boolean') return encodeDecimal(decimalFromInteger(BigInt(value)));
    if (value instanceof Date) return encodeDecimal(decimalFromDouble(value.getTime()));
    if (typeof value === 'string') {
      const decimal = parseDecimal(value);
      if (!decimal) throw failure(`Failed to parse number '${value}'`);
      return encodeDecimal(decimal);
    }
    if (!isNumeric(value)) throw unsupported(value, 'decimal');
    return encodeDecimal(toDecimal(value));
  },
  string: (value) => {
    switch (typeNumber(value)) {
      case BSON_TYPE.string:
        return value;
      case BSON_TYPE.bool:
      case BSON_TYPE.objectId:
      case BSON_TYPE.date:
        return toText(value);
      default:
        if (!isNumeric(value)) throw unsupported(value, 'string');
        return toText(value);
    }
  },
  bool: (value) => isTruthy(value),
  date: (value) => {
    if (value instanceof Date) return value;
    if (typeof value === 'string') return parseDate(value);
    if (value instanceof ObjectId) return value.getTimestamp();
    if (typeNumber(value) === BSON_TYPE.timestamp)
      return new Date((value as { getHighBitsUnsigned(): number }).getHighBitsUnsigned() * 1000);
    if (!isNumeric(value) || numberKind(value) === NUMBER_KIND.int) throw unsupported(value, 'date');
    return new Date(Number(toInteger(value, 'date')));
  },
  objectId: (value) => {
    if (value instanceof ObjectId) return value;
    if (typeof value !== 'string') throw unsupported(value, 'objectId');
    if (!/^[0-9a-fA-F]{24}$/.test(value)) throw failure(`Failed to parse objectId '${value}'`);
    return new ObjectId(value);
  },
};

function parseNumber(text: string): number {
  if (!/^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|inf(inity)?|nan)$/i.test(text)) {
    throw failure(`Failed to parse number '${text}'`);
  }
  return /nan/i.test(text) ? NaN : /inf/i.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text);
}

/** Integer part of a value, within int64. */
function toInteger(value: unknown, to: string): bigint {
  if (typeof value === 'boolean') return BigInt(value);
  if (typeof value === 'string') {
    if (!/^[+-]?\d+$/.test(value)) throw failure(`Failed to parse number '${value}'`);
    return inRange(BigInt(value.replace(/^\+/, '')));
  }
  if (!isNumeric(value)) throw unsupported(value, to);
  if (numberKind(value) <= NUMBER_KIND.long) return integerOf(value);
  const nearest = toNumber(value);
  if (!Number.isFinite(nearest)) throw failure('Attempt to convert NaN or Infinity value to integer type');
  if (Math.abs(nearest) > 2 ** 63) throw failure('Conversion would overflow target type');
  return inRange(
    numberKind(value) === NUMBER_KIND.decimal
      ? decimalToBigInt(decodeDecimal(value as Decimal128))
      : BigInt(Math.trunc(nearest)),
  );
}

function inRange(integer: bigint): bigint {
  if (!fitsInt64(integer)) throw failure('Conversion would overflow target type');
  return integer;
}

/** Text of a scalar as `$toString` gives it. */
export function toText(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  if (isNumeric(value)) {
    if (value instanceof Decimal128) return value.toString();
    return numberKind(value) === NUMBER_KIND.double ? doubleText(toNumber(value)) : String(integerOf(value));
  }
  return String(value);
}

function doubleText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2'); // 1e-7 is printed 1e-07
}
