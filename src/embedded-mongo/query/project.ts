import { type ExpressionContext } from '../aggregate/expression-types.js';
import { compileProject, type Projection } from '../aggregate/projection.js';
import { type Numeric, toNumber } from '../bson/numbers.js';
import { splitPath } from '../bson/path.js';
import { type Document, getField, isDocument, isNumeric, setField, typeName } from '../bson/values.js';
import { MongoError, typeMismatch } from '../errors.js';
import { type Collation } from './collation.js';
import { compileElementFilter, type Matcher } from './match.js';

export interface ProjectionOptions extends Omit<ExpressionContext, 'collation'> {
  /** The query's matcher: tells the element for the positional `$`, and is then needed. */
  readonly filter?: Matcher;
  readonly collation?: Collation | null;
}

export interface FindProjection {
  /** The projected document; the source's embedded values are shared, not copied. */
  apply(doc: Document): Document;
  /** Top-level fields of the document that are read; null: the whole document. */
  readonly fields: ReadonlySet<string> | null;
}

/** A change made after the plain projection. */
type Step = (result: Document, source: Document) => void;

/**
 * Compiles the projection of a find or findAndModify: inclusion or exclusion, computed fields, `$slice`, `$elemMatch`,
 * `$meta` and the positional `path.$`. Answers null for "everything" (`{}` or nothing). Throws 31253/31254 (mixed),
 * 31249/31250 (collisions), 31274-31276, 31394, 31395, 28667.
 */
export function compileProjection(spec: unknown, options: ProjectionOptions = {}): FindProjection | null {
  if (spec === undefined || spec === null) return null;
  if (!isDocument(spec))
    throw typeMismatch(`BSON field 'projection' is the wrong type '${typeName(spec)}', expected type 'object'`);
  if (Object.keys(spec).length === 0) return null;
  const { plain, slices, elementMatches, positional } = splitSpec(spec);
  const isExclusion = Object.keys(plain).some((path) => path !== '_id' && isFalseFlag(plain[path]));
  if (isExclusion && positional !== null)
    throw new MongoError(31395, 'positional projection cannot be used with exclusion');
  // `$slice` alone keeps all other fields; beside inclusions it includes its own.
  const onlySlices =
    slices.length > 0 && !isExclusion && Object.keys(plain).every((path) => path === '_id' && isFalseFlag(plain[path]));
  if (!isExclusion && !onlySlices) for (const { path } of slices) plain[path] = true;
  const isPlain = Object.keys(plain).length > 0;
  const projection: Projection | null = isPlain ? compileProject(plain, options) : null;
  const steps: Step[] = [
    ...slices.map(({ path, operand }) => sliceStep(path, operand)),
    ...(positional === null ? [] : [positionalStep(positional, options.filter)]),
    ...elementMatches.map(({ path, operand }) => elemMatchStep(path, operand, options)),
  ];
  return {
    fields: fieldsRead(projection, positional === null ? undefined : options.filter),
    apply: (doc) => {
      const result = projection ? projection.apply(doc) : { ...doc };
      for (const step of steps) step(result, doc);
      return result;
    },
  };
}

const isFalseFlag = (value: unknown): boolean => value === false || (isNumeric(value) && toNumber(value) === 0);

interface Operator {
  readonly path: string;
  readonly operand: unknown;
}

function splitSpec(spec: Document): {
  plain: Document;
  slices: Operator[];
  elementMatches: Operator[];
  positional: string | null;
} {
  const plain: Document = {};
  const slices: Operator[] = [];
  const elementMatches: Operator[] = [];
  let positional: string | null = null;
  for (const path of Object.keys(spec)) {
    const value = spec[path];
    const operator = isDocument(value) ? Object.keys(value)[0] : undefined;
    if (path.endsWith('.$')) {
      if (positional !== null)
        throw new MongoError(31276, 'Cannot specify more than one positional projection per query.');
      positional = path.slice(0, -2);
      setField(plain, positional, isFalseFlag(value) ? false : true);
    } else if (path.includes('.$.')) {
      throw new MongoError(
        31394,
        `As of 4.4, it's illegal to specify positional operator in the middle of a path.Positional projection may only be used at the end, for example: a.b.$. If the query previously used a form like a.b.$.d, remove the parts following the '$' and the results will be equivalent.`,
      );
    } else if (operator === '$slice' && isFindSlice((value as Document).$slice)) {
      slices.push({ path, operand: (value as Document).$slice });
    } else if (operator === '$elemMatch') {
      if (path.includes('.')) throw new MongoError(31275, 'Cannot use $elemMatch projection on a nested field.');
      elementMatches.push({ path, operand: (value as Document).$elemMatch });
      setField(plain, path, true);
    } else {
      setField(plain, path, value);
    }
  }
  if (positional !== null && elementMatches.length > 0) {
    throw new MongoError(31255, 'Cannot specify positional operator and $elemMatch.');
  }
  return { plain, slices, elementMatches, positional };
}

