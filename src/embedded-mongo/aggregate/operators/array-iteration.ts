import { compareValues } from '../../bson/compare.js';
import { toNumber } from '../../bson/numbers.js';
import { type Document, isDocument, isNumeric, typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { isTruthy } from '../../query/operators/element.js';
import { compileSort } from '../../query/sort.js';
import { childScope, isNullish, named, namedOperands } from '../arguments.js';
import { type OperatorCompiler, type OperatorTable, type Scope } from '../expression-types.js';
import { checkVariableName } from './conditional.js';

/** Operators that look at each element: `$map $filter $reduce $sortArray $zip $firstN $lastN $maxN $minN`. */
export const arrayIterationOperators: OperatorTable = {
  $map: iteration(16879, 16883, (items, evaluate) => items.map((item) => evaluate(item) ?? null)),
  $filter: (operand, compiler, name) => {
    const operands = namedOperands(operand, name, ['input', 'cond'], ['as', 'limit'], 28646);
    const { as, readItems, inner } = elementVariable(operands, operands.cond, compiler, 28651);
    const limit = 'limit' in operands ? compiler.compile(operands.limit) : null;
    return (scope) => {
      const items = readItems(scope);
      if (!items) return null;
      const max = limit ? countOrAll(limit(scope), name) : Infinity;
      const child = childScope(scope);
      const kept: unknown[] = [];
      for (const item of items) {
        if (kept.length >= max) break;
        child.variables[as] = item;
        if (isTruthy(inner(child))) kept.push(item);
      }
      return kept;
    };
  },
  $reduce: (operand, compiler, name) => {
    const operands = namedOperands(operand, name, ['input', 'initialValue', 'in'], [], 40075);
    const input = compiler.compile(operands.input);
    const initial = compiler.compile(operands.initialValue);
    const evaluate = compiler.compileWith(['this', 'value'], operands.in);
    return (scope) => {
      const items = input(scope);
      if (isNullish(items)) return null;
      if (!Array.isArray(items))
        throw new MongoError(40080, `$reduce requires that 'input' be an array, found: ${typeName(items)}`);
      const child = childScope(scope);
      child.variables.value = initial(scope);
      for (const item of items as unknown[]) {
        child.variables.this = item;
        child.variables.value = evaluate(child);
      }
      return child.variables.value;
    };
  },
  $sortArray: (operand, compiler, name) => {
    const { input, sortBy } = namedOperands(operand, name, ['input', 'sortBy'], [], 2942500);
    const evaluate = compiler.compile(input);
    const order = elementOrder(sortBy, compiler.context.collation);
    return (scope) => {
      const items = evaluate(scope);
      if (isNullish(items)) return null;
      if (!Array.isArray(items))
        throw new MongoError(
          2942504,
          `The input argument to $sortArray must be an array, but was of type: ${typeName(items)}`,
        );
      return [...(items as unknown[])].sort(order);
    };
  },
  $zip: named(['inputs'], ['useLongestLength', 'defaults'], ({ inputs, useLongestLength, defaults }) => {
    if (!Array.isArray(inputs))
      throw new MongoError(34461, `inputs must be an array of expressions, found ${typeName(inputs)}`);
    if (inputs.some(isNullish)) return null;
    const arrays = inputs.map((input) => {
      if (!Array.isArray(input))
        throw new MongoError(34468, `$zip found a non-array expression in input: ${typeName(input)}`);
      return input as unknown[];
    });
    const lengths = arrays.map((array) => array.length);
    const length = useLongestLength === true ? Math.max(...lengths) : Math.min(...lengths);
    const fill = Array.isArray(defaults) ? (defaults as unknown[]) : [];
    return Array.from({ length }, (_, i) =>
      arrays.map((array, at) => (i < array.length ? array[i] : (fill[at] ?? null))),
    );
  }),
  $firstN: takeN((items, n) => items.slice(0, n)),
  $lastN: takeN((items, n) => items.slice(Math.max(items.length - n, 0))),
  $maxN: takeN((items, n) => sortedValues(items).reverse().slice(0, n)),
  $minN: takeN((items, n) => sortedValues(items).slice(0, n)),
};

/** An operator `{ input, as, in }` that evaluates `in` for each element. */
function iteration(
  shapeCode: number,
  arrayCode: number,
  compute: (items: readonly unknown[], evaluate: (item: unknown) => unknown) => unknown,
): OperatorCompiler {
  return (operand, compiler, name) => {
    const operands = namedOperands(operand, name, ['input', 'in'], ['as'], shapeCode);
    const { as, readItems, inner } = elementVariable(operands, operands.in, compiler, arrayCode);
    return (scope) => {
      const items = readItems(scope);
      if (!items) return null;
      const child = childScope(scope);
      return compute(items, (item) => {
        child.variables[as] = item;
        return inner(child);
      });
    };
  };
}

function elementVariable(
  operands: Document,
  body: unknown,
  compiler: Parameters<OperatorCompiler>[1],
  arrayCode: number,
): { as: string; readItems: (scope: Scope) => readonly unknown[] | null; inner: (scope: Scope) => unknown } {
  const as = operands.as ?? 'this';
  if (typeof as !== 'string') throw new MongoError(16866, `'as' must be a string, found ${typeName(as)}`);
  checkVariableName(as);
  const input = compiler.compile(operands.input);
  return {
    as,
    inner: compiler.compileWith([as], body),
    readItems: (scope) => {
      const items = input(scope);
      if (isNullish(items)) return null;
      if (!Array.isArray(items))
        throw new MongoError(arrayCode, `input to this expression must be an array not ${typeName(items)}`);
      return items as unknown[];
    },
  };
}

function countOrAll(value: unknown, name: string): number {
  if (isNullish(value)) return Infinity;
  const count = isNumeric(value) ? toNumber(value) : NaN;
  if (!Number.isInteger(count) || count < 1)
    throw new MongoError(327391, `${name}: limit must be represented as a positive 32-bit integral value`);
  return count;
}

/** Order of array elements: 1 or -1 for whole values, or a sort document for their fields. */
function elementOrder(
  sortBy: unknown,
  collation: Parameters<typeof compileSort>[1],
): (a: unknown, b: unknown) => number {
  if (isNumeric(sortBy)) {
    const direction = toNumber(sortBy);
    if (direction !== 1 && direction !== -1)
      throw new MongoError(2942505, 'The $sort element value must be either 1 or -1');
    return (a, b) => compareValues(a, b, collation) * direction;
  }
  if (!isDocument(sortBy)) throw new MongoError(2942507, "$sortArray requires 'sortBy' to be 1, -1 or an object");
  const sorter = compileSort(sortBy, collation);
  return (a, b) => sorter.compare(isDocument(a) ? a : {}, isDocument(b) ? b : {});
}

function takeN(take: (items: readonly unknown[], n: number) => unknown[]): OperatorCompiler {
  return named(['n', 'input'], [], ({ n, input }, name) => {
    const count = positiveCount(n, name);
    if (!Array.isArray(input)) throw new MongoError(5788200, `Input must be an array, but is ${typeName(input)}`);
    return take(input as unknown[], count);
  });
}

/** The `n` of the N-operators and -accumulators. */
export function positiveCount(value: unknown, name: string): number {
  const count = isNumeric(value) ? toNumber(value) : NaN;
  if (!Number.isInteger(count))
    throw new MongoError(5787902, `Value for 'n' must be of integral type, but found ${typeName(value)} in ${name}`);
  if (count <= 0) throw new MongoError(5787908, `'n' must be greater than 0, found ${count}`);
  return count;
}

/** `$minN`/`$maxN` leave out null and missing. */
const sortedValues = (items: readonly unknown[]): unknown[] =>
  items.filter((item) => !isNullish(item)).sort((a, b) => compareValues(a, b));
