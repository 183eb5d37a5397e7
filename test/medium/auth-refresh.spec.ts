import { RefreshTokenRepository } from '../../src/auth/refresh-token.repository';
import { RefreshTokenService } from '../../src/auth/refresh-token.service';
import { armFailpoints } from '../../src/common/failpoint';
import { authFailures } from '../../src/common/metrics';
import { addUser, type AuthApp, bearer, login, ShiftedClock, startAuthApp, type Tokens } from '../support/auth-app';
import { startStore, type TestStore } from '../support/store';

const DAY_MS = 24 * 60 * 60_000;

jest.setTimeout(60_000);

let store: TestStore;
let one: AuthApp;
let two: AuthApp;
const clock = new ShiftedClock();

beforeAll(async () => {
  store = await startStore();
  one = await startAuthApp(store.uri, { clock });
  two = await startAuthApp(store.uri, { clock });
});

afterAll(async () => {
  await one?.stop();
  await two?.stop();
  await store?.stop();
});

afterEach(() => armFailpoints(''));

const refresh = (app: AuthApp, { refresh_token }: Pick<Tokens, 'refresh_token'>) =>
  app.http.post('/auth/refresh').send({ refresh_token });

async function rotated(app: AuthApp, tokens: Tokens): Promise<Tokens> {
  return (await refresh(app, tokens).expect(200)).body as Tokens;
}

const me = (app: AuthApp, tokens: Tokens) => app.http.get('/auth/me').set(...bearer(tokens));

async function reuseCount(): Promise<number> {
  const { values } = await authFailures.get();
  return values.find(({ labels }) => labels.reason === 'refresh_reuse')?.value ?? 0;
}

test('parallel refreshes on two replicas give one successor, and the session lives', async () => {
  const first = await login(one);
  const answers = await Promise.all(Array.from({ length: 10 }, (_, n) => refresh(n % 2 ? one : two, first)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(new Set(answers.map(({ body }) => (body as Tokens).refresh_token)).size).toBe(1);
  await me(one, answers[0]!.body as Tokens).expect(200);
  await rotated(two, answers[3]!.body as Tokens);
});

test('a client that did not get the answer asks again within 10 s and gets the same successor', async () => {
  const first = await login(one);
  const second = await rotated(one, first);
  clock.advance(9_000);
  expect((await rotated(two, first)).refresh_token).toBe(second.refresh_token);
  await rotated(one, second);
});

test('a crash between rotation and answer does not end the session', async () => {
  const first = await login(one);
  armFailpoints('auth.after_refresh_rotation=throw');
  await refresh(one, first).expect(500);
  const second = await rotated(two, first);
  await rotated(one, second);
});

test('a replay after 10 s ends the whole session, writes one audit entry and counts', async () => {
  const first = await login(one);
  const second = await rotated(one, first);
  const before = await reuseCount();
  clock.advance(10_001);
  await refresh(two, first).expect(401);
  await refresh(one, first).expect(401);
  await refresh(one, second).expect(401);
  clock.advance(5_000); // what replicas may remember of a session
  await me(one, second).expect(401);
  await me(two, first).expect(401);
  expect((await reuseCount()) - before).toBe(1);
  const entries = await one.connection.collection('audit_log').find({ action: 'auth.refresh_reuse' }).toArray();
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ actorId: 'system', target: expect.stringMatching(/^user:[0-9a-f]{24}$/) });
});

test('a token from before the last one ends the session even within 10 s', async () => {
  const first = await login(one);
  const third = await rotated(one, await rotated(one, first));
  await refresh(one, first).expect(401);
  await refresh(one, third).expect(401);
});

test('a replay races with a refresh: whoever is first, nobody keeps a live session', async () => {
  for (let round = 0; round < 5; round++) {
    const first = await login(one);
    const second = await rotated(one, first);
    clock.advance(10_001);
    const [replay, honest] = await Promise.all([refresh(two, first), refresh(one, second)]);
    expect(replay.status).toBe(401);
    if (honest.status === 200) await refresh(one, honest.body as Tokens).expect(401);
  }
});

