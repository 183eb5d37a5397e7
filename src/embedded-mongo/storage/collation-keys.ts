import type { Collation } from '../query/collation.js';

const DIGITS = /0*(\d+)/g;

/**
 * A string that is equal for strings the collation takes as equal, for index entries: uniqueness and equality lookups
 * work through it. It says nothing about order, so ranges and sorts never use an index with a collation. The planner
 * checks the filter again on the document, a unique index is as strict as this folding.
 */
export function foldString(text: string, { spec }: Collation): string {
  let folded = text.normalize('NFD');
  if (spec.strength === 1) folded = folded.replace(/\p{M}/gu, '');
  if (spec.strength <= 2 && !spec.caseLevel) folded = folded.toLowerCase();
  if (spec.alternate === 'shifted' && spec.strength <= 3) folded = folded.replace(/[\p{P}\p{Z}]/gu, '');
  return spec.numericOrdering ? folded.replace(DIGITS, '$1') : folded;
}

/** Folds every string inside a value; other values stay as they are. */
export function foldValue(value: unknown, collation: Collation): unknown {
  if (typeof value === 'string') return foldString(value, collation);
  if (Array.isArray(value)) return value.map((item) => foldValue(item, collation));
  return value;
}
