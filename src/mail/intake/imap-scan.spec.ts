import { batches, BATCH_BYTES, chunks, cursorFor, isWanted, type Listed, searchSince } from './imap-scan.js';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-11-22T10:00:00Z');
const aMail = (fields: Partial<Listed> = {}): Listed => ({ uid: 1, size: 1000, internalDate: NOW, ...fields });

describe('cursorFor', () => {
  it('goes on where it was while UIDVALIDITY stays', () => {
    const cursor = { uidValidity: '7', lastUid: 42, since: null };
    expect(cursorFor('7', cursor, NOW)).toBe(cursor);
  });

  it('keeps "from when" at the first connect', () => {
    const since = new Date('2026-01-01T00:00:00Z');
    expect(cursorFor('7', { uidValidity: '', lastUid: 0, since }, NOW)).toEqual({
      uidValidity: '7',
      lastUid: 0,
      since,
    });
  });

  it('reads the last 14 days again after a change, but nothing from before the start', () => {
    const old = { uidValidity: '7', lastUid: 42, since: new Date('2020-01-01T00:00:00Z') };
    const windowStart = new Date(NOW.getTime() - 14 * DAY_MS);
    expect(cursorFor('8', old, NOW)).toEqual({ uidValidity: '8', lastUid: 0, since: windowStart });
    expect(cursorFor('8', { ...old, since: null }, NOW).since).toEqual(windowStart);
    const recent = new Date(NOW.getTime() - DAY_MS);
    expect(cursorFor('8', { ...old, since: recent }, NOW).since).toEqual(recent);
  });
});

describe('isWanted', () => {
  const cursor = { uidValidity: '7', lastUid: 10, since: new Date('2026-11-22T10:00:00.900Z') };

  it('drops the last mail, which the server names even when it is not new', () => {
    expect(isWanted(aMail({ uid: 10 }), cursor)).toBe(false);
    expect(isWanted(aMail({ uid: 11 }), cursor)).toBe(true);
  });

  it('compares to the second, as INTERNALDATE does', () => {
    expect(isWanted(aMail({ uid: 11, internalDate: new Date('2026-11-22T10:00:00Z') }), cursor)).toBe(true);
    expect(isWanted(aMail({ uid: 11, internalDate: new Date('2026-11-22T09:59:59Z') }), cursor)).toBe(false);
  });

  it('takes everything without a start', () => {
    expect(isWanted(aMail({ uid: 11, internalDate: new Date(0) }), { ...cursor, since: null })).toBe(true);
    expect(searchSince(null)).toBeUndefined();
    expect(searchSince(NOW)).toEqual(new Date(NOW.getTime() - DAY_MS));
  });
});

describe('batches', () => {
  it('cuts at fifty mails', () => {
    const mails = Array.from({ length: 120 }, (_, index) => aMail({ uid: index }));
    expect([...batches(mails, 1e9)].map((batch) => batch.length)).toEqual([50, 50, 20]);
  });

  it('cuts before the bytes become too many, and lets one large mail go alone', () => {
    const half = BATCH_BYTES / 2 + 1;
    const mails = [
      aMail({ size: half }),
      aMail({ size: half }),
      aMail({ size: 10 }),
      aMail({ size: BATCH_BYTES * 2 }),
      aMail(),
    ];
    expect([...batches(mails, 1e9)].map((batch) => batch.length)).toEqual([1, 2, 1, 1]);
  });

  it('counts a mail above the limit by the limit: its body is not fetched', () => {
    expect([...batches([aMail({ size: 1e10 }), aMail()], 1000)]).toHaveLength(1);
  });

  it('is empty for nothing', () => {
    expect([...batches([], 1)]).toEqual([]);
    expect([...chunks([1, 2, 3], 2)]).toEqual([[1, 2], [3]]);
  });
});
