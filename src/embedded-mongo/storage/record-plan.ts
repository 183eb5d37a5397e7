import { stretchesOf } from './bounds.js';
import { isSequenced } from './catalog-types.js';
import { strongest, type FilterConditions } from './conditions.js';
import { hasString } from './index-plan.js';
import { afterPrefix, boundPrefix, endOfOwner, ownedKey, recordKeyOf } from './keys.js';
import type { PlanRequest, RecordPlan, ScoredPlan } from './plan.js';

const MAX_KEYS = 10_000;
const WORTH = { single: 1000, in: 500, range: 5, sort: 6 } as const;

/** A plan by `_id`: documents are stored by it, so no index lies between. Null when the filter says nothing about it. */
export function planRecords(request: PlanRequest, conditions: FilterConditions, forced = false): ScoredPlan | null {
  const { info, collation, sort, hasOverlay } = request;
  if (isSequenced(info)) return null;
  const [first] = sort;
  const byId =
    sort.length === 1 && first?.path === '_id' && first.meta === null && !info.longIds && !hasOverlay && !collation;
  const reverse = byId && first?.direction === -1;
  const base = { kind: 'RECORDS', info, reverse, sorted: sort.length === 0 || byId } as const;
  const given = conditions.paths.get('_id');
  const condition = given && strongest(given, true);
  const usable =
    condition &&
    !(collation && (condition.kind === 'points' ? condition.values.some(hasString) : hasString(condition.bracketOf)));
  if (usable && condition.kind === 'points' && condition.values.length <= MAX_KEYS) {
    const keys = recordKeys(condition.values, reverse);
    // At most one document: in any order.
    const sorted = base.sorted || keys.length <= 1;
    const plan: RecordPlan = {
      ...base,
      sorted,
      keys,
      get bounds() {
        return { _id: stretchesOf(condition, 1).map((stretch) => stretch.text()) };
      },
    };
    return { plan, score: keys.length <= 1 ? WORTH.single : WORTH.in };
  }
  if (usable && condition.kind === 'range') {
    const [stretch] = stretchesOf(condition, 1);
    if (!stretch) return { plan: { kind: 'EOF', sorted: true }, score: WORTH.single };
    const start = ownedKey(info.id, boundRecord(stretch.from));
    const end = ownedKey(info.id, stretch.to.length > 800 ? afterPrefix(boundRecord(stretch.to)) : stretch.to);
    const plan: RecordPlan = {
      ...base,
      ranges: [{ start, end }],
      get bounds() {
        return { _id: [stretch.text()] };
      },
    };
    return { plan, score: WORTH.range + (byId ? WORTH.sort : 0) };
  }
  if (!byId && !forced) return null;
  const ranges = [{ start: ownedKey(info.id), end: endOfOwner(info.id) }];
  return { plan: { ...base, ranges, bounds: { _id: ['[MinKey, MaxKey]'] } }, score: WORTH.sort };
}

const boundRecord = (key: Buffer): Buffer => boundPrefix(key).subarray(0, 800);

function recordKeys(values: unknown[], reverse: boolean): Buffer[] {
  const keys = values
    .filter((value) => typeof value !== 'symbol' && !Array.isArray(value))
    .map((value) => recordKeyOf(value).bytes)
    .sort((a, b) => Buffer.compare(a, b));
  const distinct = keys.filter((key, i) => i === 0 || !key.equals(keys[i - 1] as Buffer));
  return reverse ? distinct.reverse() : distinct;
}