describe('a process that slept between reading and writing', () => {
  // It read the session while its token was the present one; what happened since must not be undone.
  async function sleeper() {
    const { session, refreshToken } = await one.get(RefreshTokenService).start({ id: 'a'.repeat(24), tokenVersion: 0 });
    const repository = one.get(RefreshTokenRepository);
    const wakeUp = () =>
      repository.rotate(session.id, session.currentHash, 'f'.repeat(64), clock.now(), session.expiresAt);
    return { session, refreshToken, repository, wakeUp };
  }

  test('does not put an old token back in place', async () => {
    const { session, refreshToken, repository, wakeUp } = await sleeper();
    await two.get(RefreshTokenService).rotate(refreshToken);
    const before = await repository.findById(session.id);
    expect(await wakeUp()).toBeNull();
    expect(await repository.findById(session.id)).toEqual(before);
  });

  test('does not go on with a session that has ended', async () => {
    const { session, wakeUp } = await sleeper();
    expect(await two.get(RefreshTokenService).end(session.id, 'reuse')).toBe(true);
    expect(await two.get(RefreshTokenService).end(session.id, 'logout')).toBe(false);
    expect(await wakeUp()).toBeNull();
  });
});

test('one session that is stolen does not end the others', async () => {
  const other = await login(one);
  const first = await login(one);
  await rotated(one, first);
  clock.advance(10_001);
  await refresh(one, first).expect(401);
  await rotated(one, other);
});

test('a session ends after 14 idle days, and after 30 days however busy', async () => {
  const idle = await login(one);
  let busy = await login(one);
  clock.advance(14 * DAY_MS - 60_000);
  busy = await rotated(one, busy);
  clock.advance(120_000);
  await refresh(one, idle).expect(401);
  clock.advance(13 * DAY_MS);
  busy = await rotated(one, busy);
  clock.advance(3 * DAY_MS);
  await refresh(one, busy).expect(401);
});

test('the store holds neither tokens nor what leads to them', async () => {
  const first = await login(one);
  const second = await rotated(one, first);
  const stored = JSON.stringify(await one.connection.collection('refresh_tokens').find().toArray());
  for (const { refresh_token } of [first, second]) {
    for (let at = 4; at + 16 <= refresh_token.length; at += 8) {
      expect(stored).not.toContain(refresh_token.slice(at, at + 16));
    }
  }
});

describe('a changed user', () => {
  // One replica makes the change, the other one has the user in its memory.
  test.each([
    ['disabled', { disabled: true }],
    ['given another role', { role: 'agent' }],
    ['given another password', { password: 'nine purple elephants' }],
  ])('that was %s loses all sessions: at once here, within 5 s on another replica', async (how, change) => {
    const admin = await login(one);
    const user = await addUser(one, admin, `user.${how.replaceAll(' ', '.')}`, 'viewer');
    await me(one, user.tokens).expect(200);
    await me(two, user.tokens).expect(200);
    await one.http
      .patch(`/admin/users/${user.id}`)
      .set(...bearer(admin))
      .send(change)
      .expect(200);
    await me(one, user.tokens).expect(401);
    clock.advance(5_000);
    await me(two, user.tokens).expect(401);
    await refresh(two, user.tokens).expect(401);
  });

  test('that was deleted loses all sessions', async () => {
    const admin = await login(one);
    const user = await addUser(one, admin, 'user.deleted', 'viewer');
    await me(two, user.tokens).expect(200);
    await one.http
      .delete(`/admin/users/${user.id}`)
      .set(...bearer(admin))
      .expect(204);
    await me(one, user.tokens).expect(401);
    clock.advance(5_000);
    await me(two, user.tokens).expect(401);
    await refresh(two, user.tokens).expect(401);
  });
});

test('tokens survive one change of the secret, the grace of a refresh included', async () => {
  const first = await login(one);
  const second = await rotated(one, first);
  const env = { JWT_SECRET: 'the-next-secret-9876543210-zyxwvutsrqponmlkjihgfedcba' };
  const previous = 'auth-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz';
  const changed = await startAuthApp(store.uri, { clock, env: { ...env, JWT_SECRET_PREVIOUS: previous } });
  const forgetful = await startAuthApp(store.uri, { clock, env });
  try {
    await me(changed, second).expect(200);
    await me(forgetful, second).expect(401);
    expect((await rotated(changed, first)).refresh_token).toBe(second.refresh_token);
    const third = await rotated(changed, second);
    await me(changed, third).expect(200);
  } finally {
    await changed.stop();
    await forgetful.stop();
  }
});
