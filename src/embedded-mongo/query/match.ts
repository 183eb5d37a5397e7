import { isArrayIndex, splitPath, visitPath } from '../bson/path.js';
import { type Document, getField, isDocument } from '../bson/values.js';
import { compileExpression } from '../aggregate/expressions.js';
import { badValue } from '../errors.js';
import { compileSchema } from '../schema/json-schema.js';
import { type Collation } from './collation.js';
import { type ElemMatchNode, type FilterNode, type LeafNode } from './filter-node.js';
import { parseElemMatch, parseFilter } from './parse-filter.js';
import { type Predicate } from './predicate.js';

/** What a filter may refer to besides the document. */
export interface FilterContext {
  readonly collation?: Collation | null;
  /** Variables of the command's `let`, visible to `$expr`. */
  readonly let?: Document;
  /** `$$NOW` of `$expr`. */
  readonly now?: Date;
  /** Compiles `$text`: the command layer knows the text index's fields. Without it `$text` is refused. */
  readonly text?: (query: Document) => (doc: Document) => boolean;
}

export interface Matcher {
  matches(doc: Document): boolean;
  /** Top-level fields the filter reads, so that only those need decoding; null: it needs the whole document. */
  readonly fields: ReadonlySet<string> | null;
  /**
   * Position of the array element that made the document match, for the positional `$` of updates and projections;
   * null where no array decided. With several arrays the last condition of the filter wins, as in MongoDB.
   */
  positionalIndex(doc: Document): number | null;
  /** The parsed filter, for the planner. */
  readonly node: FilterNode;
}

type Test = (doc: Document) => boolean;

const MAX_INTERNED = 1000;
const interned = new Map<string, ReadonlySet<string>>();

/** One set per list of names: what `pickFields` remembers about a set then holds for all queries of a shape. */
function internFields(fields: ReadonlySet<string>): ReadonlySet<string> {
  const key = [...fields].join('\0');
  const known = interned.get(key);
  if (known) return known;
  if (interned.size >= MAX_INTERNED) interned.clear();
  interned.set(key, fields);
  return fields;
}

/** Compiles a filter once for many documents. Throws MongoErrors for filters MongoDB refuses. */
export function compileFilter(filter: Document, context: FilterContext = {}): Matcher {
  const node = parseFilter(filter, { collation: context.collation ?? null });
  const fields = new Set<string>();
  return {
    node,
    matches: compileNode(node, context),
    fields: collectFields(node, fields, context) ? internFields(fields) : null,
    positionalIndex: (doc) => findPosition(node, doc, context),
  };
}

function compileNode(node: FilterNode, context: FilterContext): Test {
  switch (node.kind) {
    case 'and':
      return all(node.nodes.map((child) => compileNode(child, context)));
    case 'or':
      return any(node.nodes.map((child) => compileNode(child, context)));
    case 'nor':
      return not(any(node.nodes.map((child) => compileNode(child, context))));
    case 'not':
      return not(compileNode(node.node, context));
    case 'leaf':
      return compileLeaf(node);
    case 'elemMatch': {
      const element = compileElement(node, context);
      return compilePath(node.path, {
        leafs: 'whole',
        test: (value) => Array.isArray(value) && value.some(element),
      });
    }
    case 'always':
      return () => node.matches;
    case 'sample':
      return () => Math.random() < node.rate;
    case 'expr':
      return compileExpressionTest(node.expression, context);
    case 'schema':
      return compileSchema(node.schema);
    case 'text':
      if (!context.text) throw badValue('text index required for $text query');
      return context.text(node.query);
  }
}

const not =
  (test: Test): Test =>
  (doc) =>
    !test(doc);

function all(tests: readonly Test[]): Test {
  const [first, second] = tests;
  if (!first) return () => true;
  if (!second) return first;
  if (tests.length === 2) return (doc) => first(doc) && second(doc);
  return (doc) => {
    for (const test of tests) if (!test(doc)) return false;
    return true;
  };
}

function any(tests: readonly Test[]): Test {
  return (doc) => {
    for (const test of tests) if (test(doc)) return true;
    return false;
  };
}

const compileLeaf = (node: LeafNode): Test => compilePath(node.path, node.predicate);

function compilePath(path: string, { leafs, test }: Predicate): Test {
  const parts = splitPath(path);
  if (parts.length > 1) return (doc) => visitPath(doc, parts, leafs, test);
  // The common case, a top-level scalar, without the walk.
  return (doc) => {
    const value = getField(doc, path);
    return Array.isArray(value) ? visitPath(doc, parts, leafs, test) : test(value);
  };
}

