import type { SyncCursor } from '../mailbox/mailbox.types.js';

/** How far back a folder is looked through again after its UIDs lost their meaning. */
export const RESCAN_DAYS = 14;
/** Mails listed at once, and fetched at once while they are small. */
export const BATCH_MAILS = 50;
/** Bytes fetched at once, unless one mail alone is larger. */
export const BATCH_BYTES = 16 * 1024 * 1024;

const DAY_MS = 86_400_000;

/** What the server lists of one mail. */
export interface Listed {
  uid: number;
  size: number;
  internalDate: Date;
}

/**
 * The cursor to go on with, given the folder's UIDVALIDITY. On a change every stored UID is void (RFC 9051 section
 * 2.3.1.1): the last 14 days are read again, and what is known is recognised by its content.
 */
export function cursorFor(uidValidity: string, cursor: SyncCursor, now: Date): SyncCursor {
  if (cursor.uidValidity === uidValidity) return cursor;
  if (cursor.uidValidity === '') return { ...cursor, uidValidity };
  const windowStart = now.getTime() - RESCAN_DAYS * DAY_MS;
  return { uidValidity, lastUid: 0, since: new Date(Math.max(windowStart, cursor.since?.getTime() ?? 0)) };
}

/**
 * The date for SEARCH SINCE, which compares days only and in the server's time zone: a day earlier, so that nothing is
 * missed; isWanted() does the exact comparison.
 */
export function searchSince(since: Date | null): Date | undefined {
  return since ? new Date(since.getTime() - DAY_MS) : undefined;
}

/** New and received after the start; INTERNALDATE has whole seconds. */
export function isWanted(mail: Listed, cursor: SyncCursor): boolean {
  if (mail.uid <= cursor.lastUid) return false;
  return cursor.since === null || mail.internalDate.getTime() >= Math.floor(cursor.since.getTime() / 1000) * 1000;
}

/** Cuts a list, oldest first, into parts that are fetched at once. */
export function* batches(mails: Listed[], limitBytes: number): Generator<Listed[]> {
  let batch: Listed[] = [];
  let bytes = 0;
  for (const mail of mails) {
    const weight = Math.min(mail.size, limitBytes);
    if (batch.length > 0 && (bytes + weight > BATCH_BYTES || batch.length === BATCH_MAILS)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(mail);
    bytes += weight;
  }
  if (batch.length > 0) yield batch;
}

/** Runs of 50, for listing. */
export function* chunks<T>(items: T[], size: number): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
