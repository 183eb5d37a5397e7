import { ObjectId } from 'bson';
import { decode, pickFields } from '../bson/codec.js';
import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { compileCollation, type Collation } from '../query/collation.js';
import type { FilterNode } from '../query/filter-node.js';
import { compileFilter, type Matcher } from '../query/match.js';
import { compileSort, type Sorter, TopK } from '../query/sort.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import { execute, newCounts, type ExecutionCounts } from '../storage/execute.js';
import { planQuery } from '../storage/planner.js';
import type { Plan } from '../storage/plan.js';
import type { ReadView, Row } from '../storage/read-view.js';
import { compileTextTest, textScore } from '../storage/text-plan.js';
import { PAUSE, type Pause, type TimeSlice } from '../storage/time-slice.js';

/** A blocking sort keeps at most this much (MongoDB's internalQueryMaxBlockingSortMemoryUsageBytes). */
const MAX_SORT_BYTES = 100 * 1024 * 1024;

export interface QuerySpec {
  info: CollectionInfo;
  filter: Document;
  sort?: Document;
  /** The command's collation; the collection's own applies when there is none. */
  collation?: Document;
  hint?: unknown;
  let?: Document;
  skip?: number;
  /** 0 or undefined: all. */
  limit?: number;
  /** Only these records can match (found before, perhaps changed since). */
  within?: Buffer[];
}

/** A compiled query over one collection: what to find, where to look and in which order. */
export class Query {
  readonly matcher: Matcher;
  readonly collation: Collation | null;
  readonly sorter: Sorter | null;
  readonly plan: Plan;
  readonly counts: ExecutionCounts = newCounts();
  readonly isText: boolean;
  private readonly fields: ReadonlySet<string> | null;
  /** The plan finds exactly what matches: checking it again would only decode the document. */
  private readonly isExact: boolean;

  /** @throws MongoError for filters, sorts, hints MongoDB refuses */
  constructor(
    readonly spec: QuerySpec,
    private readonly view: ReadView,
  ) {
    const { info, filter } = spec;
    this.collation = collationFor(info, spec.collation);
    this.isText = usesText(filter);
    this.matcher = compileFilter(filter, {
      collation: this.collation,
      let: spec.let,
      now: new Date(),
      ...(this.isText ? { text: (query: Document) => compileTextTest(info, query) } : {}),
    });
    const textQuery = this.isText ? findText(filter) : null;
    this.sorter = sorterOf(spec.sort, this.collation, (doc) => (textQuery ? textScore(info, textQuery, doc) : null));
    this.plan = spec.within
      ? { kind: 'RECORDS', info, keys: spec.within, reverse: false, sorted: true, bounds: {} }
      : this.choosePlan(view);
    this.fields = this.matcher.fields;
    this.isExact = !spec.within && view.overlay(info) === undefined && isExactById(this.plan, this.matcher.node);
  }

  private choosePlan(view: ReadView): Plan {
    const { info, sort, hint } = this.spec;
    return planQuery({
      info,
      filter: this.matcher.node,
      sort: this.sorter?.keys ?? naturalKeys(sort),
      collation: this.collation,
      hint,
      hasOverlay: view.overlay(info) !== undefined,
    });
  }

  /** Whether a raw document matches; decodes only what the filter reads. */
  accepts(raw: Buffer): boolean {
    if (this.isExact) return true;
    if (this.fields === null) return this.matcher.matches(decode(raw));
    return this.fields.size === 0 ? this.matcher.matches({}) : this.matcher.matches(pickFields(raw, this.fields));
  }

  /**
   * Matching rows in order, after skip and limit.
   * @param passing the caller is done with a row before it asks for the next
   */
  *rows(slice: TimeSlice, passing = false): Generator<Row | Pause, void> {
    const { skip = 0, limit = 0 } = this.spec;
    const source = this.needsSort
      ? this.sorted(this.sorter as Sorter, slice, limit > 0 ? skip + limit : Infinity)
      : this.matching(slice, passing);
    let passed = 0;
    let given = 0;
    for (const row of source) {
      if (row === PAUSE) yield row;
      else if (passed < skip) passed++;
      else {
        yield row;
        if (limit > 0 && ++given >= limit) return;
      }
    }
  }

  /** Matching rows without order, skip and limit. */
  matching(slice: TimeSlice, passing = false): Generator<Row | Pause, void> {
    return execute(
      passing ? this.view.passing() : this.view,
      this.plan,
      (raw) => this.accepts(raw),
      slice,
      this.counts,
    );
  }

  /** The score of a document under the query's `$text`. */
  textScore(doc: Document): number | null {
    const query = this.isText ? findText(this.spec.filter) : null;
    return query ? textScore(this.spec.info, query, doc) : null;
  }

  get needsSort(): boolean {
    return this.sorter !== null && this.sorter.keys.length > 0 && !this.plan.sorted;
  }

  private *sorted(sorter: Sorter, slice: TimeSlice, wanted: number): Generator<Row | Pause, void> {
    const top = new TopK<Row>(sorter, Math.min(wanted, Number.MAX_SAFE_INTEGER / 4));
    const { fields } = sorter;
    let bytes = 0;
    for (const row of this.matching(slice)) {
      if (row === PAUSE) {
        yield row;
        continue;
      }
      const { raw } = row;
      const doc = fields ? pickFields(raw, fields) : decode(raw);
      if (!top.add(row, doc)) continue;
      bytes += raw.length;
      if (bytes > MAX_SORT_BYTES && wanted === Infinity) throw sortTooLarge();
    }
    for (const row of top.result()) {
      if (slice.due()) yield PAUSE;
      yield row;
    }
  }
}

const sortTooLarge = (): MongoError =>
  new MongoError(
    292,
    'Executor error during find command :: caused by :: Sort exceeded memory limit of 104857600 bytes, but did not opt in to external sorting.',
  );

/** Whether a plan is one look-up by an `_id` whose record key stands for no other value, and that is the whole filter. */
function isExactById(plan: Plan, node: FilterNode): boolean {
  if (plan.kind !== 'RECORDS' || plan.keys?.length !== 1 || plan.info.longIds) return false;
  if (node.kind !== 'leaf' || node.path !== '_id' || node.operator !== '$eq') return false;
  return typeof node.operand === 'string' || node.operand instanceof ObjectId;
}

/** The collation of a command, or else of its collection. */
export function collationFor(info: CollectionInfo | undefined, given: Document | undefined): Collation | null {
  return compileCollation(given ?? info?.options['collation']);
}

function sorterOf(
  sort: Document | undefined,
  collation: Collation | null,
  score: (doc: Document) => unknown,
): Sorter | null {
  if (!sort || Object.keys(sort).length === 0 || '$natural' in sort) return null;
  return compileSort(sort, collation, (doc, meta) => (meta === 'textScore' ? score(doc) : null));
}

/** `{ $natural: -1 }` is no key of the documents: it only turns the scan. */
function naturalKeys(sort: Document | undefined) {
  if (!sort || !('$natural' in sort)) return [];
  const direction: 1 | -1 = Number(sort['$natural']) < 0 ? -1 : 1;
  return [{ path: '$natural', direction, meta: null }];
}

function usesText(filter: Document): boolean {
  return findText(filter) !== null;
}

function findText(filter: Document): Document | null {
  for (const [name, value] of Object.entries(filter)) {
    if (name === '$text') return value as Document;
    if (name === '$and' && Array.isArray(value)) {
      for (const clause of value as Document[]) {
        const found = findText(clause);
        if (found) return found;
      }
    }
  }
  return null;
}