function compileExpressionTest(expression: unknown, context: FilterContext): Test {
  const compiled = compileExpression(expression, context);
  return (doc) => compiled.isTrue(doc);
}

/** Test of one array element by `$elemMatch`. */
function compileElement(node: ElemMatchNode, context: FilterContext): (item: unknown) => boolean {
  if (node.ofValue) return compileValueTest(node.inner, context);
  const test = compileNode(node.inner, context);
  // An array inside the array is matched by its positions ("0", "1", ...).
  return (item) => (isDocument(item) ? test(item) : Array.isArray(item) && test({ ...item }));
}

/**
 * Test of array elements as `$pull` has it: `{ $gt: 3 }` tests the element, `{ a: 1 }` fields of element documents.
 */
export function compileElementFilter(condition: Document, context: FilterContext): (item: unknown) => boolean {
  const node = parseElemMatch('', condition, { collation: context.collation ?? null });
  return compileElement(node, context);
}

/** Conditions on the element itself: no path, nothing expanded. */
function compileValueTest(node: FilterNode, context: FilterContext): (value: unknown) => boolean {
  switch (node.kind) {
    case 'and': {
      const tests = node.nodes.map((child) => compileValueTest(child, context));
      return (value) => tests.every((test) => test(value));
    }
    case 'not': {
      const test = compileValueTest(node.node, context);
      return (value) => !test(value);
    }
    case 'leaf':
      return node.predicate.test;
    case 'elemMatch': {
      const element = compileElement(node, context);
      return (value) => Array.isArray(value) && value.some(element);
    }
    case 'always':
      return () => node.matches;
    default:
      throw badValue(`$elemMatch cannot hold ${node.kind} for a value`);
  }
}

/** Adds the top-level fields a node reads; false if it may read any. */
function collectFields(node: FilterNode, fields: Set<string>, context: FilterContext): boolean {
  switch (node.kind) {
    case 'and':
    case 'or':
    case 'nor':
      return node.nodes.every((child) => collectFields(child, fields, context));
    case 'not':
      return collectFields(node.node, fields, context);
    case 'leaf':
    case 'elemMatch':
      fields.add(splitPath(node.path)[0] as string);
      return true;
    case 'always':
    case 'sample':
      return true;
    case 'expr': {
      const read = compileExpression(node.expression, context).fields;
      for (const field of read ?? []) fields.add(field);
      return read !== null;
    }
    default:
      return false;
  }
}

function findPosition(node: FilterNode, doc: Document, context: FilterContext): number | null {
  switch (node.kind) {
    case 'and':
      return node.nodes.reduce<number | null>((found, child) => findPosition(child, doc, context) ?? found, null);
    case 'or':
      for (const child of node.nodes) {
        if (compileNode(child, context)(doc)) return findPosition(child, doc, context);
      }
      return null;
    case 'leaf':
      return firstMatch(doc, splitPath(node.path), node.predicate, node.predicate.test);
    case 'elemMatch':
      return firstMatch(doc, splitPath(node.path), { leafs: 'whole', test: isNever }, compileElement(node, context));
    default:
      return null;
  }
}

const isNever = (): boolean => false;

/** Index in the first array on the path whose element satisfies the predicate. */
function firstMatch(
  doc: Document,
  parts: readonly string[],
  inner: Predicate,
  element: (item: unknown) => boolean,
): number | null {
  let value: unknown = doc;
  let at = 0;
  while (at < parts.length && !Array.isArray(value)) {
    if (!isDocument(value)) return null;
    value = getField(value, parts[at++] as string);
  }
  if (!Array.isArray(value)) return null;
  const items = value as unknown[];
  const rest = parts.slice(at);
  const [position] = rest;
  if (rest.length === 0) {
    const index = items.findIndex(element);
    return index < 0 ? null : index;
  }
  const nested: Predicate =
    inner.test === isNever ? { leafs: 'whole', test: (v) => Array.isArray(v) && v.some(element) } : inner;
  const index = items.findIndex((item) => isDocument(item) && visitPath(item, rest, nested.leafs, nested.test));
  if (index >= 0) return index;
  return position !== undefined && isArrayIndex(position) && Number(position) < items.length ? Number(position) : null;
}
