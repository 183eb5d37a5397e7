import { entryHash } from '../../src/auth/audit-chain';
import { AuditRepository } from '../../src/auth/audit.repository';
import { AuditService } from '../../src/auth/audit.service';
import { newId } from '../../src/common/id';
import { type AuthApp, startAuthApp } from '../support/auth-app';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(60_000);

let store: TestStore;
let one: AuthApp;
let two: AuthApp;
const actor = { id: 'a'.repeat(24), username: 'tester' };

interface Row {
  _id: string;
  seq: number;
  hash: string;
}
const log = () => one.connection.collection<Row>('audit_log');

beforeAll(async () => {
  store = await startStore();
  one = await startAuthApp(store.uri);
  two = await startAuthApp(store.uri);
});

afterAll(async () => {
  await one?.stop();
  await two?.stop();
  await store?.stop();
});

beforeEach(async () => {
  await log().deleteMany({});
});

const record = (app: AuthApp, n: number) =>
  app
    .get(AuditService)
    .record({ actor, action: 'thing.change', target: `thing:${n}`, before: { n }, after: { n: n + 1 } });

test('an empty log is intact', async () => {
  expect(await one.get(AuditService).verify()).toMatchObject({ intact: true, entries: 0, brokenAt: null });
});

test('two replicas that write 60 entries at once make one chain without gaps', async () => {
  await Promise.all(Array.from({ length: 60 }, (_, n) => record(n % 2 ? one : two, n)));
  const rows = await log().find().sort({ seq: 1 }).toArray();
  expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
  const verdict = await two.get(AuditService).verify();
  expect(verdict).toEqual({ intact: true, entries: 60, brokenAt: null, head: rows.at(-1)!.hash });
});

test('a long chain is walked in pieces', async () => {
  await record(one, 0);
  let last = (await one.get(AuditRepository).last())!;
  const rows = Array.from({ length: 502 }, () => {
    const { id: _id, ...entry } = { ...last, seq: last.seq + 1, prevHash: last.hash };
    last = { ...entry, id: newId(), hash: entryHash(entry) };
    return { ...entry, _id: last.id, hash: last.hash };
  });
  await log().insertMany(rows);
  await record(two, 1);
  expect(await one.get(AuditService).verify()).toMatchObject({ intact: true, entries: 504 });
  await log().deleteOne({ seq: 502 }); // in the second piece
  expect(await one.get(AuditService).verify()).toMatchObject({ intact: false, entries: 501, brokenAt: 502 });
});

describe('after five entries', () => {
  beforeEach(async () => {
    for (let n = 0; n < 5; n++) await record(one, n);
  });

  test.each<[string, () => Promise<unknown>, number]>([
    ['another actor', () => log().updateOne({ seq: 3 }, { $set: { actorName: 'somebody else' } }), 3],
    ['another time', () => log().updateOne({ seq: 2 }, { $set: { at: new Date(0) } }), 2],
    ['another state', () => log().updateOne({ seq: 5 }, { $set: { afterHash: null } }), 5],
    ['another hash', () => log().updateOne({ seq: 4 }, { $set: { hash: 'f'.repeat(64) } }), 4],
    ['a hole', () => log().deleteOne({ seq: 3 }), 3],
    ['no beginning', () => log().deleteOne({ seq: 1 }), 1],
    [
      'a closed hole',
      () =>
        log()
          .deleteOne({ seq: 4 })
          .then(() => log().updateOne({ seq: 5 }, { $set: { seq: 4 } })),
      4,
    ],
  ])('%s shows', async (_name, tamper, brokenAt) => {
    await tamper();
    expect(await one.get(AuditService).verify()).toMatchObject({ intact: false, entries: brokenAt - 1, brokenAt });
  });

  test('an entry cut off the end shows by the head that was noted', async () => {
    const { head } = await one.get(AuditService).verify();
    await log().deleteOne({ seq: 5 });
    const verdict = await one.get(AuditService).verify();
    expect(verdict).toMatchObject({ intact: true, entries: 4 });
    expect(verdict.head).not.toBe(head);
  });
});

test('a failed write reaches its caller and not the next one', async () => {
  const audit = one.get(AuditService);
  const failing = audit.record({ actor: { id: '', username: '' }, action: 'x', target: 'y' }); // ids are required
  const next = record(one, 1);
  await expect(failing).rejects.toThrow(/actorId/);
  await next;
  expect(await audit.verify()).toMatchObject({ intact: true, entries: 1 });
});

test('states are kept as hashes: equal ones are equal, values are not to be seen', async () => {
  const secret = 'a very secret value';
  await one.get(AuditService).record({ actor: 'system', action: 'a.b', target: 'c:1', after: { secret, list: [1] } });
  await one.get(AuditService).record({ actor: 'system', action: 'a.b', target: 'c:1', before: { list: [1], secret } });
  const rows = (await log().find().sort({ seq: 1 }).toArray()) as unknown as Record<string, unknown>[];
  expect(rows[0]).toMatchObject({ fields: ['list', 'secret'], beforeHash: null, ip: null, requestId: null });
  expect(rows[1]!.beforeHash).toBe(rows[0]!.afterHash);
  expect(JSON.stringify(rows)).not.toContain(secret);
});

test('a log that is always taken by others gives up with an error that may be tried again', async () => {
  const repository = one.get(AuditRepository);
  const append = jest.spyOn(repository, 'append').mockResolvedValue(false);
  try {
    await expect(record(one, 1)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(append).toHaveBeenCalledTimes(50);
  } finally {
    append.mockRestore();
  }
});
