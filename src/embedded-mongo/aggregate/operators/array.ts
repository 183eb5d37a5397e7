import { toNumber } from '../../bson/numbers.js';
import { type Document, isDocument, isNumeric, setField, typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { isTruthy } from '../../query/operators/element.js';
import { binary, isNullish, unary, unaryOrNull, variadic } from '../arguments.js';
import { type OperatorTable } from '../expression-types.js';
import { compareMissingFirst } from '../order.js';

/** Operators on whole arrays; those with an expression per element are in array-iteration.ts. */
export const arrayOperators: OperatorTable = {
  $arrayElemAt: binary((array, index) => {
    if (isNullish(array) || isNullish(index)) return null;
    if (!Array.isArray(array))
      throw new MongoError(28689, `$arrayElemAt's first argument must be an array, but is ${typeName(array)}`);
    const at = integerArgument(index, 28690, "$arrayElemAt's second argument");
    return (array as unknown[]).at(at);
  }),
  $first: unaryOrNull((array, name) => arrayArgument(array, name, 28689)[0]),
  $last: unaryOrNull((array, name) => arrayArgument(array, name, 28689).at(-1)),
  $concatArrays: variadic((values) => {
    let joined: unknown[] = [];
    for (const value of values) {
      if (isNullish(value)) return null;
      if (!Array.isArray(value))
        throw new MongoError(28664, `$concatArrays only supports arrays, not ${typeName(value)}`);
      joined = joined.concat(value);
    }
    return joined;
  }),
  $in: (operand, compiler, name) =>
    binary((value, array) => {
      if (!Array.isArray(array))
        throw new MongoError(40081, `$in requires an array as a second argument, found: ${typeName(array)}`);
      const { collation } = compiler.context;
      return array.some((item) => compareMissingFirst(item, value, collation) === 0);
    })(operand, compiler, name),
  $indexOfArray: variadic(
    ([array, value, start, end], name, compiler) => {
      if (isNullish(array)) return null;
      const items = arrayArgument(array, name, 40090);
      const [from, to] = searchRange(start, end, items.length, name);
      for (let i = from; i < to; i++) {
        if (compareMissingFirst(items[i], value, compiler.context.collation) === 0) return i;
      }
      return -1;
    },
    2,
    4,
  ),
  $isArray: unary((value) => Array.isArray(value)),
  $range: variadic(
    ([start, end, step = 1]) => {
      const from = integerArgument(start, 34443, '$range requires a numeric starting value,');
      const to = integerArgument(end, 34444, '$range requires a numeric ending value,');
      const by = integerArgument(step, 34446, '$range requires a numeric step value,');
      if (by === 0) throw new MongoError(34449, '$range requires a non-zero step value');
      const count = Math.max(0, Math.ceil((to - from) / by));
      if (count > 5_000_000) throw new MongoError(146, '$range would use too much memory and cannot spill to disk.');
      return Array.from({ length: count }, (_, i) => from + i * by);
    },
    2,
    3,
  ),
  $reverseArray: unaryOrNull((array, name) => [...arrayArgument(array, name, 34435)].reverse()),
  $size: unary((array) => {
    if (!Array.isArray(array))
      throw new MongoError(17124, `The argument to $size must be an array, but was of type: ${typeName(array)}`);
    return array.length;
  }),
  $slice: variadic(
    ([array, second, third]) => {
      if (isNullish(array) || isNullish(second)) return null;
      const items = arrayArgument(array, '$slice', 28724);
      const position = integerArgument(second, 28725, 'Second argument to $slice');
      if (third === undefined) return position >= 0 ? items.slice(0, position) : items.slice(position);
      if (third === null) return null;
      const count = integerArgument(third, 28727, 'Third argument to $slice');
      if (count <= 0) throw new MongoError(28729, `Third argument to $slice must be positive: ${count}`);
      const from = position >= 0 ? position : Math.max(items.length + position, 0);
      return items.slice(from, from + count);
    },
    2,
    3,
  ),
  $allElementsTrue: unary((array, name) => arrayArgument(array, name, 17040).every(isTruthy)),
  $anyElementTrue: unary((array, name) => arrayArgument(array, name, 17041).some(isTruthy)),
  $arrayToObject: unaryOrNull((array, name) => {
    const result: Document = {};
    for (const item of arrayArgument(array, name, 40386)) {
      const [key, value] = keyAndValue(item);
      if (typeof key !== 'string')
        throw new MongoError(
          40394,
          `$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key type: ${typeName(key)}`,
        );
      setField(result, key, value);
    }
    return result;
  }),
};

function keyAndValue(item: unknown): [unknown, unknown] {
  if (Array.isArray(item)) {
    if (item.length !== 2)
      throw new MongoError(
        40397,
        '$arrayToObject requires an array of size 2 arrays,found array of size: ' + item.length,
      );
    return [item[0], item[1]];
  }
  if (!isDocument(item))
    throw new MongoError(40398, `Unrecognised input type format for $arrayToObject: ${typeName(item)}`);
  if (Object.keys(item).length !== 2 || !('k' in item) || !('v' in item)) {
    throw new MongoError(
      40392,
      "$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:" +
        Object.keys(item).length,
    );
  }
  return [item.k, item.v];
}

export function arrayArgument(value: unknown, name: string, code: number): readonly unknown[] {
  if (!Array.isArray(value))
    throw new MongoError(code, `${name}'s argument must be an array, but is ${typeName(value)}`);
  return value as unknown[];
}

export function integerArgument(value: unknown, code: number, what: string): number {
  const number = isNumeric(value) ? toNumber(value) : NaN;
  if (!Number.isInteger(number))
    throw new MongoError(code, `${what} must be representable as a 32-bit integer, but is ${typeName(value)}`);
  return number;
}

/** Start and end of a search, clamped to the length; 40096/40097 for what is no non-negative integer. */
export function searchRange(start: unknown, end: unknown, length: number, name: string): [number, number] {
  const bound = (value: unknown, whenMissing: number): number => {
    if (value === undefined) return whenMissing;
    const at = integerArgument(value, 40096, `${name} requires an integral index`);
    if (at < 0) throw new MongoError(40097, `${name} requires a nonnegative index, found: ${at}`);
    return at;
  };
  return [bound(start, 0), Math.min(bound(end, length), length)];
}
