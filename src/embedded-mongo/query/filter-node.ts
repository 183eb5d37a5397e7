import { type Document } from '../bson/values.js';
import { type Predicate } from './predicate.js';

/**
 * A parsed filter. The matcher compiles it, the planner reads bounds from it, an upsert takes its equalities.
 * Paths inside a value `$elemMatch` are empty: they test the array element itself.
 */
export type FilterNode =
  | { readonly kind: 'and' | 'or' | 'nor'; readonly nodes: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly node: FilterNode }
  | LeafNode
  | ElemMatchNode
  | { readonly kind: 'always'; readonly matches: boolean }
  | { readonly kind: 'sample'; readonly rate: number }
  | { readonly kind: 'expr'; readonly expression: unknown }
  | { readonly kind: 'schema'; readonly schema: Document }
  | { readonly kind: 'text'; readonly query: Document };

export interface LeafNode {
  readonly kind: 'leaf';
  readonly path: string;
  /** `$eq`, `$gt`, `$regex`, ...; `$ne` and `$nin` are `not` around `$eq` and `$in`. */
  readonly operator: string;
  readonly operand: unknown;
  readonly predicate: Predicate;
}

export interface ElemMatchNode {
  readonly kind: 'elemMatch';
  readonly path: string;
  /** Whether `inner` tests the element itself (`{ $gt: 1 }`) or fields of it (`{ a: 1 }`). */
  readonly ofValue: boolean;
  readonly inner: FilterNode;
}
