import type { FetchFrom, MailboxPolicy, SyncCursor, SyncStatus } from './mailbox.types.js';

export const DEFAULT_POLICY: Readonly<MailboxPolicy> = {
  mode: 'review',
  modeByCategory: {},
  neverAuto: [],
  undoWindowSeconds: null,
  tone: 'friendly',
  signature: '',
};

export const NEVER_SYNCED: Readonly<SyncStatus> = {
  state: 'never',
  lastSuccessAt: null,
  lastErrorAt: null,
  lastError: null,
};

const DAY_MS = 86_400_000;
const DAYS_BACK: Record<Exclude<FetchFrom, 'all'>, number> = { now: 0, day: 1, week: 7, month: 31 };

/**
 * The cursor of a folder that was never read. "From when" counts from the time of configuration, not of the first
 * successful connect: mails that came while the server could not be reached are taken in.
 */
export function initialCursor(fetchFrom: FetchFrom, now: Date): SyncCursor {
  const since = fetchFrom === 'all' ? null : new Date(now.getTime() - DAYS_BACK[fetchFrom] * DAY_MS);
  return { uidValidity: '', lastUid: 0, since };
}
