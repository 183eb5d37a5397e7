import { compareValues } from '../../bson/compare.js';
import { toNumber } from '../../bson/numbers.js';
import { cloneValue, type Document, isArray, isDocument, isNumeric, typeName } from '../../bson/values.js';
import { badValue, typeMismatch } from '../../errors.js';
import { describe, describeId } from '../describe.js';
import { isOperatorDocument } from '../parse-filter.js';
import { compileSort } from '../sort.js';
import { type ModifierCompiler, type ModifierContext } from './modifier.js';
import { checkStorable } from './storable.js';

/** `$push`, also with `$each`, `$position`, `$sort` and `$slice`. */
export const pushModifier: ModifierCompiler = (operand, path, { collation }) => {
  const each = eachItems(operand, '$push');
  const clauses: Document = each ? (operand as Document) : {};
  const additions = each ?? [operand];
  checkStorable(additions, path);
  const position = readInteger(clauses.$position, '$position');
  const slice = readInteger(clauses.$slice, '$slice');
  const order = readSort(clauses.$sort, collation);
  for (const name of Object.keys(clauses)) {
    if (!['$each', '$position', '$slice', '$sort'].includes(name))
      throw badValue(`Unrecognized clause in $push: ${name}`);
  }
  return {
    creates: true,
    apply: (current, { doc }) => {
      if (current !== undefined && !isArray(current)) {
        throw badValue(
          `The field '${path}' must be an array but is of type ${typeName(current)} in document ${describeId(doc)}`,
        );
      }
      const before = current ?? [];
      const items = insertAt(before, additions.map(cloneValue), position);
      if (order) items.sort(order);
      return slice === null ? items : slice >= 0 ? items.slice(0, slice) : items.slice(slice);
    },
  };
};

function insertAt(items: readonly unknown[], additions: readonly unknown[], position: number | null): unknown[] {
  if (position === null) return [...items, ...additions];
  const at = position >= 0 ? Math.min(position, items.length) : Math.max(items.length + position, 0);
  return [...items.slice(0, at), ...additions, ...items.slice(at)];
}

function readInteger(operand: unknown, clause: string): number | null {
  if (operand === undefined) return null;
  const value = isNumeric(operand) ? toNumber(operand) : NaN;
  if (Number.isInteger(value)) return value;
  throw badValue(
    clause === '$slice'
      ? `The value for $slice must be an integer value but was given type: ${typeName(operand)}`
      : `The value for $position must be an integer value, not of type: ${typeName(operand)}`,
  );
}

function readSort(
  operand: unknown,
  collation: ModifierContext['collation'],
): ((a: unknown, b: unknown) => number) | null {
  if (operand === undefined) return null;
  if (isNumeric(operand)) {
    const direction = toNumber(operand);
    if (direction !== 1 && direction !== -1) throw badValue('The $sort element value must be either 1 or -1');
    return (a, b) => compareValues(a, b, collation) * direction;
  }
  if (!isDocument(operand)) {
    throw badValue('The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields');
  }
  if (Object.keys(operand).length === 0)
    throw badValue('The $sort pattern is empty when it should be a set of fields.');
  const sorter = compileSort(operand, collation);
  return (a, b) => sorter.compare(asDocument(a), asDocument(b));
}

/** Elements that are no documents sort as if all fields were missing. */
const asDocument = (item: unknown): Document => (isDocument(item) ? item : {});

/** The list of `{ $each: [...] }`, or null where the operand is a plain value. */
export function eachItems(operand: unknown, operator: string): readonly unknown[] | null {
  if (!isOperatorDocument(operand) || !('$each' in operand)) return null;
  const { $each } = operand;
  if (!isArray($each)) {
    throw operator === '$push'
      ? badValue(`The argument to $each in $push must be an array but it was of type: ${typeName($each)}`)
      : typeMismatch(`The argument to $each in ${operator} must be an array but it was of type ${typeName($each)}`);
  }
  if (operator === '$addToSet') {
    for (const name of Object.keys(operand)) {
      if (name !== '$each') throw badValue(`Found unexpected fields after $each in $addToSet: ${describe(operand)}`);
    }
  }
  return $each;
}
