import { typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { isNullish, namedOperands } from '../arguments.js';
import { type OperatorTable } from '../expression-types.js';
import { fromLocal, timeZoneOf, toLocal, type TimeZone, utc } from '../time-zone.js';
import { dateArgument, dayOfYear, isoDayOfWeek, isoWeek, weekOfYear } from './date-parts.js';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** `$dateToString $dateFromString`. */
export const dateFormatOperators: OperatorTable = {
  $dateToString: (operand, compiler, name) => {
    const operands = namedOperands(operand, name, ['date'], ['format', 'timezone', 'onNull'], 18628);
    const [date, format, timezone, onNull] = ['date', 'format', 'timezone', 'onNull'].map((field) =>
      field in operands ? compiler.compile(operands[field]) : null,
    );
    return (scope) => {
      const value = date?.(scope);
      const zoneName = timezone?.(scope);
      if (isNullish(value)) return onNull ? onNull(scope) : null;
      if (timezone && isNullish(zoneName)) return null;
      const pattern = format ? format(scope) : timezone ? '%Y-%m-%dT%H:%M:%S.%L' : '%Y-%m-%dT%H:%M:%S.%LZ';
      if (isNullish(pattern)) return null;
      if (typeof pattern !== 'string')
        throw new MongoError(18533, `$dateToString requires that 'format' be a string, found: ${typeName(pattern)}`);
      return formatDate(dateArgument(value, name), pattern, timeZoneOf(zoneName));
    };
  },
  $dateFromString: (operand, compiler, name) => {
    const operands = namedOperands(operand, name, ['dateString'], ['format', 'timezone', 'onNull', 'onError'], 40541);
    const [text, format, timezone, onNull, onError] = ['dateString', 'format', 'timezone', 'onNull', 'onError'].map(
      (field) => (field in operands ? compiler.compile(operands[field]) : null),
    );
    return (scope) => {
      const value = text?.(scope);
      if (isNullish(value)) return onNull ? onNull(scope) : null;
      const zoneName = timezone?.(scope);
      const pattern = format?.(scope);
      if ((timezone && isNullish(zoneName)) || (format && isNullish(pattern))) return null;
      try {
        if (typeof value !== 'string')
          throw parseError(`requires that 'dateString' be a string, found: ${typeName(value)}`);
        return typeof pattern === 'string' ? parseByFormat(value, pattern, zoneName) : parseDate(value, zoneName);
      } catch (error) {
        if (!onError || !(error instanceof MongoError) || error.code !== 241) throw error;
        return onError(scope);
      }
    };
  },
};

const parseError = (message: string): MongoError => new MongoError(241, `Error parsing date string; ${message}`);
const pad = (value: number, width: number): string => String(Math.abs(value)).padStart(width, '0');

const FORMATTERS: Record<string, (local: Date, offset: number) => string> = {
  Y: (local) => pad(local.getUTCFullYear(), 4),
  m: (local) => pad(local.getUTCMonth() + 1, 2),
  d: (local) => pad(local.getUTCDate(), 2),
  H: (local) => pad(local.getUTCHours(), 2),
  M: (local) => pad(local.getUTCMinutes(), 2),
  S: (local) => pad(local.getUTCSeconds(), 2),
  L: (local) => pad(local.getUTCMilliseconds(), 3),
  j: (local) => pad(dayOfYear(local), 3),
  b: (local) => MONTHS[local.getUTCMonth()]?.slice(0, 3) ?? '',
  B: (local) => MONTHS[local.getUTCMonth()] ?? '',
  w: (local) => String(local.getUTCDay() + 1),
  u: (local) => String(isoDayOfWeek(local)),
  U: (local) => pad(weekOfYear(local), 2),
  V: (local) => pad(isoWeek(local).week, 2),
  G: (local) => pad(isoWeek(local).year, 4),
  z: (_local, offset) => `${offset < 0 ? '-' : '+'}${pad(Math.trunc(offset / 60), 2)}${pad(offset % 60, 2)}`,
  Z: (_local, offset) => `${offset < 0 ? '-' : '+'}${pad(offset, 3)}`,
  '%': () => '%',
};

function formatDate(date: Date, format: string, zone: TimeZone): string {
  const local = toLocal(date, zone);
  const offset = (local.getTime() - date.getTime()) / 60_000;
  return format.replace(/%(.?)/gs, (_match, specifier: string) => {
    const print = Object.hasOwn(FORMATTERS, specifier) ? FORMATTERS[specifier] : undefined;
    if (!print) throw new MongoError(18536, `Invalid format character '%${specifier}' in format string`);
    return print(local, offset);
  });
}

const ISO_DATE =
  /^\s*(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{0,2})?\s*$/i;

/** Parses ISO 8601 (and RFC 2822) text; 241 ConversionFailure where it is no date. */
export function parseDate(text: string, timezone?: unknown): Date {
  const match = ISO_DATE.exec(text);
  if (!match) {
    const other = /[a-z]{3}/i.test(text) ? Date.parse(text) : NaN;
    if (Number.isNaN(other)) throw parseError(`'${text}'`);
    return new Date(other);
  }
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', offset] = match;
  if (offset !== undefined && timezone !== undefined) {
    throw parseError(`you cannot pass in a date/time string with GMT offset together with a timezone argument`);
  }
  const numbers = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
  };
  return instantOf(numbers, Number(`0.${fraction}`) * 1000, offset?.toUpperCase() ?? timezone, text);
}

