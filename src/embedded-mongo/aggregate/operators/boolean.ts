import { isTruthy } from '../../query/operators/element.js';
import { compileList, operandList, unary } from '../arguments.js';
import { type Evaluator, type OperatorCompiler, type OperatorTable } from '../expression-types.js';
import { compareMissingFirst } from '../order.js';

/** `$and $or $not` and the comparisons `$eq $ne $gt $gte $lt $lte $cmp`. */
export const booleanOperators: OperatorTable = {
  $and: (operand, compiler) => {
    const evaluators = operandList(operand).map((each) => compiler.compile(each));
    return (scope) => evaluators.every((evaluate) => isTruthy(evaluate(scope)));
  },
  $or: (operand, compiler) => {
    const evaluators = operandList(operand).map((each) => compiler.compile(each));
    return (scope) => evaluators.some((evaluate) => isTruthy(evaluate(scope)));
  },
  $not: unary((value) => !isTruthy(value)),
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: comparison((order) => Math.sign(order)),
};

function comparison(answer: (order: number) => unknown): OperatorCompiler {
  return (operand, compiler, name) => {
    const [left, right] = compileList(operand, compiler, name, 2) as [Evaluator, Evaluator];
    const { collation } = compiler.context;
    return (scope) => answer(compareMissingFirst(left(scope), right(scope), collation));
  };
}
