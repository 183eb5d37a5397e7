import { operandList } from '../arguments.js';
import { accumulators } from '../accumulators.js';
import { namedOperands } from '../arguments.js';
import { type OperatorCompiler, type OperatorTable } from '../expression-types.js';
import { percentileOf, percentileOperands } from '../percentile.js';

/** Accumulators used as expressions: over the elements of one array operand, or over several operands. */
export const statisticsOperators: OperatorTable = {
  $sum: overValues('$sum'),
  $avg: overValues('$avg'),
  $min: overValues('$min'),
  $max: overValues('$max'),
  $stdDevPop: overValues('$stdDevPop'),
  $stdDevSamp: overValues('$stdDevSamp'),
  $percentile: (operand, compiler, name) => {
    const operands = namedOperands(operand, name, ['input', 'p', 'method']);
    const { points } = percentileOperands(operands, name);
    const input = compiler.compile(operands.input);
    return (scope) => points.map((point) => percentileOf(input(scope), point));
  },
  $median: (operand, compiler, name) => {
    const operands = namedOperands(operand, name, ['input', 'method']);
    const input = compiler.compile(operands.input);
    return (scope) => percentileOf(input(scope), 0.5);
  },
};

function overValues(name: string): OperatorCompiler {
  return (operand, compiler) => {
    const evaluators = operandList(operand).map((each) => compiler.compile(each));
    const create = accumulators[name]?.create;
    return (scope) => {
      const values = evaluators.map((evaluate) => evaluate(scope));
      const isOneArray = values.length === 1 && Array.isArray(values[0]);
      const accumulator = create?.({ collation: compiler.context.collation });
      for (const value of isOneArray ? (values[0] as unknown[]) : values) accumulator?.add(value);
      return accumulator?.result();
    };
  };
}
