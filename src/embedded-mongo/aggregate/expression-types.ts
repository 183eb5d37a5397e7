import { type StringOrder } from '../bson/compare.js';
import { type Document } from '../bson/values.js';

/** What expressions may refer to besides the document. */
export interface ExpressionContext {
  /** `$$NOW`. */
  readonly now?: Date;
  /** Variables of the command's `let`: name -> value (already evaluated). */
  readonly let?: Document;
  readonly collation?: StringOrder | null;
  /** Reads `{ $meta: name }` of a document (text score, ...); without it `$meta` is missing. */
  readonly meta?: (doc: unknown, name: string) => unknown;
}

/** The document an expression is evaluated for, and the variables of the enclosing `$let`, `$map`, ... */
export interface Scope {
  readonly root: unknown;
  readonly variables: Record<string, unknown>;
}

/** A compiled expression; `undefined` is a missing value. */
export type Evaluator = (scope: Scope) => unknown;

/** What an operator's compiler can do with its operand. */
export interface ExpressionCompiler {
  readonly context: ExpressionContext;
  compile(expression: unknown): Evaluator;
  /** Compiles an expression in which further variables are visible. */
  compileWith(variables: readonly string[], expression: unknown): Evaluator;
  /** Says that the expression may read any field of the document. */
  readsWholeDocument(): void;
}

export type OperatorCompiler = (operand: unknown, compiler: ExpressionCompiler, name: string) => Evaluator;
export type OperatorTable = Readonly<Record<string, OperatorCompiler>>;
