import { makeDouble, type Numeric, toNumber } from '../bson/numbers.js';
import { type Document, isNumeric } from '../bson/values.js';
import { MongoError } from '../errors.js';

/** Reads `{ input, p, method }` of `$percentile`; `$median` is the point 0.5. */
export function percentileOperands(operands: Document, name: string): { points: readonly number[] } {
  if (operands.method !== 'approximate')
    throw new MongoError(2, "Currently only 'approximate' can be used as percentile 'method'.");
  const { p } = operands;
  if (!Array.isArray(p) || p.length === 0)
    throw new MongoError(7750301, `The ${name} 'p' field must be an array of numbers from [0.0, 1.0]`);
  const points = (p as unknown[]).map((point) => (isNumeric(point) ? toNumber(point) : NaN));
  if (points.some((point) => !(point >= 0 && point <= 1))) {
    throw new MongoError(7750303, `The ${name} 'p' field must be an array of numbers from [0.0, 1.0]`);
  }
  return { points };
}

/** Discrete percentile (a value of the input) of the numbers in an array or of one number; null without any. */
export function percentileOf(input: unknown, point: number): unknown {
  const values = (Array.isArray(input) ? (input as unknown[]) : [input])
    .filter((value): value is Numeric => isNumeric(value))
    .map(toNumber)
    .filter((value) => !Number.isNaN(value))
    .sort((a, b) => a - b);
  if (values.length === 0) return null;
  return makeDouble(values[Math.max(0, Math.ceil(point * values.length) - 1)] as number);
}
