import {
  addNumbers,
  divideNumbers,
  makeDouble,
  multiplyNumbers,
  type Numeric,
  subtractNumbers,
  toNumber,
} from '../bson/numbers.js';
import { isDocument, isNumeric, typeName } from '../bson/values.js';
import { failedToParse, MongoError } from '../errors.js';
import { type Sorter } from '../query/sort.js';
import { isNullish, namedOperands, operandList } from './arguments.js';
import { compileExpression, evaluateConstant, type Expression } from './expressions.js';
import { widen } from './operators/arithmetic.js';
import { mergeFields, type PipelineContext } from './stage.js';

/** A partition in order, as window functions see it. */
export interface Partition {
  readonly docs: readonly unknown[];
  readonly sorter: Sorter | null;
  /** First sort field's expression, for functions over time or distance. */
  readonly sortValue: Expression | null;
}

/** Computes a value for each document of a partition; `range` gives the window [from, to) of a document. */
export interface WindowFunction {
  readonly reads: ReadonlySet<string> | null;
  compute(partition: Partition, range: (index: number) => readonly [number, number]): unknown[];
}

type WindowCompiler = (operand: unknown, context: PipelineContext, name: string) => WindowFunction;

const UNIT_MS: Record<string, number> = {
  week: 604_800_000,
  day: 86_400_000,
  hour: 3_600_000,
  minute: 60_000,
  second: 1000,
  millisecond: 1,
};

/** Functions that exist only in `$setWindowFields`; accumulators work there too. */
export const windowFunctions: Readonly<Record<string, WindowCompiler>> = {
  $documentNumber: ranking(({ docs }) => docs.map((_, i) => i + 1)),
  $rank: ranking((partition) => ranks(partition, (index) => index + 1)),
  $denseRank: ranking((partition) => ranks(partition, (_index, group) => group)),
  $shift: (operand, context, name) => {
    const operands = namedOperands(operand, name, ['output', 'by'], ['default']);
    const output = compileExpression(operands.output, context);
    const by = isNumeric(operands.by) ? toNumber(operands.by) : NaN;
    if (!Number.isInteger(by))
      throw failedToParse(`'$shift:by' field must be an integer, but found ${typeName(operands.by)}`);
    const fallback = evaluateConstant(operands.default ?? null, { ...context }) ?? null;
    return {
      reads: output.fields,
      compute: ({ docs }) =>
        docs.map((_, i) => (i + by >= 0 && i + by < docs.length ? (output.evaluate(docs[i + by]) ?? null) : fallback)),
    };
  },
  $locf: (operand, context) => {
    const input = compileExpression(operand, context);
    return { reads: input.fields, compute: ({ docs }) => carryForward(docs.map((doc) => input.evaluate(doc))) };
  },
  $linearFill: (operand, context) => {
    const input = compileExpression(operand, context);
    return { reads: input.fields, compute: (partition) => linearFill(partition, input) };
  },
  $expMovingAvg: (operand, context, name) => {
    const { input, N, alpha } = namedOperands(operand, name, ['input'], ['N', 'alpha']);
    if ((N === undefined) === (alpha === undefined))
      throw failedToParse(
        `$expMovingAvg sub object must have exactly two fields: An 'input' field, and either an 'N' field or an 'alpha' field`,
      );
    const weight = alpha === undefined ? 2 / (toNumber(N as Numeric) + 1) : toNumber(alpha as Numeric);
    const expression = compileExpression(input, context);
    return {
      reads: expression.fields,
      compute: ({ docs }) => {
        let average: number | null = null;
        return docs.map((doc) => {
          const value = expression.evaluate(doc);
          if (isNumeric(value)) {
            const number = toNumber(value);
            average = average === null ? number : number * weight + average * (1 - weight);
          }
          return average === null ? null : makeDouble(average);
        });
      },
    };
  },
  $derivative: slope((ys, xs) => {
    const last = ys.length - 1;
    const dx = (xs[last] as number) - (xs[0] as number);
    return last < 1 || dx === 0 ? null : makeDouble(((ys[last] as number) - (ys[0] as number)) / dx);
  }),
  $integral: slope((ys, xs) => {
    let area = 0;
    for (let i = 1; i < ys.length; i++)
      area += (((ys[i] as number) + (ys[i - 1] as number)) / 2) * ((xs[i] as number) - (xs[i - 1] as number));
    return makeDouble(area);
  }),
  $covariancePop: covariance(0),
  $covarianceSamp: covariance(1),
};

