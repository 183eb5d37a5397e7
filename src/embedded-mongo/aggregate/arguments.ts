import { type Document, isDocument, typeName } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { type Evaluator, type ExpressionCompiler, type OperatorCompiler, type Scope } from './expression-types.js';

/** The operands of an operator as a list: an array is the list, anything else its only member. */
export const operandList = (operand: unknown): readonly unknown[] =>
  Array.isArray(operand) ? (operand as unknown[]) : [operand];

/** Compiles a list of operands; throws 16020 for a wrong number of them. */
export function compileList(
  operand: unknown,
  compiler: ExpressionCompiler,
  name: string,
  min: number,
  max = min,
): Evaluator[] {
  const operands = operandList(operand);
  if (operands.length < min || operands.length > max) {
    throw min === max
      ? new MongoError(16020, `Expression ${name} takes exactly ${min} arguments. ${operands.length} were passed in.`)
      : new MongoError(
          28667,
          `Expression ${name} takes at least ${min} arguments, and at most ${max}, but ${operands.length} were passed in.`,
        );
  }
  return operands.map((each) => compiler.compile(each));
}

/** Operator of one operand: computed from its value. */
export function unary(compute: (value: unknown, name: string) => unknown): OperatorCompiler {
  return (operand, compiler, name) => {
    const [evaluate] = compileList(operand, compiler, name, 1) as [Evaluator];
    return (scope) => compute(evaluate(scope), name);
  };
}

/** Operator of one operand that answers null for null and missing. */
export const unaryOrNull = (compute: (value: unknown, name: string) => unknown): OperatorCompiler =>
  unary((value, name) => (value === undefined || value === null ? null : compute(value, name)));

export function binary(compute: (a: unknown, b: unknown, name: string) => unknown): OperatorCompiler {
  return (operand, compiler, name) => {
    const [left, right] = compileList(operand, compiler, name, 2) as [Evaluator, Evaluator];
    return (scope) => compute(left(scope), right(scope), name);
  };
}

/** Operator of a list of operands of any length (or within bounds). */
export function variadic(
  compute: (values: unknown[], name: string, compiler: ExpressionCompiler) => unknown,
  min = 0,
  max = Infinity,
): OperatorCompiler {
  return (operand, compiler, name) => {
    const evaluators = compileList(operand, compiler, name, min, max);
    return (scope) =>
      compute(
        evaluators.map((evaluate) => evaluate(scope)),
        name,
        compiler,
      );
  };
}

/**
 * Named arguments of an operator (`{ input: ..., as: ... }`): checks the names and answers the document.
 * Throws `code` with MongoDB's kind of sentence for a wrong shape.
 */
export function namedOperands(
  operand: unknown,
  name: string,
  required: readonly string[],
  optional: readonly string[] = [],
  code = 9,
): Document {
  if (!isDocument(operand))
    throw new MongoError(code, `${name} only supports an object as its argument, not ${typeName(operand)}`);
  for (const field of Object.keys(operand)) {
    if (!required.includes(field) && !optional.includes(field))
      throw new MongoError(code, `${name} found an unknown argument: ${field}`);
  }
  for (const field of required) {
    if (!(field in operand)) throw new MongoError(code, `${name} requires '${field}' to be specified`);
  }
  return operand;
}

/** Operator with named operands, all evaluated before `compute`; those not given are missing. */
export function named(
  required: readonly string[],
  optional: readonly string[],
  compute: (values: Document, name: string, compiler: ExpressionCompiler) => unknown,
): OperatorCompiler {
  return (operand, compiler, name) => {
    const operands = namedOperands(operand, name, required, optional);
    const evaluators = Object.keys(operands).map((field) => [field, compiler.compile(operands[field])] as const);
    return (scope) => {
      const values: Document = {};
      for (const [field, evaluate] of evaluators) values[field] = evaluate(scope);
      return compute(values, name, compiler);
    };
  };
}

/** A scope with further variables; the caller may change them between evaluations. */
export function childScope(scope: Scope): Scope {
  return { root: scope.root, variables: Object.create(scope.variables) as Record<string, unknown> };
}

export const isNullish = (value: unknown): value is null | undefined => value === undefined || value === null;
