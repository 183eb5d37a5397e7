import { compareValues, valuesEqual } from '../../bson/compare.js';
import { type Numeric, toNumber } from '../../bson/numbers.js';
import { cloneValue, type Document, isDocument, isNumeric, typeName, typeNumber, BSON_TYPE } from '../../bson/values.js';
import { badValue, failedToParse, typeMismatch } from '../../errors.js';
import { describe, describeId } from '../describe.js';
import { compileElementFilter } from '../match.js';
import { isOperatorDocument } from '../parse-filter.js';
import { compileSort } from '../sort.js';
import { type ModifierCompiler, type ModifierContext } from './modifier.js';
import { checkStorable } from './storable.js';

/** `$addToSet $pull $pullAll $pop`; `$push` has its own file. */
export const arrayModifiers: Record<string, ModifierCompiler> = {
  $addToSet: (operand, path, { collation }) => {
    const additions = eachItems(operand, '$addToSet') ?? [operand];
    checkStorable(additions, path);
    return {
      creates: true,
      apply: (current) => {
        if (current !== undefined && !Array.isArray(current)) {
          throw badValue(
            `Cannot apply $addToSet to non-array field. Field named '${path.split('.').at(-1)}' has non-array type ${typeName(current)}`,
          );
        }
        const items: unknown[] = [...((current as unknown[] | undefined) ?? [])];
        for (const addition of additions) {
          if (!items.some((item) => valuesEqual(item, addition, collation))) items.push(cloneValue(addition));
        }
        return current !== undefined && items.length === current.length ? current : items;
      },
    };
  },
  $pull: (operand, _path, context) => {
    const isPulled = pullTest(operand, context);
    return cull('$pull', isPulled);
  },
  $pullAll: (operand, _path, { collation }) => {
    if (!Array.isArray(operand)) throw badValue(`$pullAll requires an array argument but was given a ${typeName(operand)}`);
    const values = operand as unknown[];
    return cull('$pullAll', (item) => values.some((value) => valuesEqual(item, value, collation)));
  },
  $pop: (operand, path) => {
    if (!isNumeric(operand)) throw failedToParse(`Expected a number in: ${path}: ${describe(operand)}`);
    const end = toNumber(operand as Numeric);
    if (end !== 1 && end !== -1) throw failedToParse(`$pop expects 1 or -1, found: ${end}`);
    return {
      creates: false,
      isStrict: true,
      apply: (current) => {
        if (!Array.isArray(current)) {
          throw typeMismatch(`Path '${path}' contains an element of non-array type '${typeName(current)}'`);
        }
        if (current.length === 0) return current;
        return end === 1 ? current.slice(0, -1) : current.slice(1);
      },
    };
  },
};

function cull(operator: string, isPulled: (item: unknown) => boolean): ReturnType<ModifierCompiler> {
  return {
    creates: false,
    apply: (current) => {
      if (!Array.isArray(current)) throw badValue(`Cannot apply ${operator} to a non-array value`);
      const kept = (current as unknown[]).filter((item) => !isPulled(item));
      return kept.length === current.length ? current : kept;
    },
  };
}

/** `$pull`'s operand: operators test the element, a document is a filter on element documents, else equality. */
function pullTest(operand: unknown, { collation, filter }: ModifierContext): (item: unknown) => boolean {
  if (isDocument(operand) || typeNumber(operand) === BSON_TYPE.regex) {
    const condition = isDocument(operand) ? operand : { $regex: operand };
    return compileElementFilter(condition, { ...filter, collation });
  }
  return (item) => valuesEqual(item, operand, collation);
}

/** The list of `{ $each: [...] }`, or null where the operand is a plain value. */
export function eachItems(operand: unknown, operator: string): readonly unknown[] | null {
  if (!isOperatorDocument(operand) || !('$each' in operand)) return null;
  const { $each } = operand;
  if (!Array.isArray($each)) {
    throw operator === '$push'
      ? badValue(`The argument to $each in $push must be an array but it was of type: ${typeName($each)}`)
      : typeMismatch(`The argument to $each in ${operator} must be an array but it was of type ${typeName($each)}`);
  }
  if (operator === '$addToSet') {
    for (const name of Object.keys(operand)) {
      if (name !== '$each') throw badValue(`Found unexpected fields after $each in $addToSet: ${describe(operand)}`);
    }
  }
  return $each as unknown[];
}

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
    if (!['$each', '$position', '$slice', '$sort'].includes(name)) throw badValue(`Unrecognized clause in $push: ${name}`);
  }
  return {
    creates: true,
    apply: (current, { doc }) => {
      if (current !== undefined && !Array.isArray(current)) {
        throw badValue(`The field '${path}' must be an array but is of type ${typeName(current)} in document ${describeId(doc)}`);
      }
      const before = (current as unknown[] | undefined) ?? [];
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
  const value = isNumeric(operand) ? toNumber(operand as Numeric) : NaN;
  if (Number.isInteger(value)) return value;
  throw badValue(
    clause === '$slice'
      ? `The value for $slice must be an integer value but was given type: ${typeName(operand)}`
      : `The value for $position must be an integer value, not of type: ${typeName(operand)}`,
  );
}

function readSort(operand: unknown, collation: ModifierContext['collation']): ((a: unknown, b: unknown) => number) | null {
  if (operand === undefined) return null;
  if (isNumeric(operand)) {
    const direction = toNumber(operand as Numeric);
    if (direction !== 1 && direction !== -1) throw badValue('The $sort element value must be either 1 or -1');
    return (a, b) => compareValues(a, b, collation) * direction;
  }
  if (!isDocument(operand)) {
    throw badValue('The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields');
  }
  if (Object.keys(operand).length === 0) throw badValue('The $sort pattern is empty when it should be a set of fields.');
  const sorter = compileSort(operand, collation);
  return (a, b) => sorter.compare(asDocument(a), asDocument(b));
}

/** Elements that are no documents sort as if all fields were missing. */
const asDocument = (item: unknown): Document => (isDocument(item) ? item : {});
