import { compileTransform, type Transform } from '../aggregate/transforms.js';
import { isIdentical } from '../bson/compare.js';
import { cloneValue, type Document, getField, isDocument, setField, typeName } from '../bson/values.js';
import { failedToParse, MongoError } from '../errors.js';
import { ArrayFilters } from './array-filters.js';
import { type Collation } from './collation.js';
import { describe } from './describe.js';
import { compileModifiers, type ModifierUpdate } from './update-modifiers.js';

export { seedFromFilter } from './upsert-seed.js';

export interface UpdateOptions {
  readonly arrayFilters?: unknown;
  readonly collation?: Collation | null;
  /** The command's `let` variables (pipeline updates, `$expr` in array filters). */
  readonly let?: Document;
  /** `$$NOW` of pipeline updates. */
  readonly now?: Date;
}

export type CompiledUpdate =
  | { readonly kind: 'replacement'; readonly replacement: Document }
  | { readonly kind: 'modifiers'; readonly modifiers: ModifierUpdate }
  | { readonly kind: 'pipeline'; readonly transforms: readonly Transform[] };

export interface ApplyOptions {
  /** Element the query matched (`Matcher.positionalIndex`), for the positional `$`. */
  readonly matchedIndex?: number | null;
  readonly now: Date;
  /** An upsert is inserting `doc`: `$setOnInsert` applies and `_id` may be set. */
  readonly isInsert?: boolean;
}

export interface UpdateResult {
  readonly doc: Document;
  /** False if the bytes stay the same (`nModified` 0). */
  readonly changed: boolean;
}

const PIPELINE_STAGES = new Set(['$addFields', '$set', '$project', '$unset', '$replaceRoot', '$replaceWith']);

/**
 * Compiles an update: a replacement document, a document of update operators, or a pipeline (array). Throws
 * 9 FailedToParse, 40 ConflictingUpdateOperators, 52, 56, ... for updates MongoDB refuses before it reads a document.
 */
export function compileUpdate(update: unknown, options: UpdateOptions = {}): CompiledUpdate {
  const filter = { collation: options.collation ?? null, let: options.let, now: options.now };
  if (Array.isArray(update)) {
    if (options.arrayFilters !== undefined)
      throw failedToParse('arrayFilters may not be specified for pipeline-syle updates');
    return { kind: 'pipeline', transforms: (update as unknown[]).map((stage) => compileStage(stage, options)) };
  }
  if (!isDocument(update)) {
    throw failedToParse(`Update argument must be either an object or an array, but is of type ${typeName(update)}`);
  }
  const names = Object.keys(update);
  if (!names[0]?.startsWith('$')) {
    checkReplacement(update);
    return { kind: 'replacement', replacement: update };
  }
  const arrayFilters = ArrayFilters.compile(options.arrayFilters, filter);
  return {
    kind: 'modifiers',
    modifiers: compileModifiers(update, arrayFilters, { collation: filter.collation, filter }),
  };
}

function checkReplacement(replacement: Document): void {
  for (const name of Object.keys(replacement)) {
    if (name.startsWith('$') && !['$ref', '$id', '$db'].includes(name)) {
      throw new MongoError(
        52,
        `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
      );
    }
  }
}

function compileStage(stage: unknown, options: UpdateOptions): Transform {
  if (!isDocument(stage) || Object.keys(stage).length !== 1) {
    throw new MongoError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  const [name = ''] = Object.keys(stage);
  if (!PIPELINE_STAGES.has(name)) throw new MongoError(72, `${name} is not allowed to be used within an update`);
  return compileTransform(name, stage[name], { collation: options.collation, let: options.let, now: options.now });
}

/**
 * Applies an update to a copy of the document. Throws operator errors (2, 14, 28, ...) and 66 ImmutableField where
 * `_id` would change.
 */
export function applyUpdate(doc: Document, update: CompiledUpdate, options: ApplyOptions): UpdateResult {
  switch (update.kind) {
    case 'replacement':
      return replace(doc, update.replacement, options);
    case 'pipeline':
      return runTransforms(doc, update.transforms, options);
    case 'modifiers': {
      const copy = cloneValue(doc);
      const changed = update.modifiers.apply(copy, {
        matchedIndex: options.matchedIndex ?? null,
        now: options.now,
        isInsert: options.isInsert ?? false,
      });
      if (changed && !options.isInsert) checkIdKept(doc, copy);
      return { doc: changed ? copy : doc, changed };
    }
  }
}

function checkIdKept(before: Document, after: Document): void {
  if (!isIdentical(getField(before, '_id'), getField(after, '_id'))) {
    throw new MongoError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
  }
}

function replace(doc: Document, replacement: Document, options: ApplyOptions): UpdateResult {
  const next = withId(doc, replacement, options);
  return { doc: next, changed: !isIdentical(doc, next) };
}

/** The new document with the old one's `_id` in front; a different `_id` is refused (an insert may bring its own). */
function withId(doc: Document, next: Document, options: ApplyOptions): Document {
  const oldId = getField(doc, '_id');
  const newId = getField(next, '_id');
  if (oldId !== undefined && newId !== undefined && !isIdentical(oldId, newId)) {
    throw new MongoError(
      66,
      options.isInsert
        ? `The _id field in the query and the replacement differ: ${describe(oldId)} and ${describe(newId)}`
        : `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${describe(newId)}`,
    );
  }
  const id = oldId ?? newId;
  const result: Document = id === undefined ? {} : { _id: id };
  for (const name of Object.keys(next)) if (name !== '_id') setField(result, name, cloneValue(next[name]));
  return result;
}

function runTransforms(doc: Document, transforms: readonly Transform[], options: ApplyOptions): UpdateResult {
  const next = transforms.reduce((current, transform) => transform(current), doc);
  const result = withId(doc, next, options);
  return { doc: result, changed: !isIdentical(doc, result) };
}