interface DateNumbers {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

function instantOf(numbers: DateNumbers, ms: number, zone: unknown, text: string): Date {
  const { year, month, day, hour, minute, second } = numbers;
  const local = utc(year, month - 1, day, hour, minute, second, Math.floor(ms));
  const check = new Date(utc(year, month - 1, day));
  if (check.getUTCMonth() !== month - 1 || check.getUTCDate() !== day || hour > 24 || minute > 59 || second > 59) {
    throw parseError(`'${text}'; unexpected value`);
  }
  return fromLocal(local, timeZoneOf(zone === 'UTC' || zone === 'GMT' || zone === 'Z' ? undefined : zone));
}

const PARSERS: Record<string, string> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
  L: '(?<L>\\d{1,3})',
  j: '(?<j>\\d{1,3})',
  b: `(?<b>${MONTHS.map((month) => month.slice(0, 3)).join('|')})`,
  B: `(?<B>${MONTHS.join('|')})`,
  G: '(?<G>\\d{4})',
  V: '(?<V>\\d{1,2})',
  u: '(?<u>[1-7])',
  z: '(?<z>[+-]\\d{2}:?\\d{0,2}|Z)',
  Z: '(?<Z>[+-]\\d{1,3})',
  '%': '%',
};

function parseByFormat(text: string, format: string, timezone: unknown): Date {
  const source = format.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/%(.?)/gs, (_match, specifier: string) => {
    const parser = Object.hasOwn(PARSERS, specifier) ? PARSERS[specifier] : undefined;
    if (parser === undefined) throw new MongoError(18536, `Invalid format character '%${specifier}' in format string`);
    return parser;
  });
  const groups = new RegExp(`^${source}$`, 'i').exec(text)?.groups;
  if (!groups) throw parseError(`'${text}' does not match format '${format}'`);
  const number = (name: string, whenMissing: number): number => Number(groups[name] ?? whenMissing);
  const monthName = (groups.b ?? groups.B)?.slice(0, 3).toLowerCase();
  const monthIndex = MONTHS.findIndex((month) => month.slice(0, 3).toLowerCase() === monthName);
  const numbers: DateNumbers = {
    year: number('Y', 1970),
    month: monthIndex >= 0 ? monthIndex + 1 : number('m', 1),
    day: number('d', 1),
    hour: number('H', 0),
    minute: number('M', 0),
    second: number('S', 0),
  };
  const calendar =
    groups.j !== undefined
      ? byDayOfYear(numbers, number('j', 1))
      : groups.G !== undefined
        ? byIsoWeek(numbers, number('G', 1970), number('V', 1), number('u', 1))
        : numbers;
  const ms = Number((groups.L ?? '0').padEnd(3, '0'));
  const zone = groups.z ?? (groups.Z === undefined ? timezone : minutesZone(Number(groups.Z)));
  return instantOf(calendar, ms, zone, text);
}

const withDate = (numbers: DateNumbers, date: Date): DateNumbers => ({
  ...numbers,
  year: date.getUTCFullYear(),
  month: date.getUTCMonth() + 1,
  day: date.getUTCDate(),
});

const byDayOfYear = (numbers: DateNumbers, day: number): DateNumbers =>
  withDate(numbers, new Date(utc(numbers.year, 0, day)));

function byIsoWeek(numbers: DateNumbers, year: number, week: number, day: number): DateNumbers {
  const fourth = new Date(utc(year, 0, 4));
  return withDate(numbers, new Date(utc(year, 0, 4 - isoDayOfWeek(fourth) + 1 + (week - 1) * 7 + day - 1)));
}

function minutesZone(minutes: number): string {
  return `${minutes < 0 ? '-' : '+'}${pad(Math.trunc(minutes / 60), 2)}${pad(minutes % 60, 2)}`;
}
