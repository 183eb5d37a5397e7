import { createHash } from 'node:crypto';
import type { AuditEntry } from './audit.types.js';

/** `prevHash` of the first entry. */
export const GENESIS_HASH = '0'.repeat(64);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** JSON with sorted keys, so that equal values give equal text whatever order their fields came in. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isObject(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
  );
}

/** sha256 of a state, or null where there is none. */
export const hashState = (state: unknown): string | null =>
  state === undefined || state === null ? null : sha256(canonicalJson(state));

/** Names of the top-level fields that differ, sorted; null and missing are the same. Empty for states that are no objects. */
export function changedFields(before: unknown, after: unknown): string[] {
  const from = isObject(before) ? before : {};
  const to = isObject(after) ? after : {};
  const names = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...names].filter((name) => canonicalJson([from[name]]) !== canonicalJson([to[name]])).sort();
}

/** The hash that closes an entry: over every field but `id` and itself. */
export function entryHash(entry: Omit<AuditEntry, 'id' | 'hash'>): string {
  const { seq, at, actorId, actorName, action, target, fields, beforeHash, afterHash, ip, requestId, prevHash } = entry;
  return sha256(
    canonicalJson([
      ...[seq, at, actorId, actorName, action, target, fields],
      ...[beforeHash, afterHash, ip, requestId, prevHash],
    ]),
  );
}

/** Whether `entry` is what followed `previous` (null: is the first one) and has not been changed since. */
export function fits(previous: Pick<AuditEntry, 'seq' | 'hash'> | null, entry: AuditEntry): boolean {
  return (
    entry.seq === (previous?.seq ?? 0) + 1 &&
    entry.prevHash === (previous?.hash ?? GENESIS_HASH) &&
    entry.hash === entryHash(entry)
  );
}
