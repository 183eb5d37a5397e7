import { Long } from 'bson';

import { type Document, getField, isDocument, setField, typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { compileExpression, splitFieldPath } from '../expressions.js';
import { compileShape, compileTransform } from '../transforms.js';
import { flatMapBatches, mapBatches, type Stage, type StageCompiler, type StageTable } from '../stage.js';

/** Stages that change each document: `$project $addFields $set $unset $replaceRoot $replaceWith $unwind`. */
export const shapeStages: StageTable = {
  $project: shape,
  $addFields: shape,
  $set: shape,
  $unset: shape,
  $replaceRoot: (spec, tools, name) => replaceRoot(spec, isDocument(spec) ? spec.newRoot : undefined, tools, name),
  $replaceWith: (spec, tools, name) => replaceRoot(spec, spec, tools, name),
  $unwind: (spec, _tools, name) => {
    const options = unwindOptions(spec);
    const [top = ''] = options.parts;
    return {
      name,
      reads: new Set([top]),
      replaces: false,
      run: (input) => flatMapBatches(input, (doc) => unwind(doc, options)),
    };
  },
};

function shape(...[spec, { context }, name]: Parameters<StageCompiler>): Stage {
  const projection = compileShape(name, spec, context);
  // Only an inclusion leaves fields out; for the others nothing is known about what later stages read.
  const replaces = projection.output !== null;
  return {
    name,
    reads: replaces ? projection.fields : projection.computedFrom,
    replaces,
    run: (input) => mapBatches(input, projection.apply),
  };
}

function replaceRoot(spec: unknown, root: unknown, { context }: Parameters<StageCompiler>[1], name: string): Stage {
  const transform = compileTransform(name, spec, context);
  return {
    name,
    reads: compileExpression(root, context).fields,
    replaces: true,
    run: (input) => mapBatches(input, transform),
  };
}

interface UnwindOptions {
  readonly parts: readonly string[];
  readonly indexField: readonly string[] | null;
  readonly keepsEmpty: boolean;
}

function unwindOptions(spec: unknown): UnwindOptions {
  const options: Document = typeof spec === 'string' ? { path: spec } : isDocument(spec) ? spec : {};
  if (typeof spec !== 'string' && !isDocument(spec)) {
    throw new MongoError(
      15981,
      `expected either a string or an object as specification for $unwind stage, got ${typeName(spec)}`,
    );
  }
  for (const field of Object.keys(options)) {
    if (!['path', 'includeArrayIndex', 'preserveNullAndEmptyArrays'].includes(field)) {
      throw new MongoError(28811, `unrecognized option to $unwind stage: ${field}`);
    }
  }
  const { path, includeArrayIndex, preserveNullAndEmptyArrays = false } = options;
  if (typeof path !== 'string') throw new MongoError(28812, 'no path specified to $unwind stage');
  if (!path.startsWith('$'))
    throw new MongoError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  if (typeof preserveNullAndEmptyArrays !== 'boolean') {
    throw new MongoError(28809, 'expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage');
  }
  if (includeArrayIndex !== undefined && (typeof includeArrayIndex !== 'string' || includeArrayIndex === '')) {
    throw new MongoError(28810, 'expected a non-empty string for the includeArrayIndex  option to $unwind stage');
  }
  if (includeArrayIndex?.startsWith('$')) {
    throw new MongoError(
      28822,
      `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${includeArrayIndex}`,
    );
  }
  return {
    parts: splitFieldPath(path.slice(1)),
    indexField: includeArrayIndex === undefined ? null : splitFieldPath(includeArrayIndex),
    keepsEmpty: preserveNullAndEmptyArrays,
  };
}

function unwind(doc: Document, { parts, indexField, keepsEmpty }: UnwindOptions): readonly Document[] {
  let value: unknown = doc;
  for (const part of parts) value = isDocument(value) ? getField(value, part) : undefined;
  const withIndex = (copy: Document, index: Long | null): Document =>
    indexField ? withValue(copy, indexField, index) : copy;
  if (!Array.isArray(value)) {
    const isEmpty = value === undefined || value === null;
    return isEmpty && !keepsEmpty ? [] : [withIndex(doc, null)];
  }
  const items = value as unknown[];
  if (items.length === 0) return keepsEmpty ? [withIndex(withValue(doc, parts, undefined), null)] : [];
  return items.map((item, index) => withIndex(withValue(doc, parts, item), Long.fromNumber(index)));
}

/** A copy with another value at a path of embedded documents; `undefined` takes the field away. */
export function withValue(doc: Document, parts: readonly string[], value: unknown): Document {
  const [name = '', ...rest] = parts;
  const copy: Document = { ...doc };
  if (rest.length > 0) {
    const inner = getField(doc, name);
    setField(copy, name, withValue(isDocument(inner) ? inner : {}, rest, value));
  } else if (value === undefined) {
    delete copy[name];
  } else {
    setField(copy, name, value);
  }
  return copy;
}
