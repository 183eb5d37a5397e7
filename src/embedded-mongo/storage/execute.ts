import type { IndexPlan, Plan, RecordPlan } from './plan.js';
import type { ReadView, Row } from './read-view.js';
import { PAUSE, type Pause, type TimeSlice } from './time-slice.js';

/** What an execution looked at; `explain` reports it. */
export interface ExecutionCounts {
  keysExamined: number;
  docsExamined: number;
}

export const newCounts = (): ExecutionCounts => ({ keysExamined: 0, docsExamined: 0 });

type Rows = Generator<Row | Pause, void>;

/**
 * The rows of a plan for which `accepts` holds, as the view sees them. With changes of an open transaction the rows of
 * an index come first and the changed documents after them, so such a plan must not promise an order.
 */
export function* execute(
  view: ReadView,
  plan: Plan,
  accepts: (raw: Buffer) => boolean,
  slice: TimeSlice,
  counts: ExecutionCounts,
): Rows {
  if (plan.kind === 'EOF') return;
  const overlay = view.overlay(plan.info);
  if (!overlay) {
    for (const row of candidates(view, plan, slice, counts)) {
      if (row === PAUSE || accepts(row.raw)) yield row;
    }
    return;
  }
  const changed = [...overlay.values()].sort((a, b) => Buffer.compare(a.recordKey, b.recordKey));
  const reverse = plan.kind === 'COLLSCAN' && plan.reverse;
  if (reverse) changed.reverse();
  const merges = plan.kind === 'COLLSCAN';
  let next = 0;
  for (const row of candidates(view, plan, slice, counts)) {
    if (row === PAUSE) {
      yield row;
      continue;
    }
    const { recordKey, raw } = row;
    while (merges && next < changed.length) {
      const own = changed[next] as { recordKey: Buffer; raw: Buffer | null };
      if (Buffer.compare(own.recordKey, recordKey) * (reverse ? -1 : 1) > 0) break;
      next++;
      if (own.raw && accepts(own.raw)) yield { recordKey: own.recordKey, raw: own.raw };
    }
    if (!overlay.has(recordKey.toString('latin1')) && accepts(raw)) yield row;
  }
  for (const own of changed.slice(next)) {
    if (own.raw && accepts(own.raw)) yield { recordKey: own.recordKey, raw: own.raw };
  }
}

function* candidates(view: ReadView, plan: Plan, slice: TimeSlice, counts: ExecutionCounts): Rows {
  switch (plan.kind) {
    case 'EOF':
      return;
    case 'COLLSCAN':
      for (const row of view.records(plan.info, null, plan.reverse, slice)) {
        if (row !== PAUSE) counts.docsExamined++;
        yield row;
      }
      return;
    case 'RECORDS':
      yield* recordRows(view, plan, slice, counts);
      return;
    case 'IXSCAN':
      yield* indexRows(view, plan, slice, counts);
      return;
    case 'OR':
      yield* unionRows(view, plan.branches, slice, counts);
  }
}

function* recordRows(view: ReadView, plan: RecordPlan, slice: TimeSlice, counts: ExecutionCounts): Rows {
  for (const recordKey of plan.keys ?? []) {
    if (slice.due()) yield PAUSE;
    counts.keysExamined++;
    const raw = view.committed(plan.info, recordKey);
    if (!raw) continue;
    counts.docsExamined++;
    yield { recordKey, raw };
  }
  for (const range of plan.ranges ?? []) {
    for (const row of view.records(plan.info, range, plan.reverse, slice)) {
      if (row !== PAUSE) {
        counts.keysExamined++;
        counts.docsExamined++;
      }
      yield row;
    }
  }
}

function* indexRows(view: ReadView, plan: IndexPlan, slice: TimeSlice, counts: ExecutionCounts): Rows {
  const seen = plan.repeats ? new Set<string>() : null;
  for (const range of plan.ranges) {
    for (const entry of view.entries(plan.index, range, plan.reverse, slice)) {
      if (typeof entry === 'symbol') {
        yield entry;
        continue;
      }
      counts.keysExamined++;
      const recordKey = entry.value;
      if (seen && !addNew(seen, recordKey)) continue;
      // The document may be gone: entries are read in chunks, and a write may come between.
      const raw = view.committed(plan.info, recordKey);
      if (!raw) continue;
      counts.docsExamined++;
      yield { recordKey, raw };
    }
  }
}

function* unionRows(view: ReadView, branches: Plan[], slice: TimeSlice, counts: ExecutionCounts): Rows {
  const seen = new Set<string>();
  for (const branch of branches) {
    for (const row of candidates(view, branch, slice, counts)) {
      if (row === PAUSE || addNew(seen, row.recordKey)) yield row;
    }
  }
}

function addNew(seen: Set<string>, recordKey: Buffer): boolean {
  const size = seen.size;
  return seen.add(recordKey.toString('latin1')).size > size;
}
