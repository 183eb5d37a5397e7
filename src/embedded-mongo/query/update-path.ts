import { isArrayIndex } from '../bson/path.js';
import { type Document, getField, isDocument, setField } from '../bson/values.js';
import { badValue, MongoError } from '../errors.js';
import { type ArrayFilters } from './array-filters.js';
import { describe } from './describe.js';

/** MongoDB's limit for filling an array up to a far position with nulls. */
const MAX_PADDING = 1_500_000;

/** How the positional parts of a path are resolved for one document. */
export interface PositionContext {
  /** Element the query matched, for `$`. */
  readonly matchedIndex: number | null;
  readonly arrayFilters: ArrayFilters;
}

const pathNotViable = (message: string): MongoError => new MongoError(28, message);

/**
 * Replaces `$`, `$[]` and `$[id]` by positions: one concrete path per array element addressed. Throws 2 BadValue where
 * the query matched no element or the path leads to no array.
 */
export function resolvePositions(doc: Document, parts: readonly string[], context: PositionContext): string[][] {
  if (!parts.some((part) => part.startsWith('$'))) return [[...parts]];
  return resolveFrom(doc, parts, [], context);
}

function resolveFrom(
  value: unknown,
  rest: readonly string[],
  done: readonly string[],
  context: PositionContext,
): string[][] {
  const [part, ...after] = rest;
  if (part === undefined) return [[...done]];
  if (part === '$') {
    if (context.matchedIndex === null)
      throw badValue('The positional operator did not find the match needed from the query.');
    const position = String(context.matchedIndex);
    return resolveFrom(childOf(value, position), after, [...done, position], context);
  }
  const identifier = /^\$\[(.*)\]$/.exec(part)?.[1];
  if (identifier === undefined) return resolveFrom(childOf(value, part), after, [...done, part], context);
  const path = done.join('.');
  if (value === undefined) {
    throw badValue(`The path '${path}' must exist in the document in order to apply array updates.`);
  }
  if (!Array.isArray(value))
    throw badValue(`Cannot apply array updates to non-array element ${done.at(-1) ?? ''}: ${describe(value)}`);
  const accepts = identifier === '' ? () => true : context.arrayFilters.get(identifier);
  return (value as unknown[]).flatMap((item, index) =>
    accepts(item) ? resolveFrom(item, after, [...done, String(index)], context) : [],
  );
}

function childOf(value: unknown, part: string): unknown {
  if (isDocument(value)) return getField(value, part);
  return Array.isArray(value) && isArrayIndex(part) ? (value as unknown[])[Number(part)] : undefined;
}

/** A place in a document that can be read, written and removed. */
export interface Slot {
  readonly value: unknown;
  set(value: unknown): void;
  unset(): void;
}

/**
 * The place a concrete path names. With `create`, missing documents on the way are made once `set` is called, and
 * a scalar or a name in an array is 28 PathNotViable; without, an unreachable place is null.
 */
export function slotAt(doc: Document, parts: readonly string[], create: boolean): Slot | null {
  let container: unknown = doc;
  for (let at = 0; at < parts.length - 1; at++) {
    const part = parts[at] as string;
    if (!canHold(container, part)) return refuse(container, parts, at, create);
    const child = childOf(container, part);
    if (child === undefined) return create ? newBranch(container as Document | unknown[], parts, at) : null;
    container = child;
  }
  const last = parts.length - 1;
  if (!canHold(container, parts[last] as string)) return refuse(container, parts, last, create);
  return slotIn(container as Document | unknown[], parts[last] as string);
}

const canHold = (container: unknown, part: string): boolean =>
  isDocument(container) || (Array.isArray(container) && isArrayIndex(part));

function refuse(container: unknown, parts: readonly string[], at: number, create: boolean): null {
  if (!create) return null;
  const name = parts[at - 1] ?? '';
  throw pathNotViable(`Cannot create field '${parts[at] ?? ''}' in element {${name}: ${describe(container)}}`);
}

function slotIn(container: Document | unknown[], part: string): Slot {
  if (Array.isArray(container)) {
    const index = Number(part);
    return {
      value: container[index],
      set: (value) => setItem(container, index, value),
      unset: () => {
        if (index < container.length) container[index] = null;
      },
    };
  }
  return {
    value: getField(container, part),
    set: (value) => setField(container, part, value),
    unset: () => {
      delete container[part];
    },
  };
}

function setItem(items: unknown[], index: number, value: unknown): void {
  if (index - items.length > MAX_PADDING) throw badValue(`can't backfill more than ${MAX_PADDING} elements`);
  while (items.length < index) items.push(null);
  items[index] = value;
}

/** A missing branch: `set` hangs in the documents for the rest of the path. */
function newBranch(container: Document | unknown[], parts: readonly string[], at: number): Slot {
  return {
    value: undefined,
    set: (value) => {
      const branch = parts.slice(at + 1).reduceRight<unknown>((inner, name) => {
        const level: Document = {};
        setField(level, name, inner);
        return level;
      }, value);
      slotIn(container, parts[at] as string).set(branch);
    },
    unset: () => undefined,
  };
}

/** Names the array a path passes through, if any (`$rename` refuses those). */
export function arrayOnPath(doc: Document, parts: readonly string[]): string | null {
  let value: unknown = doc;
  for (let at = 0; at < parts.length - 1; at++) {
    value = childOf(value, parts[at] as string);
    if (Array.isArray(value)) return parts[at] as string;
  }
  return null;
}
