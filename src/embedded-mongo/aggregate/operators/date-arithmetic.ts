import { Long } from 'bson';

import { toNumber } from '../../bson/numbers.js';
import { type Document, isNumeric, typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { describe } from '../../query/describe.js';
import { isNullish, named } from '../arguments.js';
import { type OperatorTable } from '../expression-types.js';
import { fromLocal, type TimeZone, timeZoneOf, toLocal, utc } from '../time-zone.js';
import { dateArgument } from './date-parts.js';

const DAY = 86_400_000;
const FIXED_UNITS = { millisecond: 1, second: 1000, minute: 60_000, hour: 3_600_000 } as const;
const MONTHS_OF_UNIT = { month: 1, quarter: 3, year: 12 } as const;
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

type FixedUnit = keyof typeof FIXED_UNITS;
type MonthUnit = keyof typeof MONTHS_OF_UNIT;
export type DateUnit = FixedUnit | MonthUnit | 'week' | 'day';

/** `$dateAdd $dateSubtract $dateDiff $dateTrunc`. */
export const dateArithmeticOperators: OperatorTable = {
  $dateAdd: named(['startDate', 'unit', 'amount'], ['timezone'], (values, name) => shift(values, name, 1)),
  $dateSubtract: named(['startDate', 'unit', 'amount'], ['timezone'], (values, name) => shift(values, name, -1)),
  $dateDiff: named(['startDate', 'endDate', 'unit'], ['timezone', 'startOfWeek'], (values, name) => {
    const { startDate, endDate, unit, timezone, startOfWeek } = values;
    if ([startDate, endDate, unit].some(isNullish) || ('timezone' in values && isNullish(timezone))) return null;
    const zone = timeZoneOf(timezone);
    const which = readUnit(unit, name);
    const index = (date: unknown): number =>
      unitIndex(toLocal(dateArgument(date, name), zone), which, readWeekday(startOfWeek));
    return Long.fromNumber(index(endDate) - index(startDate));
  }),
  $dateTrunc: named(['date', 'unit'], ['binSize', 'timezone', 'startOfWeek'], (values, name) => {
    const { date, unit, binSize, timezone, startOfWeek } = values;
    if ([date, unit].some(isNullish) || binSize === null || ('timezone' in values && isNullish(timezone))) return null;
    const size = binSize === undefined ? 1 : isNumeric(binSize) ? toNumber(binSize) : NaN;
    if (!Number.isInteger(size))
      throw new MongoError(
        5439017,
        `$dateTrunc requires 'binSize' to be a 64-bit integer, but got value of type ${typeName(binSize)}`,
      );
    if (size <= 0)
      throw new MongoError(5439018, `$dateTrunc requires 'binSize' to be greater than 0, but got value ${size}`);
    return truncate(
      dateArgument(date, name),
      readUnit(unit, name),
      size,
      timeZoneOf(timezone),
      readWeekday(startOfWeek),
    );
  }),
};

function readUnit(unit: unknown, name: string): DateUnit {
  const known =
    typeof unit === 'string' && (unit in FIXED_UNITS || unit in MONTHS_OF_UNIT || unit === 'week' || unit === 'day');
  if (!known)
    throw new MongoError(9, `${name} parameter 'unit' value cannot be recognized as a time unit: ${String(unit)}`);
  return unit as DateUnit;
}

/** Index of the first day of weeks, Monday = 0; Sunday unless given. */
function readWeekday(startOfWeek: unknown): number {
  if (isNullish(startOfWeek)) return 6;
  const text = typeof startOfWeek === 'string' ? startOfWeek.toLowerCase() : '';
  const index = WEEKDAYS.findIndex((day) => text === day || text === day.slice(0, 3));
  if (index < 0)
    throw new MongoError(
      9,
      `parameter 'startOfWeek' value cannot be recognized as a day of a week: ${describe(startOfWeek)}`,
    );
  return index;
}

function shift(values: Document, name: string, sign: 1 | -1): Date | null {
  const { startDate, unit, amount, timezone } = values;
  if ([startDate, unit, amount].some(isNullish) || ('timezone' in values && isNullish(timezone))) return null;
  const count = isNumeric(amount) ? toNumber(amount) : NaN;
  if (!Number.isInteger(count)) throw new MongoError(5166405, `${name} expects integer amount of time units`);
  const date = addUnits(dateArgument(startDate, name), readUnit(unit, name), count * sign, timeZoneOf(timezone));
  if (Number.isNaN(date.getTime())) throw new MongoError(5166406, `${name} overflowed`);
  return date;
}

/** Adds calendar units in local time (31 January + 1 month is the last of February); hours and less are durations. */
export function addUnits(date: Date, unit: DateUnit, count: number, zone: TimeZone): Date {
  if (unit in FIXED_UNITS) return new Date(date.getTime() + count * FIXED_UNITS[unit as FixedUnit]);
  const local = toLocal(date, zone);
  if (unit === 'day' || unit === 'week')
    return fromLocal(local.getTime() + count * DAY * (unit === 'week' ? 7 : 1), zone);
  const months = local.getUTCFullYear() * 12 + local.getUTCMonth() + count * MONTHS_OF_UNIT[unit as MonthUnit];
  const [year, month] = [Math.floor(months / 12), ((months % 12) + 12) % 12];
  const lastDay = new Date(utc(year, month + 1, 0)).getUTCDate();
  const midnight = utc(year, month, Math.min(local.getUTCDate(), lastDay));
  const timeOfDay = ((local.getTime() % DAY) + DAY) % DAY;
  return fromLocal(midnight + timeOfDay, zone);
}

/** Running number of the unit a local time lies in: differences count the boundaries between two dates. */
function unitIndex(local: Date, unit: DateUnit, weekStart: number): number {
  if (unit in FIXED_UNITS) return Math.floor(local.getTime() / FIXED_UNITS[unit as FixedUnit]);
  const day = Math.floor(local.getTime() / DAY);
  if (unit === 'day') return day;
  if (unit === 'week') return Math.floor((day + 3 - weekStart) / 7); // 1 January 1970 was a Thursday, three after Monday
  return Math.floor((local.getUTCFullYear() * 12 + local.getUTCMonth()) / MONTHS_OF_UNIT[unit as MonthUnit]);
}

const REFERENCE_YEAR = 2000;

/** Start of the bin a date lies in; bins are counted from the beginning of 2000 (its first `startOfWeek` for weeks). */
function truncate(date: Date, unit: DateUnit, size: number, zone: TimeZone, weekStart: number): Date {
  const reference = utc(REFERENCE_YEAR, 0);
  if (unit in FIXED_UNITS) {
    const start = fromLocal(reference, zone).getTime();
    const bin = size * FIXED_UNITS[unit as FixedUnit];
    return new Date(start + Math.floor((date.getTime() - start) / bin) * bin);
  }
  const local = toLocal(date, zone);
  if (unit === 'day' || unit === 'week') {
    const firstWeekday = (weekStart - 5 + 7) % 7; // 1 January 2000 was a Saturday (5)
    const start = reference + (unit === 'week' ? firstWeekday * DAY : 0);
    const bin = size * DAY * (unit === 'week' ? 7 : 1);
    return fromLocal(start + Math.floor((local.getTime() - start) / bin) * bin, zone);
  }
  const bin = size * MONTHS_OF_UNIT[unit as MonthUnit];
  const months = (local.getUTCFullYear() - REFERENCE_YEAR) * 12 + local.getUTCMonth();
  return fromLocal(utc(REFERENCE_YEAR, Math.floor(months / bin) * bin), zone);
}
