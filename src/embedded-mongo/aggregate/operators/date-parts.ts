import { Long, ObjectId } from 'bson';

import { BSON_TYPE, type Document, isDocument, typeName, typeNumber } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { isNullish, named, namedOperands, operandList } from '../arguments.js';
import { type Evaluator, type OperatorCompiler, type OperatorTable } from '../expression-types.js';
import { fromLocal, timeZoneOf, toLocal, utc } from '../time-zone.js';
import { integerArgument } from './array.js';

const DAY = 86_400_000;

/** Fields of dates: `$year $month ... $isoWeek`, `$dateToParts`, `$dateFromParts`. */
export const datePartOperators: OperatorTable = {
  $year: part((local) => local.getUTCFullYear()),
  $month: part((local) => local.getUTCMonth() + 1),
  $dayOfMonth: part((local) => local.getUTCDate()),
  $hour: part((local) => local.getUTCHours()),
  $minute: part((local) => local.getUTCMinutes()),
  $second: part((local) => local.getUTCSeconds()),
  $millisecond: part((local) => local.getUTCMilliseconds()),
  $dayOfYear: part(dayOfYear),
  $dayOfWeek: part((local) => local.getUTCDay() + 1),
  $week: part(weekOfYear),
  $isoDayOfWeek: part(isoDayOfWeek),
  $isoWeek: part((local) => isoWeek(local).week),
  $isoWeekYear: part((local) => Long.fromNumber(isoWeek(local).year)),
  $dateToParts: named(['date'], ['timezone', 'iso8601'], (values) => {
    const { date, timezone, iso8601 } = values;
    if (isNullish(date) || ('timezone' in values && isNullish(timezone)) || iso8601 === null) return null;
    const local = toLocal(dateArgument(date, '$dateToParts'), timeZoneOf(timezone));
    const time = {
      hour: local.getUTCHours(),
      minute: local.getUTCMinutes(),
      second: local.getUTCSeconds(),
      millisecond: local.getUTCMilliseconds(),
    };
    if (iso8601 !== true) {
      return { year: local.getUTCFullYear(), month: local.getUTCMonth() + 1, day: local.getUTCDate(), ...time };
    }
    const { year, week } = isoWeek(local);
    return { isoWeekYear: year, isoWeek: week, isoDayOfWeek: isoDayOfWeek(local), ...time };
  }),
  $dateFromParts: (operand, compiler, name) => {
    const isIso = isDocument(operand) && 'isoWeekYear' in operand;
    const time = ['hour', 'minute', 'second', 'millisecond', 'timezone'];
    return isIso
      ? named(['isoWeekYear'], ['isoWeek', 'isoDayOfWeek', ...time], fromIsoParts)(operand, compiler, name)
      : named(['year'], ['month', 'day', ...time], fromParts)(operand, compiler, name);
  },
};

/** Operator of a date, or of `{ date, timezone }`. */
function part(compute: (local: Date) => unknown): OperatorCompiler {
  return (operand, compiler, name) => {
    const isNamed = isDocument(operand) && 'date' in operand;
    const operands: Document = isNamed ? namedOperands(operand, name, ['date'], ['timezone'], 40535) : {};
    const list = operandList(operand);
    if (!isNamed && list.length !== 1)
      throw new MongoError(
        40536,
        `${name} accepts exactly one argument if given an array, but was given ${list.length}`,
      );
    const readDate: Evaluator = compiler.compile(isNamed ? operands.date : list[0]);
    const readZone = 'timezone' in operands ? compiler.compile(operands.timezone) : null;
    return (scope) => {
      const date = readDate(scope);
      const zone = readZone?.(scope);
      if (isNullish(date) || (readZone && isNullish(zone))) return null;
      return compute(toLocal(dateArgument(date, name), timeZoneOf(zone)));
    };
  };
}

/** A date from a date, a timestamp or an ObjectId. */
export function dateArgument(value: unknown, name: string): Date {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  if (typeNumber(value) === BSON_TYPE.timestamp)
    return new Date((value as { getHighBitsUnsigned(): number }).getHighBitsUnsigned() * 1000);
  throw new MongoError(16006, `can't convert from BSON type ${typeName(value)} to Date (${name})`);
}

export function dayOfYear(local: Date): number {
  return Math.floor((local.getTime() - utc(local.getUTCFullYear(), 0)) / DAY) + 1;
}

/** Weeks begin on Sunday; days before the first Sunday are week 0. */
export function weekOfYear(local: Date): number {
  return Math.floor((dayOfYear(local) + 6 - local.getUTCDay()) / 7);
}

/** Monday is 1, Sunday 7. */
export function isoDayOfWeek(local: Date): number {
  return local.getUTCDay() || 7;
}

/** ISO 8601 week: it belongs to the year that holds its Thursday. */
export function isoWeek(local: Date): { year: number; week: number } {
  const thursday = new Date(local.getTime() + (4 - isoDayOfWeek(local)) * DAY);
  return { year: thursday.getUTCFullYear(), week: Math.ceil(dayOfYear(thursday) / 7) };
}

function fromParts(values: Document): Date | null {
  const numbers = readParts(values, { year: 1970, month: 1, day: 1 });
  if (!numbers) return null;
  const { year = 1970, month = 1, day = 1, hour, minute, second, millisecond } = numbers;
  return fromLocal(utc(year, month - 1, day, hour, minute, second, millisecond), timeZoneOf(values.timezone));
}

function fromIsoParts(values: Document): Date | null {
  const numbers = readParts(values, { isoWeekYear: 1970, isoWeek: 1, isoDayOfWeek: 1 });
  if (!numbers) return null;
  const { isoWeekYear = 1970, isoWeek: week = 1, isoDayOfWeek: day = 1, hour, minute, second, millisecond } = numbers;
  const fourth = new Date(utc(isoWeekYear, 0, 4)); // 4 January is always in week 1
  const monday = fourth.getUTCDate() - isoDayOfWeek(fourth) + 1;
  return fromLocal(
    utc(isoWeekYear, 0, monday + (week - 1) * 7 + day - 1, hour, minute, second, millisecond),
    timeZoneOf(values.timezone),
  );
}

const TIME_PARTS = { hour: 0, minute: 0, second: 0, millisecond: 0 };

/** Integer parts with their defaults; null if one is given as null or missing. */
function readParts(values: Document, dateParts: Record<string, number>): Record<string, number> | null {
  const numbers: Record<string, number> = { ...dateParts, ...TIME_PARTS };
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (isNullish(value)) return null;
    if (name === 'timezone') continue;
    numbers[name] = integerArgument(value, 40515, `'${name}'`);
    const isYear = name === 'year' || name === 'isoWeekYear';
    if (isYear && (numbers[name] < 1 || numbers[name] > 9999)) {
      throw new MongoError(
        40523,
        `'${name}' must evaluate to an integer in the range 1 to 9999, found ${numbers[name]}`,
      );
    }
    if (Math.abs(numbers[name]) > 32_768 && name !== 'second' && name !== 'millisecond') {
      throw new MongoError(
        31034,
        `'${name}' must evaluate to a value in the range [-32768, 32767]; value ${numbers[name]} is not in range`,
      );
    }
  }
  return numbers;
}
