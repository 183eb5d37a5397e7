import { type LeafArrays } from '../bson/path.js';
import { type Collation } from './collation.js';

/** A compiled test of one field path. */
export interface Predicate {
  /** Whether a leaf array is offered element by element (and then whole) or only whole. */
  readonly leafs: LeafArrays;
  readonly test: (value: unknown) => boolean;
}

export interface PredicateContext {
  readonly collation: Collation | null;
}

/** Compiles an operator's operand; throws a MongoError where the operand is not valid. */
export type PredicateCompiler = (operand: unknown, context: PredicateContext, path: string) => Predicate;
