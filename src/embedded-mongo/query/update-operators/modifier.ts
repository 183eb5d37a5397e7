import { type Document } from '../../bson/values.js';
import { type Collation } from '../collation.js';
import { type FilterContext } from '../match.js';

/** What a modifier may need while it is applied. */
export interface ApplyScope {
  /** The document being updated, for messages. */
  readonly doc: Document;
  readonly path: string;
  readonly now: Date;
}

export interface ModifierContext {
  readonly collation: Collation | null;
  readonly filter: FilterContext;
}

/**
 * An update operator for one path.
 * `apply` gets the current value (`undefined` where missing) and answers the new one; the same reference (or an
 * identical value) means no change, `REMOVE` takes the field away.
 */
export interface Modifier {
  /** Whether missing documents on the path are created; otherwise an unreachable path is skipped. */
  readonly creates: boolean;
  /** With `creates: false`: whether a scalar on the path is an error (28) rather than a no-op. */
  readonly isStrict?: boolean;
  /** Applies only when an upsert inserts. */
  readonly onInsertOnly?: boolean;
  apply(current: unknown, scope: ApplyScope): unknown;
}

/** Compiles the operand of an operator for a path; throws MongoErrors for operands MongoDB refuses. */
export type ModifierCompiler = (operand: unknown, path: string, context: ModifierContext) => Modifier;

/** Answer of `apply` that removes the field. */
export const REMOVE: unique symbol = Symbol('remove');
