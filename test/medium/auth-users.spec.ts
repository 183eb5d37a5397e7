import { hash } from '@node-rs/argon2';
import { getModelToken } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { UserRepository } from '../../src/auth/user.repository';
import { USER_MODEL, type UserDoc } from '../../src/auth/user.schema';
import { UsersService } from '../../src/auth/users.service';
import {
  addUser,
  ADMIN,
  type AuthApp,
  bearer,
  login,
  ShiftedClock,
  startAuthApp,
  type Tokens,
} from '../support/auth-app';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(60_000);

let store: TestStore;
let one: AuthApp;
let two: AuthApp;
let admin: Tokens;
let adminId: string;
const clock = new ShiftedClock();
const actor = { id: 'a'.repeat(24), username: 'tester', role: 'admin' } as const;

beforeAll(async () => {
  store = await startStore();
  one = await startAuthApp(store.uri, { clock });
  two = await startAuthApp(store.uri, { clock });
  admin = await login(one);
  adminId = (await one.http.get('/auth/me').set(...bearer(admin))).body.id as string;
});

afterAll(async () => {
  await one?.stop();
  await two?.stop();
  await store?.stop();
});

const activeAdmins = () => one.connection.collection('users').countDocuments({ role: 'admin', disabled: false });

describe('there is always an administrator', () => {
  const exits: [string, (app: AuthApp, id: string) => Promise<unknown>][] = [
    ['demoted', (app, id) => app.get(UsersService).update(id, { role: 'agent' }, actor)],
    ['disabled', (app, id) => app.get(UsersService).update(id, { disabled: true }, actor)],
    ['deleted', (app, id) => app.get(UsersService).delete(id, actor)],
  ];

  test.each(exits)('when all of them are %s at the same time on two replicas', async (how, exit) => {
    for (let round = 0; round < 3; round++) {
      const others = [];
      for (const n of [1, 2]) others.push(await addUser(one, admin, `${how}.${round}.${n}`, 'admin'));
      const ids = [adminId, ...others.map(({ id }) => id)];
      const results = await Promise.allSettled(ids.map((id, n) => exit(n % 2 ? one : two, id)));
      const refused = results.filter((result) => result.status === 'rejected');
      expect(refused.length).toBeGreaterThanOrEqual(1);
      for (const { reason } of refused) expect(reason).toMatchObject({ code: 'CONFLICT' });
      expect(await activeAdmins()).toBe(refused.length);
      // Back to one known administrator.
      await one.connection.collection('users').deleteMany({ username: { $ne: ADMIN.username } });
      await restoreAdmin();
    }
  });

  test('when a process died in the middle of an exit, the next one is possible after 10 s', async () => {
    const other = await addUser(one, admin, 'crash.other', 'admin');
    const users = one.connection.collection<{ _id: string }>('users');
    await users.updateOne({ _id: other.id }, { $set: { adminExit: 'held', adminExitAt: clock.now() } });
    const demote = () => one.get(UsersService).update(other.id, { role: 'agent' }, actor);
    await expect(demote()).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(two.get(UsersService).delete(adminId, actor)).rejects.toMatchObject({ code: 'CONFLICT' });
    clock.advance(10_001);
    expect(await demote()).toMatchObject({ role: 'agent' });
    expect(await users.countDocuments({ adminExit: { $exists: true } })).toBe(0);
  });

  test('when a process sleeps between its check and its write, and another one is faster', async () => {
    const other = await addUser(one, admin, 'slow.other', 'admin');
    const model = one.get<Model<UserDoc>>(getModelToken(USER_MODEL));
    let wakeUp = (): void => undefined;
    const asleep = new Promise<void>((fellAsleep) => {
      const write = model.findOneAndUpdate.bind(model) as (...args: unknown[]) => unknown;
      jest.spyOn(model, 'findOneAndUpdate').mockImplementationOnce(((...args: unknown[]) => {
        fellAsleep();
        const exec = async () => {
          await new Promise<void>((resolve) => (wakeUp = resolve));
          return (write(...args) as { lean(): { exec(): Promise<unknown> } }).lean().exec();
        };
        return { lean: () => ({ exec }) };
      }) as never);
    });
    const slow = one.get(UsersService).update(other.id, { role: 'agent' }, actor);
    await asleep;
    clock.advance(10_001); // its hold counts as stale now
    await two.get(UsersService).update(adminId, { role: 'agent' }, actor);
    wakeUp();
    await expect(slow).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await activeAdmins()).toBe(1);
    await restoreAdmin();
    await one.get(UsersService).delete(other.id, actor);
  });

  async function restoreAdmin(): Promise<void> {
    const passwordHash = await hash(ADMIN.password, { memoryCost: 1024, timeCost: 1, parallelism: 1 });
    await one.connection.collection<{ _id: string }>('users').updateOne(
      { _id: adminId },
      {
        $set: {
          username: ADMIN.username,
          passwordHash,
          role: 'admin',
          disabled: false,
          createdAt: new Date(),
          updatedAt: new Date(),
        },
        $setOnInsert: { tokenVersion: 0 },
      },
      { upsert: true },
    );
    clock.advance(5_000); // caches
    admin = await login(one);
  }
});

test('two who change the same user: one wins, the other one is told', async () => {
  const user = await addUser(one, admin, 'contested', 'viewer');
  const [seenByOne, seenByTwo] = await Promise.all([
    one.get(UserRepository).findById(user.id),
    two.get(UserRepository).findById(user.id),
  ]);
  expect(await one.get(UserRepository).update(seenByOne!, { role: 'agent' })).toMatchObject({ role: 'agent' });
  expect(await two.get(UserRepository).update(seenByTwo!, { disabled: true })).toBeNull();
  expect(await two.get(UserRepository).delete(seenByTwo!)).toBeNull();
});

test('two who create the same name at once: one wins', async () => {
  const body = { username: 'twin', password: 'nine purple elephants', role: 'viewer' };
  const create = (app: AuthApp) =>
    app.http
      .post('/admin/users')
      .set(...bearer(admin))
      .send(body);
  const statuses = (await Promise.all([create(one), create(two), create(one)])).map(({ status }) => status);
  expect(statuses.sort()).toEqual([201, 409, 409]);
});

test('pages walk over all users once, newest first', async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await one.http
      .get('/admin/users')
      .query({ limit: 2, ...(cursor && { cursor }) })
      .set(...bearer(admin))
      .expect(200);
    seen.push(...(page.body.items as { id: string }[]).map(({ id }) => id));
    cursor = page.body.nextCursor as string | null;
  } while (cursor);
  expect(seen).toEqual([...new Set(seen)].sort().reverse());
  expect(seen).toHaveLength(await one.connection.collection('users').countDocuments());
});

test('a login with a hash of older parameters stores a new one and ends no session', async () => {
  const user = await addUser(one, admin, 'old.hash', 'viewer');
  const users = one.connection.collection<{ _id: string; passwordHash: string }>('users');
  const passwordHash = await hash(user.password, { memoryCost: 512, timeCost: 2, parallelism: 1 });
  await users.updateOne({ _id: user.id }, { $set: { passwordHash } });
  await login(one, user);
  expect((await users.findOne({ _id: user.id }))?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=1024,t=1,p=1\$/);
  clock.advance(5_000);
  await one.http
    .get('/auth/me')
    .set(...bearer(user.tokens))
    .expect(200);
  await login(one, user);
});

test('the store holds no password', async () => {
  const stored = JSON.stringify(await one.connection.collection('users').find().toArray());
  expect(stored).not.toMatch(/lighthouses|nine miles|elephants/);
});
