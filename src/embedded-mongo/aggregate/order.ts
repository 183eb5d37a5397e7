import { compareValues, type StringOrder } from '../bson/compare.js';
import { encodeKey } from '../bson/key.js';
import { sideOfNearestDouble, toNumber } from '../bson/numbers.js';
import { isNumeric, typeName } from '../bson/values.js';

/** Order of values in expressions: as BSON, but a missing value is below null (and above MinKey). */
export function compareMissingFirst(a: unknown, b: unknown, collation?: StringOrder | null): number {
  if (a !== undefined && b !== undefined) return compareValues(a, b, collation);
  if (a === b) return 0;
  if (a === undefined) return typeName(b) === 'minKey' ? 1 : -1;
  return typeName(a) === 'minKey' ? -1 : 1;
}

/**
 * A text that is the same for values that are equal in BSON order (so int 1, Long 1 and 1.0 share one): the hash key
 * of groups, sets and joins.
 */
export function equalityKey(value: unknown): string {
  if (typeof value === 'string') return `s${value}`;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (value === null || value === undefined) return 'z';
  if (isNumeric(value)) {
    const nearest = toNumber(value);
    if (sideOfNearestDouble(value, nearest) === 0) return `n${nearest === 0 ? 0 : nearest}`;
  }
  return `k${encodeKey([value], [1]).toString('latin1')}`;
}

/** Makes equality keys under a collation: strings that compare equal get the key of the first one seen. */
export function equalityKeys(collation?: StringOrder | null): (value: unknown) => string {
  if (!collation) return equalityKey;
  const sorted: unknown[] = [];
  return (value) => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = compareValues(sorted[middle], value, collation);
      if (order === 0) return equalityKey(sorted[middle]);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    sorted.splice(low, 0, value);
    return equalityKey(value);
  };
}

/** The distinct values of a list, first ones kept, by BSON equality. */
export function distinctValues(values: readonly unknown[], collation?: StringOrder | null): unknown[] {
  const keyOf = equalityKeys(collation);
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = keyOf(value);
    return !seen.has(key) && seen.add(key);
  });
}
