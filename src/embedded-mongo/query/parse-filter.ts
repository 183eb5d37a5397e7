import { toNumber } from '../bson/numbers.js';
import {
  BSON_TYPE,
  type Document,
  isDocument,
  isNumeric,
  makeRegex,
  regexParts,
  typeName,
  typeNumber,
} from '../bson/values.js';
import { badValue, failedToParse, MongoError } from '../errors.js';
import { type ElemMatchNode, type FilterNode } from './filter-node.js';
import { arrayOperators } from './operators/array.js';
import { bitwiseOperators } from './operators/bitwise.js';
import { comparisonOperators, inOperand } from './operators/comparison.js';
import { elementOperators, isTruthy } from './operators/element.js';
import { evaluationOperators } from './operators/evaluation.js';
import { regexOperator } from './operators/regex.js';
import { type PredicateCompiler, type PredicateContext } from './predicate.js';

const MAX_DEPTH = 100;

/** Operators that test one value. */
const valueOperators: Readonly<Record<string, PredicateCompiler>> = {
  ...comparisonOperators,
  ...elementOperators,
  ...evaluationOperators,
  ...arrayOperators,
  ...bitwiseOperators,
};

const GEO_OPERATORS = new Set(['$geoWithin', '$geoIntersects', '$near', '$nearSphere', '$within', '$geoNear']);

/**
 * Parses a filter document. Throws MongoError: 2 BadValue (unknown operator, bad operand), 9 FailedToParse,
 * 51091 (regular expression), ... with MongoDB's sentences.
 */
export function parseFilter(filter: Document, context: PredicateContext, depth = 0): FilterNode {
  if (depth > MAX_DEPTH) throw badValue(`exceeded maximum filter depth: ${MAX_DEPTH}`);
  const nodes = Object.keys(filter).flatMap((name) =>
    name.startsWith('$')
      ? parseTopLevel(name, filter[name], context, depth)
      : parseField(name, filter[name], context, depth),
  );
  return conjunction(nodes);
}

const conjunction = (nodes: readonly FilterNode[]): FilterNode =>
  nodes.length === 1 ? (nodes[0] as FilterNode) : { kind: 'and', nodes };

