import { isTruthy } from '../query/operators/element.js';
import { type Document, getField, isDocument, setField } from '../bson/values.js';
import { failedToParse, MongoError } from '../errors.js';
import { describe } from '../query/describe.js';
import {
  type Evaluator,
  type ExpressionCompiler,
  type ExpressionContext,
  type OperatorTable,
  type Scope,
} from './expression-types.js';
import { arithmeticOperators } from './operators/arithmetic.js';
import { arrayOperators } from './operators/array.js';
import { arrayIterationOperators } from './operators/array-iteration.js';
import { booleanOperators } from './operators/boolean.js';
import { conditionalOperators } from './operators/conditional.js';
import { convertOperators } from './operators/convert.js';
import { dateArithmeticOperators } from './operators/date-arithmetic.js';
import { dateFormatOperators } from './operators/date-format.js';
import { datePartOperators } from './operators/date-parts.js';
import { miscellaneousOperators } from './operators/miscellaneous.js';
import { objectOperators } from './operators/object.js';
import { setOperators } from './operators/set.js';
import { statisticsOperators } from './operators/statistics.js';
import { stringOperators } from './operators/string.js';
import { regexOperators } from './operators/string-regex.js';
import { trigonometryOperators } from './operators/trigonometry.js';

const operators: OperatorTable = {
  ...arithmeticOperators,
  ...arrayOperators,
  ...arrayIterationOperators,
  ...booleanOperators,
  ...conditionalOperators,
  ...convertOperators,
  ...dateArithmeticOperators,
  ...dateFormatOperators,
  ...datePartOperators,
  ...miscellaneousOperators,
  ...objectOperators,
  ...setOperators,
  ...statisticsOperators,
  ...stringOperators,
  ...regexOperators,
  ...trigonometryOperators,
};

const MAX_DEPTH = 200;

export interface Expression {
  /** Value for a document; `undefined` where it is missing. */
  evaluate(doc: unknown, variables?: Readonly<Record<string, unknown>>): unknown;
  /** Whether the value is true by MongoDB's rules. */
  isTrue(doc: unknown): boolean;
  /** Top-level fields the expression reads; null: it may read any (`$$ROOT`). */
  readonly fields: ReadonlySet<string> | null;
}

/**
 * Compiles an aggregation expression (https://www.mongodb.com/docs/manual/reference/operator/aggregation/) to a
 * function on typed values. `variables` names those the caller passes to `evaluate`, besides the context's `let`.
 * Throws MongoErrors: 168 for an unknown operator, 17276 for an unknown variable, operators' own codes.
 */
export function compileExpression(
  expression: unknown,
  context: ExpressionContext = {},
  variables: readonly string[] = [],
): Expression {
  const compilation = new Compilation(context, new Set([...Object.keys(context.let ?? {}), ...variables]));
  const evaluator = compilation.compile(expression);
  const constants: Record<string, unknown> = { ...context.let };
  const evaluate = (doc: unknown, passed?: Readonly<Record<string, unknown>>): unknown =>
    evaluator({ root: doc, variables: passed ? { ...constants, ...passed } : constants });
  return {
    evaluate,
    isTrue: (doc) => isTruthy(evaluate(doc)),
    fields: compilation.wholeDocument ? null : compilation.fields,
  };
}

/** Evaluates an expression without a document (`let`, `$documents`, window bounds). */
export const evaluateConstant = (expression: unknown, context: ExpressionContext = {}): unknown =>
  compileExpression(expression, context).evaluate({});

const SYSTEM_VARIABLES = new Set([
  'ROOT',
  'CURRENT',
  'NOW',
  'CLUSTER_TIME',
  'REMOVE',
  'DESCEND',
  'PRUNE',
  'KEEP',
  'USER_ROLES',
  'SEARCH_META',
]);

class Compilation implements ExpressionCompiler {
  readonly fields = new Set<string>();
  wholeDocument = false;
  private depth = 0;

  constructor(
    readonly context: ExpressionContext,
    private visible: ReadonlySet<string>,
  ) {}

  readsWholeDocument(): void {
    this.wholeDocument = true;
  }

  compile(expression: unknown): Evaluator {
    if (typeof expression === 'string')
      return expression.startsWith('$') ? this.path(expression) : constant(expression);
    if (typeof expression !== 'object' || expression === null) return constant(expression ?? null);
    if (++this.depth > MAX_DEPTH) throw failedToParse(`expression is nested deeper than ${MAX_DEPTH} levels`);
    const evaluator = Array.isArray(expression)
      ? this.array(expression)
      : isDocument(expression)
        ? this.document(expression)
        : constant(expression);
    this.depth--;
    return evaluator;
  }

