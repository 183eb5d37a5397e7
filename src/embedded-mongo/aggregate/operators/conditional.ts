import { type Document, isDocument } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { isTruthy } from '../../query/operators/element.js';
import { childScope, compileList, namedOperands } from '../arguments.js';
import { type Evaluator, type OperatorTable } from '../expression-types.js';

/** `$cond $ifNull $switch $let`. */
export const conditionalOperators: OperatorTable = {
  $cond: (operand, compiler, name) => {
    const list = Array.isArray(operand)
      ? operand
      : (({ if: test, then, else: otherwise }) => [test, then, otherwise])(
          namedOperands(operand, name, ['if', 'then', 'else'], [], 17080),
        );
    const [test, then, otherwise] = compileList(list, compiler, name, 3) as [Evaluator, Evaluator, Evaluator];
    return (scope) => (isTruthy(test(scope)) ? then(scope) : otherwise(scope));
  },
  $ifNull: (operand, compiler, name) => {
    if (!Array.isArray(operand) || operand.length < 2) {
      throw new MongoError(
        1257300,
        `$ifNull needs at least two arguments, had: ${Array.isArray(operand) ? operand.length : 1}`,
      );
    }
    const evaluators = compileList(operand, compiler, name, 2, Infinity);
    return (scope) => {
      let value: unknown;
      for (const evaluate of evaluators) {
        value = evaluate(scope);
        if (value !== undefined && value !== null) break;
      }
      return value;
    };
  },
  $switch: (operand, compiler, name) => {
    const operands = namedOperands(operand, name, [], ['branches', 'default'], 40060);
    if (!Array.isArray(operands.branches)) throw new MongoError(40061, "$switch expected an array for 'branches'");
    const branches = (operands.branches as unknown[]).map((branch) => readBranch(branch));
    if (branches.length === 0) throw new MongoError(40068, '$switch requires at least one branch.');
    const compiled = branches.map((branch) => [compiler.compile(branch.case), compiler.compile(branch.then)] as const);
    const otherwise = 'default' in operands ? compiler.compile(operands.default) : null;
    return (scope) => {
      for (const [test, then] of compiled) if (isTruthy(test(scope))) return then(scope);
      if (otherwise) return otherwise(scope);
      throw new MongoError(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.',
      );
    };
  },
  $let: (operand, compiler, name) => {
    const { vars, in: body } = namedOperands(operand, name, ['vars', 'in'], [], 16874);
    if (!isDocument(vars)) throw new MongoError(16876, `invalid parameter: expected an object (vars)`);
    const names = Object.keys(vars);
    for (const variable of names) checkVariableName(variable);
    const values = names.map((variable) => compiler.compile(vars[variable]));
    const evaluate = compiler.compileWith(names, body);
    return (scope) => {
      const inner = childScope(scope);
      names.forEach((variable, i) => (inner.variables[variable] = values[i]?.(scope)));
      return evaluate(inner);
    };
  },
};

function readBranch(branch: unknown): Document {
  if (!isDocument(branch)) throw new MongoError(40062, '$switch expected each branch to be an object');
  for (const field of Object.keys(branch)) {
    if (field !== 'case' && field !== 'then')
      throw new MongoError(40063, `$switch found an unknown argument to a branch: ${field}`);
  }
  if (!('case' in branch)) throw new MongoError(40064, "$switch requires each branch have a 'case' expression");
  if (!('then' in branch)) throw new MongoError(40065, "$switch requires each branch have a 'then' expression.");
  return branch;
}

/** User variables begin with a lowercase letter (CURRENT may be redefined in MongoDB, here it may not). */
export function checkVariableName(name: string): void {
  if (!/^[a-z\u0080-\uffff][A-Za-z0-9_\u0080-\uffff]*$/.test(name)) {
    throw new MongoError(16867, `'${name}' starts with an invalid character for a user variable name`);
  }
}
