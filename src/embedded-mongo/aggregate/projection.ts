import { toNumber } from '../bson/numbers.js';
import { type Document, isDocument, isNumeric, setField } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { compileExpression, type Expression, splitFieldPath } from './expressions.js';
import { type ExpressionContext } from './expression-types.js';

/** What a projection does with fields it does not name. */
type Mode = 'include' | 'exclude' | 'keep';

/** One level of a projection: what happens to each named field. */
type ProjectionNode = Map<string, Include | Exclude | Computed | Nested>;
interface Include {
  readonly kind: 'include';
}
interface Exclude {
  readonly kind: 'exclude';
}
interface Computed {
  readonly kind: 'computed';
  readonly expression: Expression;
}
interface Nested {
  readonly kind: 'nested';
  readonly fields: ProjectionNode;
}

export interface Projection {
  readonly apply: (doc: Document) => Document;
  /** Top-level fields it reads; null: all of them. */
  readonly fields: ReadonlySet<string> | null;
  /** Top-level fields its expressions read and its paths lead through (whatever else passes); null: any. */
  readonly computedFrom: ReadonlySet<string> | null;
  readonly isExclusion: boolean;
  /** Top-level fields of its result; null where that depends on the document. */
  readonly output: ReadonlySet<string> | null;
}

/**
 * Compiles a `$project` (also the plain part of a find projection): inclusion with computed fields, or exclusion.
 * Throws 51272 (empty), 31253/31254 (mixed), 31249/31250 (path collision), 51270.
 */
export function compileProject(spec: unknown, context: ExpressionContext = {}): Projection {
  if (!isDocument(spec)) throw new MongoError(15969, '$project specification must be an object');
  if (Object.keys(spec).length === 0) {
    throw new MongoError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field',
    );
  }
  const builder = new ProjectionBuilder(context, null);
  builder.addAll(spec, '');
  return builder.build();
}

/** Compiles `$addFields`/`$set`: computed fields on top of what is there. */
export function compileAddFields(spec: unknown, context: ExpressionContext = {}): Projection {
  if (!isDocument(spec)) throw new MongoError(40272, '$addFields specification stage must be an object');
  const builder = new ProjectionBuilder(context, 'keep');
  builder.addAll(spec, '');
  return builder.build();
}

/** Compiles `$unset`: a field or a list of fields to leave out. */
export function compileUnset(spec: unknown): Projection {
  const paths = Array.isArray(spec) ? (spec as unknown[]) : [spec];
  if (paths.length === 0)
    throw new MongoError(31119, '$unset specification must be a string or an array with at least one field');
  const builder = new ProjectionBuilder({}, null);
  for (const path of paths) {
    if (typeof path !== 'string')
      throw new MongoError(31002, '$unset specification must be a string or an array containing only string values');
    builder.addAll({ [path]: 0 }, '');
  }
  return builder.build();
}

class ProjectionBuilder {
  private readonly root: ProjectionNode = new Map();
  private readonly reads = new Set<string>();
  private readsAll = false;
  private mode: Mode | null;
  private idKind: 'include' | 'exclude' | null = null;

  constructor(
    private readonly context: ExpressionContext,
    mode: 'keep' | null,
  ) {
    this.mode = mode;
  }

  addAll(spec: Document, prefix: string): void {
    for (const name of Object.keys(spec)) this.add(prefix === '' ? name : `${prefix}.${name}`, spec[name]);
  }

  private add(path: string, value: unknown): void {
    const isFlag = this.mode !== 'keep' && (typeof value === 'boolean' || isNumeric(value));
    if (isFlag) return this.addFlag(path, value === true || (isNumeric(value) && toNumber(value) !== 0));
    const isNested = isDocument(value) && !Object.keys(value).some((name) => name.startsWith('$'));
    if (isNested && (Object.keys(value).length > 0 || this.mode !== 'keep')) {
      if (Object.keys(value).length === 0) {
        throw new MongoError(51270, `An empty sub-projection is not a valid value. Found empty object at path ${path}`);
      }
      return this.addAll(value, path);
    }
    if (this.mode === 'exclude') {
      throw new MongoError(31252, `Cannot use expression other than $meta in exclusion projection`);
    }
    this.mode ??= 'include';
    const expression = compileExpression(value, this.context);
    if (expression.fields === null) this.readsAll = true;
    for (const field of expression.fields ?? []) this.reads.add(field);
    this.place(path, { kind: 'computed', expression });
  }

