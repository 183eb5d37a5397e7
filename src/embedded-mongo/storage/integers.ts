import { Decimal128, Double, Int32, Long } from 'bson';

/** Any numeric BSON value (or boolean, as MongoDB's options allow) as a JS number; `fallback` for everything else. */
export function toNumber(value: unknown, fallback: number): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (Long.isLong(value)) return value.toNumber();
  if (value instanceof Double || value instanceof Int32) return value.valueOf();
  if (value instanceof Decimal128) return Number(value.toString());
  return fallback;
}

/** As `toNumber`, cut to an integer. */
export function toInteger(value: unknown, fallback: number): number {
  const number = toNumber(value, fallback);
  return Number.isNaN(number) ? fallback : Math.trunc(number);
}

/** Truth of an option as MongoDB reads it: booleans and numbers. */
export function toBoolean(value: unknown, fallback = false): boolean {
  if (value === undefined || value === null) return fallback;
  return toNumber(value, fallback ? 1 : 0) !== 0;
}