/** `{ $slice: n }` and `{ $slice: [skip, limit] }` are find's own; anything else is the aggregation expression. */
function isFindSlice(operand: unknown): boolean {
  if (isNumeric(operand)) return true;
  if (Array.isArray(operand)) return operand.length === 2 && operand.every((item) => isNumeric(item));
  throw new MongoError(
    28667,
    'Invalid $slice syntax. The given syntax did not match the find() syntax because :: Location31273: $slice only supports numbers and [skip, limit] arrays :: The given syntax did not match the expression $slice syntax. :: caused by :: Expression $slice takes at least 2 arguments, and at most 3, but 1 were passed in.',
  );
}

function sliceStep(path: string, operand: unknown): Step {
  const numbers = (Array.isArray(operand) ? (operand as Numeric[]) : [operand as Numeric]).map((value) =>
    Math.trunc(toNumber(value)),
  );
  const [first = 0, limit] = numbers;
  if (limit !== undefined && limit <= 0) throw new MongoError(28724, '$slice limit must be positive');
  const slice = (items: readonly unknown[]): unknown[] => {
    if (limit === undefined) return first >= 0 ? items.slice(0, first) : items.slice(first);
    const from = first >= 0 ? first : Math.max(items.length + first, 0);
    return items.slice(from, from + limit);
  };
  const parts = splitPath(path);
  return (result) => replaceAt(result, parts, (value) => (Array.isArray(value) ? slice(value) : value));
}

/** Rewrites the values at a path, entering arrays; the documents on the way are copied, they belong to the source. */
function replaceAt(doc: Document, parts: readonly string[], change: (value: unknown) => unknown): void {
  const [name = '', ...rest] = parts;
  const value = getField(doc, name);
  if (value === undefined) return;
  setField(doc, name, rest.length === 0 ? change(value) : replaceInside(value, rest, change));
}

function replaceInside(value: unknown, parts: readonly string[], change: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map((item) => replaceInside(item, parts, change));
  if (!isDocument(value)) return value;
  const copy = { ...value };
  replaceAt(copy, parts, change);
  return copy;
}

function elemMatchStep(path: string, operand: unknown, options: ProjectionOptions): Step {
  if (!isDocument(operand))
    throw new MongoError(31274, `elemMatch: Invalid argument, object required, but got ${typeName(operand)}`);
  const matches = compileElementFilter(operand, { collation: options.collation, let: options.let, now: options.now });
  return (result, source) => {
    delete result[path]; // it comes after the other fields
    const value = getField(source, path);
    const index = Array.isArray(value) ? value.findIndex(matches) : -1;
    if (index >= 0) setField(result, path, [(value as unknown[])[index]]);
  };
}

function positionalStep(path: string, filter: Matcher | undefined): Step {
  const parts = splitPath(path);
  return (result, source) => {
    if (!hasArrayAt(source, parts)) return;
    const index = filter?.positionalIndex(source) ?? null;
    if (index === null) {
      throw new MongoError(
        51246,
        "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
      );
    }
    replaceFirstArray(result, parts, index);
  };
}

function hasArrayAt(doc: Document, parts: readonly string[]): boolean {
  let value: unknown = doc;
  for (const part of parts) {
    value = isDocument(value) ? getField(value, part) : undefined;
    if (Array.isArray(value)) return true;
  }
  return false;
}

function replaceFirstArray(doc: Document, parts: readonly string[], index: number): void {
  const [name = '', ...rest] = parts;
  const value = getField(doc, name);
  if (Array.isArray(value)) {
    setField(doc, name, index < value.length ? [(value as unknown[])[index]] : []);
  } else if (isDocument(value)) {
    const copy = { ...value };
    replaceFirstArray(copy, rest, index);
    setField(doc, name, copy);
  }
}

function fieldsRead(projection: Projection | null, filter: Matcher | undefined): ReadonlySet<string> | null {
  if (!projection?.fields || filter?.fields === null) return null;
  return new Set([...projection.fields, ...(filter?.fields ?? [])]);
}