  private addFlag(path: string, isIncluded: boolean): void {
    if (path === '_id') {
      this.idKind = isIncluded ? 'include' : 'exclude';
      if (this.root.has('_id')) throw collision('_id');
      return;
    }
    if (this.mode === null) this.mode = isIncluded ? 'include' : 'exclude';
    if (isIncluded && this.mode === 'exclude') {
      throw new MongoError(31253, `Cannot do inclusion on field ${path} in exclusion projection`);
    }
    if (!isIncluded && this.mode === 'include') {
      throw new MongoError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
    }
    if (isIncluded) this.reads.add(path.split('.')[0] as string);
    this.place(path, { kind: isIncluded ? 'include' : 'exclude' });
  }

  private place(path: string, leaf: Include | Exclude | Computed): void {
    const parts = splitFieldPath(path);
    let level = this.root;
    parts.slice(0, -1).forEach((part, depth) => {
      let child = level.get(part);
      if (child === undefined) {
        child = { kind: 'nested', fields: new Map() };
        level.set(part, child);
      }
      if (child.kind !== 'nested') {
        throw new MongoError(31249, `Path collision at ${path} remaining portion ${parts.slice(depth + 1).join('.')}`);
      }
      level = child.fields;
    });
    const last = parts.at(-1) as string;
    if (level.has(last)) throw collision(path);
    level.set(last, leaf);
  }

  build(): Projection {
    // Only `_id` named: `{ _id: 1 }` includes, `{ _id: 0 }` excludes.
    const mode = this.mode ?? (this.idKind === 'include' ? 'include' : 'exclude');
    if (mode === 'include' && this.idKind !== 'exclude' && !this.root.has('_id')) this.reads.add('_id');
    if (mode === 'include' && this.idKind !== 'exclude' && !this.root.has('_id')) {
      // `_id` comes first and is there unless it was excluded.
      const rest = [...this.root];
      this.root.clear();
      this.root.set('_id', { kind: 'include' });
      for (const [name, node] of rest) this.root.set(name, node);
    }
    if (mode === 'exclude' && this.idKind === 'exclude') this.root.set('_id', { kind: 'exclude' });
    const { root } = this;
    const includesAll = mode !== 'include';
    // A nested computed field keeps or creates the documents around it.
    for (const [name, node] of root) if (node.kind === 'nested') this.reads.add(name);
    return {
      apply: (doc) => projectDocument(root, doc, doc, mode),
      fields: includesAll || this.readsAll ? null : this.reads,
      computedFrom: this.readsAll ? null : this.reads,
      isExclusion: mode === 'exclude',
      output: includesAll ? null : new Set(root.keys()),
    };
  }
}

const collision = (path: string): MongoError => new MongoError(31250, `Path collision at ${path}`);

function projectDocument(nodes: ProjectionNode, doc: Document, root: Document, mode: Mode): Document {
  const result: Document = {};
  for (const name of Object.keys(doc)) {
    const node = nodes.get(name);
    const value = doc[name];
    if (!node) {
      if (mode !== 'include') setField(result, name, value);
    } else if (node.kind === 'include') {
      setField(result, name, value);
    } else if (node.kind === 'nested') {
      const projected = projectValue(node.fields, value, root, mode);
      if (projected !== undefined) setField(result, name, projected);
    } else if (node.kind === 'computed' && mode === 'keep') {
      const computed = node.expression.evaluate(root);
      if (computed !== undefined) setField(result, name, computed); // keeps its place
    }
  }
  addComputed(nodes, doc, root, mode, result);
  return result;
}

function addComputed(nodes: ProjectionNode, doc: Document | null, root: Document, mode: Mode, result: Document): void {
  for (const [name, node] of nodes) {
    const exists = doc !== null && Object.hasOwn(doc, name);
    if (node.kind === 'computed' && !(exists && mode === 'keep')) {
      const value = node.expression.evaluate(root);
      if (value !== undefined) setField(result, name, value);
    } else if (node.kind === 'nested' && !exists && hasComputed(node.fields)) {
      const branch: Document = {};
      addComputed(node.fields, null, root, mode, branch);
      setField(result, name, branch);
    }
  }
}

const hasComputed = (nodes: ProjectionNode): boolean =>
  [...nodes.values()].some((node) => node.kind === 'computed' || (node.kind === 'nested' && hasComputed(node.fields)));

/** A value below a nested projection: documents are projected, arrays element by element. */
function projectValue(nodes: ProjectionNode, value: unknown, root: Document, mode: Mode): unknown {
  if (isDocument(value)) return projectDocument(nodes, value, root, mode);
  if (Array.isArray(value)) {
    return (value as unknown[])
      .map((item) => projectValue(nodes, item, root, mode))
      .filter((item) => item !== undefined);
  }
  if (hasComputed(nodes)) {
    const branch: Document = {};
    addComputed(nodes, null, root, mode, branch);
    return branch;
  }
  return mode === 'include' ? undefined : value;
}
