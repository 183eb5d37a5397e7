import type { Collation } from '../query/collation.js';
import type { FilterNode } from '../query/filter-node.js';
import type { SortKey } from '../query/sort.js';
import type { CollectionInfo, IndexInfo } from './catalog-types.js';
import type { KeyRange } from './range-scan.js';

/** How the candidates of a query are found. The filter is checked on every candidate in any case. */
export type Plan = EmptyPlan | ScanPlan | RecordPlan | IndexPlan | UnionPlan;

/** Nothing can match (no such collection, contradictory bounds). */
export interface EmptyPlan {
  kind: 'EOF';
  sorted: true;
}

/** Every document, in record order. */
export interface ScanPlan {
  kind: 'COLLSCAN';
  info: CollectionInfo;
  reverse: boolean;
  sorted: boolean;
}

/** Documents by `_id`: single keys or ranges of record keys. */
export interface RecordPlan {
  kind: 'RECORDS';
  info: CollectionInfo;
  /** Record keys to look up, in order; or ranges of document keys. */
  keys?: Buffer[];
  ranges?: KeyRange[];
  reverse: boolean;
  sorted: boolean;
  readonly bounds: BoundsText;
}

export interface IndexPlan {
  kind: 'IXSCAN';
  info: CollectionInfo;
  index: IndexInfo;
  /** Ranges of entry keys, in the order they are read. */
  ranges: KeyRange[];
  reverse: boolean;
  /** The documents come in the order the query asks for. */
  sorted: boolean;
  /** The same document may come more than once. */
  repeats: boolean;
  readonly bounds: BoundsText;
}

/** The branches of an `$or`, each with its own index. */
export interface UnionPlan {
  kind: 'OR';
  info: CollectionInfo;
  branches: Plan[];
  sorted: false;
}

/** Bounds per indexed field as `explain` prints them. */
export type BoundsText = Record<string, string[]>;

/** What is to be found, as far as finding it matters. */
export interface PlanRequest {
  info: CollectionInfo;
  filter: FilterNode;
  sort: readonly SortKey[];
  collation: Collation | null;
  /** Index name, key pattern or `{ $natural: ±1 }`. */
  hint?: unknown;
  /** The reader has uncommitted changes over the collection: no order can be promised. */
  hasOverlay: boolean;
}

/** A plan with its worth; the highest wins. */
export interface ScoredPlan {
  plan: Plan;
  score: number;
}