function ranking(compute: (partition: Partition) => unknown[]): WindowCompiler {
  return (operand, _context, name) => {
    if (!isDocument(operand) || Object.keys(operand).length > 0)
      throw new MongoError(5371603, `${name} must be specified with '{}' as the value`);
    return { reads: new Set(), compute };
  };
}

/** Rank of each document: equal sort keys share it. */
function ranks({ docs, sorter }: Partition, rankOf: (index: number, group: number) => number): number[] {
  let rank = 0;
  let group = 0;
  return docs.map((doc, i) => {
    const isNew =
      i === 0 ||
      !sorter ||
      sorter.compare(docs[i - 1] as Record<string, unknown>, doc as Record<string, unknown>) !== 0;
    if (isNew) rank = rankOf(i, ++group);
    return rank;
  });
}

function carryForward(values: readonly unknown[]): unknown[] {
  let last: unknown = null;
  return values.map((value) => (last = isNullish(value) ? last : value));
}

/** Fills gaps on a line between the neighbours that have values; outside of them it stays null. */
function linearFill({ docs, sortValue }: Partition, input: Expression): unknown[] {
  const ys = docs.map((doc) => input.evaluate(doc));
  const xs = docs.map((doc) => numberOf(sortValue?.evaluate(doc)));
  const filled: unknown[] = ys.map((y) => y ?? null);
  let before = -1;
  ys.forEach((y, i) => {
    if (isNullish(y)) return;
    if (!isNumeric(y))
      throw new MongoError(605001, `Value to be filled must be numeric or nullish, but found ${typeName(y)}`);
    for (let gap = before + 1; before >= 0 && gap < i; gap++) {
      const share = (xs[gap] as number) - (xs[before] as number);
      const whole = (xs[i] as number) - (xs[before] as number);
      filled[gap] = onLine(ys[before] as Numeric, y, share / whole);
    }
    before = i;
  });
  return filled;
}

function onLine(from: Numeric, to: Numeric, share: number): Numeric {
  const rise = multiplyNumbers(widen(subtractNumbers, to, from), makeDouble(share)) as Numeric;
  return widen(addNumbers, from, rise);
}

const numberOf = (value: unknown): number =>
  value instanceof Date ? value.getTime() : isNumeric(value) ? toNumber(value) : NaN;

function slope(compute: (ys: number[], xs: number[]) => unknown): WindowCompiler {
  return (operand, context, name) => {
    const { input, unit } = namedOperands(operand, name, ['input'], ['unit']);
    const scale = unit === undefined ? 1 : UNIT_MS[unit as string];
    if (scale === undefined) throw failedToParse(`unit must be 'week' or smaller`);
    const expression = compileExpression(input, context);
    return {
      reads: expression.fields,
      compute: ({ docs, sortValue }, range) =>
        docs.map((_, i) => {
          const [from, to] = range(i);
          const window = docs.slice(from, to);
          const ys = window.map((doc) => numberOf(expression.evaluate(doc)));
          const xs = window.map((doc) => numberOf(sortValue?.evaluate(doc)) / scale);
          return window.length === 0 ? null : compute(ys, xs);
        }),
    };
  };
}

function covariance(lessDegrees: 0 | 1): WindowCompiler {
  return (operand, context) => {
    const [x, y] = operandList(operand).map((each) => compileExpression(each, context)) as [Expression, Expression];
    return {
      reads: mergeFields([x.fields, y.fields]),
      compute: ({ docs }, range) =>
        docs.map((_, i) => {
          const pairs = docs
            .slice(...range(i))
            .map((doc) => [x.evaluate(doc), y.evaluate(doc)] as const)
            .filter(([a, b]) => isNumeric(a) && isNumeric(b))
            .map(([a, b]) => [toNumber(a as Numeric), toNumber(b as Numeric)] as const);
          return covarianceOf(pairs, lessDegrees);
        }),
    };
  };
}

function covarianceOf(pairs: readonly (readonly [number, number])[], lessDegrees: 0 | 1): unknown {
  const count = pairs.length;
  if (count - lessDegrees <= 0) return null;
  const meanX = pairs.reduce((sum, [x]) => sum + x, 0) / count;
  const meanY = pairs.reduce((sum, [, y]) => sum + y, 0) / count;
  const total = pairs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return divideNumbers(makeDouble(total), makeDouble(count - lessDegrees));
}
