import { encode } from '../bson/codec.js';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { type CollectionInfo, type IndexInfo, isSequenced } from './catalog-types.js';
import { collectConditions, type FilterConditions } from './conditions.js';
import { planIndex } from './index-plan.js';
import { impliesPartial } from './partial-index.js';
import type { Plan, PlanRequest, ScoredPlan } from './plan.js';
import { planRecords } from './record-plan.js';
import { planText } from './text-plan.js';
import { toNumber } from './integers.js';

/**
 * Chooses how to find the candidates of a query: by `_id`, by the index that fixes most (equalities, then a range, then
 * the sort), by one index per `$or` branch, or by reading everything.
 *
 * @throws MongoError 2 for a hint that names no index, 27 for `$text` without a text index
 */
export function planQuery(request: PlanRequest): Plan {
  const conditions = collectConditions(request.filter);
  const { hint, info } = request;
  if (conditions.text) return planText(info, conditions);
  if (hint !== undefined) return hinted(request, conditions, hint);
  const best = bestIndexed(request, conditions);
  if (best) return best.plan;
  return unionOf(request, conditions) ?? fullScan(request, false);
}

function fullScan({ info, sort, hasOverlay }: PlanRequest, reverse: boolean): Plan {
  const [first] = sort;
  const byNatural = sort.length === 1 && first?.path === '$natural';
  const down = byNatural ? first.direction === -1 : reverse;
  return { kind: 'COLLSCAN', info, reverse: down, sorted: sort.length === 0 || (byNatural && !hasOverlay) };
}

function bestIndexed(request: PlanRequest, conditions: FilterConditions): ScoredPlan | null {
  if (request.sort[0]?.path === '$natural') return null;
  const byId = planRecords(request, conditions);
  // At most one document: no index can do better.
  if (byId?.plan.kind === 'RECORDS' && byId.plan.keys && byId.plan.keys.length <= 1) return byId;
  const candidates = [byId];
  for (const index of request.info.indexes) {
    if (isUsable(index, conditions)) candidates.push(planIndex(request, conditions, index));
  }
  return candidates.reduce((best, next) => (next && (!best || next.score > best.score) ? next : best), null);
}

function isUsable(index: IndexInfo, conditions: FilterConditions): boolean {
  if (index.building || index.hidden || index.text) return false;
  if (index.sparse && !index.fields.some(([path]) => conditions.existing.has(path))) return false;
  return !index.partialFilter || impliesPartial(conditions, index.partialFilter);
}

/** One indexed plan per branch of an `$or`; a single branch without one makes the whole a scan. */
function unionOf(request: PlanRequest, conditions: FilterConditions): Plan | null {
  for (const alternatives of conditions.alternatives) {
    const branches = alternatives.map((filter) => {
      const own = collectConditions(filter);
      return own.text ? null : bestIndexed({ ...request, filter, sort: [] }, own);
    });
    if (branches.every((branch) => branch !== null && branch.score > 0)) {
      const plans = branches.map((branch) => (branch as ScoredPlan).plan);
      if (request.sort.length === 0 || request.info.stats.count > 100) {
        return { kind: 'OR', info: request.info, branches: plans, sorted: false };
      }
    }
  }
  return null;
}

function hinted(request: PlanRequest, conditions: FilterConditions, hint: unknown): Plan {
  const { info } = request;
  if (isDocument(hint) && '$natural' in hint) return fullScan(request, toNumber(hint['$natural'], 1) < 0);
  if (isIdHint(hint) && !isSequenced(info))
    return planRecords(request, conditions, true)?.plan ?? fullScan(request, false);
  const index = findHinted(info, hint);
  const plan = planIndex(request, conditions, index, true)?.plan;
  if (!plan) throw new MongoError(2, 'error processing query: the hinted index cannot answer this query');
  return plan;
}

function isIdHint(hint: unknown): boolean {
  return hint === '_id_' || (isDocument(hint) && encode(hint).equals(encode({ _id: 1 })));
}

function findHinted(info: CollectionInfo, hint: unknown): IndexInfo {
  const index = info.indexes.find((candidate) =>
    isDocument(hint) ? sameKey(candidate.spec['key'] as Document, hint) : candidate.name === hint,
  );
  if (!index || index.building || index.hidden) {
    throw new MongoError(
      2,
      'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
    );
  }
  return index;
}

/** Key patterns are equal when their fields, order and directions are, whatever number type says so. */
export function sameKey(a: Document, b: Document): boolean {
  const left = Object.entries(a);
  const right = Object.entries(b);
  return (
    left.length === right.length &&
    left.every(([path, kind], i) => {
      const [otherPath, otherKind] = right[i] as [string, unknown];
      if (path !== otherPath) return false;
      return typeof kind === 'string' || typeof otherKind === 'string'
        ? kind === otherKind
        : toNumber(kind, NaN) === toNumber(otherKind, NaN);
    })
  );
}
