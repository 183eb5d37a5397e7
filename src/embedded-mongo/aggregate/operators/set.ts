import { MongoError } from '../../errors.js';
import { typeName } from '../../bson/values.js';
import { binary, isNullish, variadic } from '../arguments.js';
import { type OperatorTable } from '../expression-types.js';
import { distinctValues, equalityKey } from '../order.js';

/** Arrays as sets, by BSON equality: `$setEquals $setUnion $setIntersection $setDifference $setIsSubset`. */
export const setOperators: OperatorTable = {
  $setUnion: variadic((values) => {
    if (values.some(isNullish)) return null;
    return distinctValues(values.flatMap((value) => setArgument(value, '$setUnion', 17043)));
  }),
  $setIntersection: variadic((values) => {
    if (values.some(isNullish)) return null;
    const sets = values.map((value) => setArgument(value, '$setIntersection', 17047));
    const others = sets.slice(1).map(keysOf);
    return distinctValues(sets[0] ?? []).filter((item) => others.every((keys) => keys.has(equalityKey(item))));
  }),
  $setDifference: binary((a, b) => {
    if (isNullish(a) || isNullish(b)) return null;
    const removed = keysOf(setArgument(b, '$setDifference', 17049));
    return distinctValues(setArgument(a, '$setDifference', 17048)).filter((item) => !removed.has(equalityKey(item)));
  }),
  $setIsSubset: binary((a, b) => {
    const all = keysOf(setArgument(b, '$setIsSubset', 17042));
    return setArgument(a, '$setIsSubset', 17046).every((item) => all.has(equalityKey(item)));
  }),
  $setEquals: variadic((values) => {
    const sets = values.map((value) => keysOf(setArgument(value, '$setEquals', 17044)));
    const [first = new Set<string>()] = sets;
    return sets.every((set) => set.size === first.size && [...set].every((key) => first.has(key)));
  }, 2),
};

const keysOf = (items: readonly unknown[]): Set<string> => new Set(items.map(equalityKey));

function setArgument(value: unknown, name: string, code: number): readonly unknown[] {
  if (!Array.isArray(value))
    throw new MongoError(code, `All operands of ${name} must be arrays. One argument is of type: ${typeName(value)}`);
  return value as unknown[];
}
