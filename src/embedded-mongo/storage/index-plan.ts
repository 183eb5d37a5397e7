import { compileIndex } from './index-entries.js';
import { anyValue, stretchesOf, type Stretch } from './bounds.js';
import type { IndexInfo } from './catalog-types.js';
import { foldValue } from './collation-keys.js';
import { strongest, type Condition, type FilterConditions } from './conditions.js';
import { afterPrefix, boundPrefix, ownedKey } from './keys.js';
import type { BoundsText, PlanRequest, ScoredPlan } from './plan.js';
import type { KeyRange } from './range-scan.js';
import type { Collation } from '../query/collation.js';
import { isDocument } from '../bson/values.js';

/** More ranges than this cost more than they save; the remaining fields are then left to the matcher. */
const MAX_RANGES = 300;
const WORTH = { equality: 10, in: 9, range: 5, sort: 6, unique: 100 } as const;

interface FieldBounds {
  stretches: Stretch[];
  /** Exactly one value: the field is constant within the result. */
  constant: boolean;
  worth: number;
}

/** How an index would answer the query; null when it says nothing about it. */
export function planIndex(
  request: PlanRequest,
  conditions: FilterConditions,
  index: IndexInfo,
  forced = false,
): ScoredPlan | null {
  const { collation, info } = request;
  const leading = index.fields[0]?.[0] as string;
  if (!forced && request.sort.length === 0 && !conditions.paths.has(leading)) return null;
  const compiled = compileIndex(index);
  if (!sameCollation(collation, compiled.collation) && !forced) return null;
  const fields = boundFields(conditions, index, compiled.directions, collation);
  const { ranges, used } = combine(index, fields);
  const order = orderOf(request, index, fields, compiled.directions);
  let score = fields.slice(0, used).reduce((sum, field) => sum + field.worth, 0);
  if (order !== null) score += WORTH.sort;
  const fixed = fields.length > 0 && fields.every((field) => field.worth >= WORTH.in);
  if (fixed && index.unique) score += WORTH.unique;
  if (score === 0 && !forced) return null;
  const reverse = order === -1;
  if (reverse) ranges.reverse();
  return {
    score,
    plan: {
      kind: 'IXSCAN',
      info,
      index,
      ranges,
      reverse,
      sorted: request.sort.length === 0 || order !== null,
      repeats: index.multikey,
      get bounds() {
        return textOf(index, fields, used); // only `explain` asks
      },
    },
  };
}

export function sameCollation(a: Collation | null, b: Collation | null): boolean {
  return a === b || (a !== null && b !== null && JSON.stringify(a.spec) === JSON.stringify(b.spec));
}

/** Bounds of the leading fields: equalities as long as there are any, and one more that is a range. */
function boundFields(
  conditions: FilterConditions,
  index: IndexInfo,
  directions: (1 | -1)[],
  collation: Collation | null,
): FieldBounds[] {
  const result: FieldBounds[] = [];
  let open = true;
  let multikeyRangeUsed = false;
  index.fields.forEach(([path, kind], i) => {
    const direction = directions[i] as 1 | -1;
    const condition = open && !multikeyRangeUsed ? usable(conditions.paths.get(path), index, kind, collation) : null;
    if (!condition) {
      open = false;
      result.push({ stretches: [anyValue(direction)], constant: false, worth: 0 });
      return;
    }
    const stretches = stretchesOf(condition, direction);
    const isPoints = condition.kind === 'points';
    if (!isPoints) {
      open = false;
      multikeyRangeUsed = index.multikey;
    }
    const worth = !isPoints ? WORTH.range : stretches.length === 1 ? WORTH.equality : WORTH.in;
    result.push({ stretches, constant: isPoints && stretches.length === 1, worth });
  });
  return result;
}

function usable(
  given: Condition[] | undefined,
  index: IndexInfo,
  kind: IndexInfo['fields'][number][1],
  collation: Collation | null,
): Condition | null {
  if (!given) return null;
  const condition = strongest(given, !index.multikey);
  if (kind === 'hashed' && condition.kind !== 'points') return null;
  // A sparse index has no entry for a document without the field.
  if (index.sparse && condition.kind === 'points' && condition.values.includes(null)) return null;
  if (!collation) return condition;
  if (condition.kind === 'range') return hasString(condition.bracketOf) ? null : condition;
  if (condition.values.some(isDocument)) return null;
  return { kind: 'points', values: condition.values.map((value) => foldValue(value, collation)) };
}

export function hasString(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (Array.isArray(value)) return value.some(hasString);
  return isDocument(value) && Object.values(value).some(hasString);
}

/** The ranges of entry keys: every combination of the stretches of the leading fields. */
function combine(index: IndexInfo, fields: FieldBounds[]): { ranges: KeyRange[]; used: number } {
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  let used = 0;
  for (const { stretches, worth } of fields) {
    const allPoints = worth > 0 && stretches.every((stretch) => stretch.point);
    if (worth === 0 || prefixes.length * stretches.length > MAX_RANGES) break;
    used++;
    if (!allPoints) return { ranges: withStretches(index, prefixes, stretches), used };
    prefixes = prefixes.flatMap((prefix) => stretches.map(({ from }) => Buffer.concat([prefix, from])));
  }
  const ranges = prefixes.map((prefix) => {
    const start = ownedKey(index.id, boundPrefix(prefix));
    return { start, end: afterPrefix(start) };
  });
  return { ranges, used };
}

function withStretches(index: IndexInfo, prefixes: Buffer[], stretches: Stretch[]): KeyRange[] {
  return prefixes.flatMap((prefix) =>
    stretches.map(({ from, to }) => {
      const start = boundPrefix(Buffer.concat([prefix, from]));
      const end = Buffer.concat([prefix, to]);
      const cut = boundPrefix(end);
      // An end that was cut must not exclude what begins like it.
      return {
        start: ownedKey(index.id, start),
        end: cut.length < end.length ? afterPrefix(ownedKey(index.id, cut)) : ownedKey(index.id, end),
      };
    }),
  );
}

/**
 * Whether reading the index forwards (1) or backwards (-1) gives the order asked for; null when neither does. Fields
 * with a single value do not disturb an order.
 */
function orderOf(
  { sort, hasOverlay, collation }: PlanRequest,
  index: IndexInfo,
  fields: FieldBounds[],
  directions: (1 | -1)[],
): 1 | -1 | null {
  if (sort.length === 0 || hasOverlay || index.multikey || index.longKeys || collation || index.collation) return null;
  if (index.fields.some(([, kind]) => kind === 'hashed')) return null;
  const constant = new Set(index.fields.filter((_, i) => fields[i]?.constant).map(([path]) => path));
  let at = 0;
  let order: 1 | -1 | null = null;
  for (const key of sort) {
    if (key.meta !== null) return null;
    while (at < index.fields.length && index.fields[at]?.[0] !== key.path && fields[at]?.constant) at++;
    if (index.fields[at]?.[0] === key.path) {
      const needed: 1 | -1 = directions[at] === key.direction ? 1 : -1;
      if (!constant.has(key.path)) {
        if (order !== null && order !== needed) return null;
        order = needed;
      }
      at++;
    } else if (!constant.has(key.path)) {
      return null;
    }
  }
  return order ?? 1;
}

function textOf(index: IndexInfo, fields: FieldBounds[], used: number): BoundsText {
  return Object.fromEntries(
    index.fields.map(([path], i) => {
      const { stretches } = fields[i] as FieldBounds;
      return [path, i < used ? stretches.map((stretch) => stretch.text()) : ['[MinKey, MaxKey]']];
    }),
  );
}