function parseTopLevel(name: string, operand: unknown, context: PredicateContext, depth: number): FilterNode[] {
  switch (name) {
    case '$and':
    case '$or':
    case '$nor': {
      const kind = name.slice(1) as 'and' | 'or' | 'nor';
      return [{ kind, nodes: clauses(name, operand).map((clause) => parseFilter(clause, context, depth + 1)) }];
    }
    case '$comment':
      return [];
    case '$expr':
      return [{ kind: 'expr', expression: operand }];
    case '$jsonSchema':
      if (!isDocument(operand)) throw new MongoError(14, '$jsonSchema must be an object');
      return [{ kind: 'schema', schema: operand }];
    case '$text':
      if (!isDocument(operand)) throw badValue('$text expects an object');
      return [{ kind: 'text', query: operand }];
    case '$alwaysTrue':
    case '$alwaysFalse':
      if (!isNumeric(operand) || toNumber(operand) !== 1) throw failedToParse(`${name} must be an integer value of 1`);
      return [{ kind: 'always', matches: name === '$alwaysTrue' }];
    case '$sampleRate':
      return [{ kind: 'sample', rate: sampleRate(operand) }];
    case '$where':
      throw badValue('no globalScriptEngine in $where parsing');
    default:
      throw badValue(
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function clauses(name: string, operand: unknown): Document[] {
  if (!Array.isArray(operand)) throw badValue(`${name} must be an array`);
  if (operand.length === 0) throw badValue('$and/$or/$nor must be a nonempty array');
  return (operand as unknown[]).map((clause) => {
    if (!isDocument(clause)) throw badValue('$or/$and/$nor entries need to be full objects');
    return clause;
  });
}

function sampleRate(operand: unknown): number {
  const rate = isNumeric(operand) ? toNumber(operand) : NaN;
  if (!(rate >= 0 && rate <= 1)) throw badValue(`numeric argument to $sampleRate must be in [0, 1]`);
  return rate;
}

/** Whether a value holds operators (`{ $gt: 1 }`); `{ $ref, $id }` is a DBRef and a plain value. */
export function isOperatorDocument(value: unknown): value is Document {
  if (!isDocument(value)) return false;
  const [first] = Object.keys(value);
  return first !== undefined && first.startsWith('$') && !['$ref', '$id', '$db'].includes(first);
}

function parseField(path: string, value: unknown, context: PredicateContext, depth: number): FilterNode[] {
  if (isOperatorDocument(value)) return parseOperators(path, value, context, depth);
  if (typeNumber(value) === BSON_TYPE.regex) return [regexNode(path, value)];
  return [leaf(path, '$eq', value, context)];
}

function leaf(path: string, operator: string, operand: unknown, context: PredicateContext): FilterNode {
  const compile = valueOperators[operator] as PredicateCompiler;
  return { kind: 'leaf', path, operator, operand, predicate: compile(operand, context, path) };
}

const regexNode = (path: string, regex: unknown): FilterNode => ({
  kind: 'leaf',
  path,
  operator: '$regex',
  operand: regex,
  predicate: regexOperator(regex),
});

/** Parses `{ $gt: 1, $lt: 5 }` for one path. */
function parseOperators(path: string, operators: Document, context: PredicateContext, depth: number): FilterNode[] {
  if (depth > MAX_DEPTH) throw badValue(`exceeded maximum filter depth: ${MAX_DEPTH}`);
  return Object.keys(operators).flatMap((name) => parseOperator(path, name, operators, context, depth));
}

function parseOperator(
  path: string,
  name: string,
  siblings: Document,
  context: PredicateContext,
  depth: number,
): FilterNode[] {
  const operand = siblings[name];
  switch (name) {
    case '$ne':
      if (typeNumber(operand) === BSON_TYPE.regex) throw badValue("Can't have regex as arg to $ne.");
      return [{ kind: 'not', node: leaf(path, '$eq', operand, context) }];
    case '$nin':
      inOperand(operand, '$nin');
      return [{ kind: 'not', node: leaf(path, '$in', operand, context) }];
    case '$exists': {
      const exists = leaf(path, '$exists', true, context);
      return [isTruthy(operand) ? exists : { kind: 'not', node: exists }];
    }
    case '$not':
      return [{ kind: 'not', node: negated(path, operand, context, depth) }];
    case '$regex':
      return [regexNode(path, regexWithOptions(operand, siblings))];
    case '$options':
      if (!('$regex' in siblings)) throw badValue('$options needs a $regex');
      return [];
    case '$all':
      return [allNode(path, operand, context, depth)];
    case '$elemMatch':
      return [parseElemMatch(path, operand, context, depth)];
    case '$comment':
      return [];
    case '$where':
      throw badValue('$where cannot be applied to a field');
    default:
      if (Object.hasOwn(valueOperators, name)) return [leaf(path, name, operand, context)];
      if (GEO_OPERATORS.has(name)) throw badValue(`geospatial operators are not supported by this server: ${name}`);
      throw badValue(`unknown operator: ${name}`);
  }
}

function negated(path: string, operand: unknown, context: PredicateContext, depth: number): FilterNode {
  if (typeNumber(operand) === BSON_TYPE.regex) return regexNode(path, operand);
  if (!isDocument(operand)) throw badValue('$not needs a regex or a document');
  if (Object.keys(operand).length === 0) throw badValue('$not cannot be empty');
  return conjunction(parseOperators(path, operand, context, depth + 1));
}

function regexWithOptions(operand: unknown, siblings: Document): unknown {
  const options = siblings.$options ?? '';
  if (typeof options !== 'string') throw badValue('$options has to be a string');
  if (typeof operand === 'string') return makeRegex(operand, options);
  if (typeNumber(operand) !== BSON_TYPE.regex) throw badValue('$regex has to be a string');
  const parts = regexParts(operand);
  if (options !== '' && parts.options !== '') throw new MongoError(51075, 'options set in both $regex and $options');
  return makeRegex(parts.pattern, options || parts.options);
}

function allNode(path: string, operand: unknown, context: PredicateContext, depth: number): FilterNode {
  if (!Array.isArray(operand)) throw badValue('$all needs an array');
  const items = operand as unknown[];
  if (items.length === 0) return { kind: 'always', matches: false };
  const areElemMatches = isDocument(items[0]) && Object.keys(items[0])[0] === '$elemMatch';
  return conjunction(
    items.map((item) => {
      if (areElemMatches) {
        if (!isDocument(item) || Object.keys(item)[0] !== '$elemMatch')
          throw badValue('$all/$elemMatch has to be consistent');
        return parseElemMatch(path, item.$elemMatch, context, depth);
      }
      if (isOperatorDocument(item)) throw badValue('no $ expressions in $all');
      return typeNumber(item) === BSON_TYPE.regex ? regexNode(path, item) : leaf(path, '$eq', item, context);
    }),
  );
}

const LOGICAL = new Set(['$and', '$or', '$nor', '$where', '$expr', '$comment']);

/** Parses an `$elemMatch` operand for a path. */
export function parseElemMatch(path: string, operand: unknown, context: PredicateContext, depth = 0): ElemMatchNode {
  if (!isDocument(operand)) throw badValue('$elemMatch needs an Object');
  const [first] = Object.keys(operand);
  const ofValue = isOperatorDocument(operand) && !LOGICAL.has(first as string);
  const inner = ofValue
    ? conjunction(parseOperators('', operand, context, depth + 1))
    : parseFilter(operand, context, depth + 1);
  return { kind: 'elemMatch', path, ofValue, inner };
}

/** For messages of callers that take a filter from a command. */
export function requireFilter(filter: unknown, field: string): Document {
  if (isDocument(filter)) return filter;
  throw new MongoError(14, `BSON field '${field}' is the wrong type '${typeName(filter)}', expected type 'object'`);
}
