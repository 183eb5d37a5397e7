import { compareValues } from '../bson/compare.js';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { compileSort, type Sorter } from '../query/sort.js';
import { accumulators } from './accumulators.js';
import { isNullish, namedOperands } from './arguments.js';
import { compileExpression, evaluateConstant, type Expression } from './expressions.js';
import { positiveCount } from './operators/array-iteration.js';
import { percentileOf, percentileOperands } from './percentile.js';
import { mergeFields, type PipelineContext } from './stage.js';

/** An accumulator with its operand: collects documents. */
export interface GroupAccumulator {
  readonly reads: ReadonlySet<string> | null;
  /** Whether it keeps what it is given (counted against the memory limit). */
  readonly keepsInput: boolean;
  create(): { add(doc: Document): void; result(): unknown };
}

type AccumulatorCompiler = (operand: unknown, context: PipelineContext, name: string) => GroupAccumulator;

/** Accumulators with named operands. */
const structured: Readonly<Record<string, AccumulatorCompiler>> = {
  $count: (operand) => {
    if (!isDocument(operand) || Object.keys(operand).length > 0)
      throw new MongoError(14, '$count takes no arguments, i.e. $count:{}');
    return counting();
  },
  $firstN: firstOrLast((values, n) => values.slice(0, n)),
  $lastN: firstOrLast((values, n) => values.slice(Math.max(values.length - n, 0))),
  $minN: firstOrLast((values, n) => sortPresent(values, 1).slice(0, n)),
  $maxN: firstOrLast((values, n) => sortPresent(values, -1).slice(0, n)),
  $top: ordered(1, false),
  $bottom: ordered(-1, false),
  $topN: ordered(1, true),
  $bottomN: ordered(-1, true),
  $percentile: (operand, context, name) => {
    const operands = namedOperands(operand, name, ['input', 'p', 'method']);
    const { points } = percentileOperands(operands, name);
    return collecting(compileExpression(operands.input, context), (values) =>
      points.map((point) => percentileOf(values, point)),
    );
  },
  $median: (operand, context, name) => {
    const operands = namedOperands(operand, name, ['input', 'method']);
    return collecting(compileExpression(operands.input, context), (values) => percentileOf(values, 0.5));
  },
};

/** Whether the name is an accumulator of `$group` and windows. */
export const isAccumulator = (name: string): boolean =>
  Object.hasOwn(structured, name) || Object.hasOwn(accumulators, name);

/** Compiles `{ $sum: '$x' }` and the like; 15952 for an unknown name. */
export function compileAccumulator(name: string, operand: unknown, context: PipelineContext): GroupAccumulator {
  const compile = Object.hasOwn(structured, name) ? structured[name] : undefined;
  if (compile) return compile(operand, context, name);
  const kind = Object.hasOwn(accumulators, name) ? accumulators[name] : undefined;
  if (!kind) throw new MongoError(15952, `unknown group operator '${name}'`);
  const expression = compileExpression(operand, context);
  return {
    reads: expression.fields,
    keepsInput: kind.keepsInput ?? false,
    create: () => {
      const accumulator = kind.create({ collation: context.collation });
      return { add: (doc) => accumulator.add(expression.evaluate(doc)), result: () => accumulator.result() };
    },
  };
}

function counting(): GroupAccumulator {
  return {
    reads: new Set(),
    keepsInput: false,
    create: () => {
      let count = 0;
      return { add: () => void count++, result: () => count };
    },
  };
}

function collecting(expression: Expression, finish: (values: unknown[]) => unknown): GroupAccumulator {
  return {
    reads: expression.fields,
    keepsInput: true,
    create: () => {
      const values: unknown[] = [];
      return { add: (doc) => void values.push(expression.evaluate(doc)), result: () => finish(values) };
    },
  };
}

function firstOrLast(take: (values: readonly unknown[], n: number) => unknown[]): AccumulatorCompiler {
  return (operand, context, name) => {
    const { input, n } = namedOperands(operand, name, ['input', 'n'], [], 5787900);
    const count = positiveCount(evaluateConstant(n, { ...context }), name);
    return collecting(compileExpression(input, context), (values) =>
      take(
        values.map((value) => value ?? null),
        count,
      ),
    );
  };
}

function sortPresent(values: readonly unknown[], direction: 1 | -1): unknown[] {
  return values.filter((value) => !isNullish(value)).sort((a, b) => compareValues(a, b) * direction);
}

/** `$top`, `$bottom` and their N forms: outputs of the first documents in an order. */
function ordered(end: 1 | -1, isList: boolean): AccumulatorCompiler {
  return (operand, context, name) => {
    const operands = namedOperands(
      operand,
      name,
      isList ? ['sortBy', 'output', 'n'] : ['sortBy', 'output'],
      [],
      5788002,
    );
    if (!isDocument(operands.sortBy)) throw new MongoError(10065, `invalid parameter: expected an object (sortBy)`);
    const sorter = compileSort(operands.sortBy, context.collation);
    const output = compileExpression(operands.output, context);
    const count = isList ? positiveCount(evaluateConstant(operands.n, { ...context }), name) : 1;
    return {
      reads: mergeFields([output.fields, sorter.fields]),
      keepsInput: true,
      create: () => {
        const entries: { key: unknown[]; value: unknown }[] = [];
        return {
          add: (doc) => void entries.push({ key: sorter.keyOf(doc), value: output.evaluate(doc) ?? null }),
          result: () => firstEntries(entries, sorter, end, count, isList),
        };
      },
    };
  };
}

function firstEntries(
  entries: { key: unknown[]; value: unknown }[],
  sorter: Sorter,
  end: 1 | -1,
  count: number,
  isList: boolean,
): unknown {
  const sorted = [...entries].sort((a, b) => sorter.compareKeys(a.key, b.key)).map(({ value }) => value);
  const chosen = end === 1 ? sorted.slice(0, count) : sorted.slice(Math.max(sorted.length - count, 0));
  return isList ? chosen : (chosen[0] ?? null);
}
