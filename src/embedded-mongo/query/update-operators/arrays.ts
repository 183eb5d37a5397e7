import { valuesEqual } from '../../bson/compare.js';
import { toNumber } from '../../bson/numbers.js';
import { BSON_TYPE, cloneValue, isArray, isDocument, isNumeric, typeName, typeNumber } from '../../bson/values.js';
import { badValue, failedToParse, typeMismatch } from '../../errors.js';
import { describe } from '../describe.js';
import { compileElementFilter } from '../match.js';
import { type Modifier, type ModifierCompiler, type ModifierContext } from './modifier.js';
import { eachItems } from './push.js';
import { checkStorable } from './storable.js';

/** `$addToSet $pull $pullAll $pop`; `$push` has its own file. */
export const arrayModifiers: Record<string, ModifierCompiler> = {
  $addToSet: (operand, path, { collation }) => {
    const additions = eachItems(operand, '$addToSet') ?? [operand];
    checkStorable(additions, path);
    return {
      creates: true,
      apply: (current) => {
        if (current !== undefined && !isArray(current)) {
          throw badValue(
            `Cannot apply $addToSet to non-array field. Field named '${path.split('.').at(-1)}' has non-array type ${typeName(current)}`,
          );
        }
        const items: unknown[] = [...(current ?? [])];
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
    if (!isArray(operand)) throw badValue(`$pullAll requires an array argument but was given a ${typeName(operand)}`);
    const values = operand;
    return cull('$pullAll', (item) => values.some((value) => valuesEqual(item, value, collation)));
  },
  $pop: (operand, path) => {
    if (!isNumeric(operand)) throw failedToParse(`Expected a number in: ${path}: ${describe(operand)}`);
    const end = toNumber(operand);
    if (end !== 1 && end !== -1) throw failedToParse(`$pop expects 1 or -1, found: ${end}`);
    return {
      creates: false,
      isStrict: true,
      apply: (current) => {
        if (!isArray(current)) {
          throw typeMismatch(`Path '${path}' contains an element of non-array type '${typeName(current)}'`);
        }
        if (current.length === 0) return current;
        return end === 1 ? current.slice(0, -1) : current.slice(1);
      },
    };
  },
};

function cull(operator: string, isPulled: (item: unknown) => boolean): Modifier {
  return {
    creates: false,
    apply: (current) => {
      if (!isArray(current)) throw badValue(`Cannot apply ${operator} to a non-array value`);
      const kept = current.filter((item) => !isPulled(item));
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
