import { MongoError } from '../errors.js';

const MINUTE = 60_000;

/** A time zone: offset of local time from UTC in milliseconds, at an instant. */
export interface TimeZone {
  offsetAt(instant: number): number;
}

const UTC: TimeZone = { offsetAt: () => 0 };
const zones = new Map<string, TimeZone>();

/** Parses an Olson name ("Europe/London") or a UTC offset ("+05:30", "+0530", "+03"); 40485 for anything else. */
export function timeZoneOf(name: unknown): TimeZone {
  if (name === undefined) return UTC;
  if (typeof name !== 'string') throw new MongoError(40517, `timezone must evaluate to a string`);
  if (name === 'UTC' || name === 'GMT' || name === 'Z') return UTC;
  let zone = zones.get(name);
  if (!zone) {
    zone = fixedOffset(name) ?? namedZone(name);
    if (zones.size > 200) zones.clear();
    zones.set(name, zone);
  }
  return zone;
}

function fixedOffset(name: string): TimeZone | null {
  const match = /^([+-])(\d{2}):?(\d{2})?$/.exec(name);
  if (!match) return null;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  const offset = (match[1] === '-' ? -minutes : minutes) * MINUTE;
  return { offsetAt: () => offset };
}

function namedZone(name: string): TimeZone {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    if (error instanceof RangeError) throw new MongoError(40485, `unrecognized time zone identifier: "${name}"`);
    throw error;
  }
  return { offsetAt: (instant) => localAsUtc(format, instant) - Math.floor(instant / 1000) * 1000 };
}

function localAsUtc(format: Intl.DateTimeFormat, instant: number): number {
  const parts: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(instant)) parts[type] = value;
  const year = parts.era === 'BC' ? 1 - Number(parts.year) : Number(parts.year);
  return utc(
    year,
    Number(parts.month) - 1,
    Number(parts.day),
    Number(parts.hour),
    Number(parts.minute),
    Number(parts.second),
  );
}

/** `Date.UTC` without its reading of the years 0-99 as 19xx. */
export function utc(year: number, month: number, day = 1, hour = 0, minute = 0, second = 0, ms = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second, ms);
  return date.getTime();
}

/** Local wall-clock time, as a Date whose UTC fields are the local ones. */
export const toLocal = (date: Date, zone: TimeZone): Date => new Date(date.getTime() + zone.offsetAt(date.getTime()));

/** The instant of a local wall-clock time (given as if it were UTC). */
export function fromLocal(local: number, zone: TimeZone): Date {
  const guess = local - zone.offsetAt(local);
  // Near a change of the offset the first guess may use the wrong side of it.
  return new Date(local - zone.offsetAt(guess));
}
