import { isIdentical } from '../bson/compare.js';
import { splitPath } from '../bson/path.js';
import { type Document, getField, isDocument, typeName } from '../bson/values.js';
import { badValue, failedToParse, MongoError } from '../errors.js';
import { type ArrayFilters } from './array-filters.js';
import { describe } from './describe.js';
import { arithmeticModifiers } from './update-operators/arithmetic.js';
import { arrayModifiers } from './update-operators/arrays.js';
import { fieldModifiers } from './update-operators/fields.js';
import { type Modifier, type ModifierCompiler, type ModifierContext, REMOVE } from './update-operators/modifier.js';
import { pushModifier } from './update-operators/push.js';
import { arrayOnPath, resolvePositions, slotAt } from './update-path.js';

const modifierCompilers: Readonly<Record<string, ModifierCompiler>> = {
  ...fieldModifiers,
  ...arithmeticModifiers,
  ...arrayModifiers,
  $push: pushModifier,
};

/** One compiled change: an operator on a path, or a rename of a path. */
type Change =
  | { readonly kind: 'modify'; readonly path: string; readonly parts: readonly string[]; readonly modifier: Modifier }
  | { readonly kind: 'rename'; readonly path: string; readonly parts: readonly string[]; readonly to: string };

export interface ModifierScope {
  readonly matchedIndex: number | null;
  readonly now: Date;
  readonly isInsert: boolean;
}

/** A compiled `{ $set: ..., $inc: ... }` document. */
export interface ModifierUpdate {
  /** Changes the document in place; answers whether it differs now. */
  apply(doc: Document, scope: ModifierScope): boolean;
}

/** Compiles an update-operator document; throws 9, 40, 52, 56 and operator errors as MongoDB does. */
export function compileModifiers(
  update: Document,
  arrayFilters: ArrayFilters,
  context: ModifierContext,
): ModifierUpdate {
  const changes = Object.keys(update).flatMap((operator) => compileOperator(operator, update[operator], context));
  for (const change of changes) {
    checkPath(change.path);
    arrayFilters.checkPath(change.path);
  }
  arrayFilters.checkAllUsed(update);
  checkConflicts(changes);
  changes.sort((a, b) => comparePaths(a.parts, b.parts));
  return {
    apply: (doc, scope) => {
      let hasChanged = false;
      for (const change of changes) {
        const changed =
          change.kind === 'rename' ? rename(doc, change.path, change.to) : modify(doc, change, arrayFilters, scope);
        hasChanged ||= changed;
      }
      return hasChanged;
    },
  };
}

function compileOperator(operator: string, fields: unknown, context: ModifierContext): Change[] {
  const compile = Object.hasOwn(modifierCompilers, operator) ? modifierCompilers[operator] : undefined;
  if (!compile && operator !== '$rename') {
    throw failedToParse(
      `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
    );
  }
  if (!isDocument(fields)) {
    throw failedToParse(
      `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${describe(fields)}}`,
    );
  }
  return Object.keys(fields).map((path): Change => {
    checkPath(path);
    const parts = splitPath(path);
    if (!compile) return { kind: 'rename', path, parts, to: renameTarget(path, fields[path]) };
    return { kind: 'modify', path, parts, modifier: compile(fields[path], path, context) };
  });
}

function checkPath(path: string): void {
  if (path === '') throw new MongoError(56, 'An empty update path is not valid.');
  const parts = splitPath(path);
  if (parts.includes(''))
    throw new MongoError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  if (parts[0]?.startsWith('$')) {
    if (/^\$(\[.*\])?$/.test(parts[0])) {
      throw badValue(`Cannot have positional (i.e. '$') element in the first position in path '${path}'`);
    }
    throw new MongoError(52, `The dollar ($) prefixed field '${parts[0]}' in '${path}' is not valid for storage.`);
  }
  for (const part of parts) {
    if (part.startsWith('$') && !/^\$(\[\w*\])?$/.test(part) && !['$ref', '$id', '$db'].includes(part)) {
      throw new MongoError(52, `The dollar ($) prefixed field '${part}' in '${path}' is not valid for storage.`);
    }
  }
  if (parts.filter((part) => part === '$').length > 1)
    throw badValue(`Too many positional (i.e. '$') elements found in path '${path}'`);
}

function renameTarget(from: string, to: unknown): string {
  if (typeof to !== 'string') throw badValue(`The 'to' field for $rename must be a string: ${from}: ${describe(to)}`);
  checkPath(to);
  if (from === to) throw badValue(`The source and target field for $rename must differ: ${from}: "${to}"`);
  const hasPosition = (path: string): boolean => splitPath(path).some((part) => part.startsWith('$'));
  if (hasPosition(from)) throw badValue(`The source field for $rename may not be dynamic: ${from}`);
  if (hasPosition(to)) throw badValue(`The destination field for $rename may not be dynamic: ${to}`);
  return to;
}

/** Two changes may not touch the same path, nor one the parent of the other. */
function checkConflicts(changes: readonly Change[]): void {
  const seen: string[] = [];
  for (const path of changes.flatMap((change) =>
    change.kind === 'rename' ? [change.path, change.to] : [change.path],
  )) {
    for (const other of seen) {
      const isInside = path.startsWith(`${other}.`);
      if (path === other || isInside || other.startsWith(`${path}.`)) {
        throw new MongoError(40, `Updating the path '${path}' would create a conflict at '${isInside ? other : path}'`);
      }
    }
    seen.push(path);
  }
}

/** MongoDB applies changes by field name: numbers by value, other names alphabetically. */
function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [left, right] = [a[i] as string, b[i] as string];
    if (left === right) continue;
    const [leftNumber, rightNumber] = [Number(left), Number(right)];
    if (Number.isInteger(leftNumber) && Number.isInteger(rightNumber)) return leftNumber - rightNumber;
    return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

function modify(
  doc: Document,
  change: Extract<Change, { kind: 'modify' }>,
  arrayFilters: ArrayFilters,
  scope: ModifierScope,
): boolean {
  const { modifier, parts } = change;
  if (modifier.onInsertOnly && !scope.isInsert) return false;
  let hasChanged = false;
  for (const concrete of resolvePositions(doc, parts, { matchedIndex: scope.matchedIndex, arrayFilters })) {
    const slot = slotAt(doc, concrete, modifier.creates || modifier.isStrict === true);
    if (!slot || (!modifier.creates && slot.value === undefined)) continue;
    const next = modifier.apply(slot.value, { doc, path: concrete.join('.'), now: scope.now });
    if (next === REMOVE) {
      slot.unset();
      hasChanged = true;
    } else if (slot.value === undefined || !isIdentical(slot.value, next)) {
      slot.set(next);
      hasChanged = true;
    }
  }
  return hasChanged;
}

function rename(doc: Document, from: string, to: string): boolean {
  const source = slotAt(doc, splitPath(from), false);
  const inArray = arrayOnPath(doc, splitPath(from));
  if (inArray !== null) throw arrayElement('source', from, doc, inArray);
  if (!source || source.value === undefined) return false;
  const targetArray = arrayOnPath(doc, splitPath(to));
  if (targetArray !== null) throw arrayElement('destination', to, doc, targetArray);
  const target = slotAt(doc, splitPath(to), true);
  target?.unset(); // an existing target moves to the end, like a new field
  source.unset();
  slotAt(doc, splitPath(to), true)?.set(source.value);
  return true;
}

const arrayElement = (side: string, path: string, doc: Document, array: string): MongoError =>
  badValue(
    `The ${side} field cannot be an array element, '${path}' in doc with _id: ${describe(getField(doc, '_id'))} has an array field called '${array}'`,
  );