  compileWith(variables: readonly string[], expression: unknown): Evaluator {
    const outer = this.visible;
    this.visible = new Set([...outer, ...variables]);
    const evaluator = this.compile(expression);
    this.visible = outer;
    return evaluator;
  }

  private array(items: readonly unknown[]): Evaluator {
    const evaluators = items.map((item) => this.compile(item));
    return (scope) => evaluators.map((evaluate) => evaluate(scope) ?? null);
  }

  private document(doc: Document): Evaluator {
    const names = Object.keys(doc);
    const operator = names.find((name) => name.startsWith('$'));
    if (operator !== undefined) {
      if (names.length > 1) {
        throw new MongoError(
          15983,
          `An object representing an expression must have exactly one field: ${describe(doc)}`,
        );
      }
      const compile = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
      if (!compile) throw new MongoError(168, `Unrecognized expression '${operator}'`);
      return compile(doc[operator], this, operator);
    }
    const fields = names.map((name) => {
      if (name.includes('.')) {
        throw new MongoError(
          16412,
          `FieldPath field names may not contain '.'. Consider using $getField or $setField.`,
        );
      }
      return [name, this.compile(doc[name])] as const;
    });
    return (scope) => {
      const result: Document = {};
      for (const [name, evaluate] of fields) {
        const value = evaluate(scope);
        if (value !== undefined) setField(result, name, value);
      }
      return result;
    };
  }

  private path(text: string): Evaluator {
    if (text.startsWith('$$')) return this.variablePath(text.slice(2));
    const parts = splitFieldPath(text.slice(1));
    this.fields.add(parts[0] as string);
    // A `$let` or `$map` cannot redefine CURRENT here, so a plain path always starts at the root.
    return readPath((scope) => scope.root, parts);
  }

  private variablePath(text: string): Evaluator {
    const [name = '', ...parts] = text.split('.');
    if (parts.length > 0) splitFieldPath(parts.join('.'));
    if (this.visible.has(name)) return readPath((scope) => scope.variables[name], parts);
    if (!SYSTEM_VARIABLES.has(name)) throw new MongoError(17276, `Use of undefined variable: ${name}`);
    if (name === 'ROOT' || name === 'CURRENT') {
      const [first] = parts;
      if (first === undefined) this.wholeDocument = true;
      else this.fields.add(first);
      return readPath((scope) => scope.root, parts);
    }
    if (name === 'REMOVE' || name === 'SEARCH_META') return constant(undefined);
    if (name === 'USER_ROLES') return constant([]);
    if (name === 'NOW' || name === 'CLUSTER_TIME') {
      const now = this.context.now ?? new Date();
      return constant(now);
    }
    return constant(name.toLowerCase()); // DESCEND, PRUNE, KEEP: only $redact looks at them
  }
}

const constant =
  (value: unknown): Evaluator =>
  () =>
    value;

/** Splits and checks the dotted path of a field expression. */
export function splitFieldPath(path: string): readonly string[] {
  if (path === '') throw new MongoError(16872, "'$' by itself is not a valid FieldPath");
  if (path.endsWith('.')) throw new MongoError(40353, "FieldPath must not end with a '.'.");
  const parts = path.split('.');
  for (const part of parts) {
    if (part === '') throw new MongoError(15998, 'FieldPath field names may not be empty strings.');
    if (part.startsWith('$')) {
      throw new MongoError(
        16410,
        `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
      );
    }
  }
  return parts;
}

function readPath(start: Evaluator, parts: readonly string[]): Evaluator {
  const [first] = parts;
  if (first === undefined) return start;
  if (parts.length === 1) {
    return (scope: Scope) => {
      const value = start(scope);
      return isDocument(value) ? getField(value, first) : fieldOf(value, parts, 0);
    };
  }
  return (scope: Scope) => fieldOf(start(scope), parts, 0);
}

/** Value at a path: arrays on the way answer an array of their documents' values (missing ones left out). */
export function fieldOf(value: unknown, parts: readonly string[], at: number): unknown {
  if (at === parts.length) return value;
  if (Array.isArray(value)) {
    return (value as unknown[])
      .filter((item) => isDocument(item) || Array.isArray(item))
      .map((item) => fieldOf(item, parts, at))
      .filter((found) => found !== undefined);
  }
  return isDocument(value) ? fieldOf(getField(value, parts[at] as string), parts, at + 1) : undefined;
}
