import { addUser, ADMIN, type AuthApp, bearer, login, ShiftedClock, startAuthApp } from '../support/auth-app';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(60_000);

let store: TestStore;
let one: AuthApp;
let two: AuthApp;
const clock = new ShiftedClock();

beforeAll(async () => {
  store = await startStore();
  const env = { TRUST_PROXY: '1' }; // so that a test can come from many addresses
  one = await startAuthApp(store.uri, { clock, env });
  two = await startAuthApp(store.uri, { clock, env });
});

afterAll(async () => {
  await one?.stop();
  await two?.stop();
  await store?.stop();
});

const attempts = () => one.connection.collection('login_attempts');
beforeEach(async () => {
  await attempts().deleteMany({});
});

const WRONG = 'wrong password here';
const tryLogin = (app: AuthApp, password: string, { username = ADMIN.username, from = '192.0.2.1' } = {}) =>
  app.http.post('/auth/login').set('X-Forwarded-For', from).send({ username, password });

async function fail(times: number, options: { username?: string; from?: string } = {}): Promise<void> {
  for (let n = 0; n < times; n++) await tryLogin(n % 2 ? one : two, WRONG, options).expect(401);
}

test('five failures are free, the sixth attempt waits 2 s, then 4 s; both replicas count together', async () => {
  await fail(5);
  const refused = await tryLogin(one, ADMIN.password).expect(429);
  expect(refused.headers['retry-after']).toBe('2');
  expect(refused.body.type).toBe('urn:mailwright:error:too-many-requests');
  clock.advance(2_000);
  await fail(1);
  expect((await tryLogin(two, ADMIN.password).expect(429)).headers['retry-after']).toBe('4');
  clock.advance(4_000);
  await tryLogin(two, ADMIN.password).expect(200);
});

test('the right password forgets the failures of the account', async () => {
  await fail(4);
  await tryLogin(one, ADMIN.password).expect(200);
  await fail(5);
});

test('an account is blocked from every network, and the wait ends at 15 minutes', async () => {
  let from = 0;
  for (let failures = 1; failures <= 16; failures++) {
    await tryLogin(one, WRONG, { from: `10.0.${from++}.1` }).expect(401);
    clock.advance(900_000);
  }
  await tryLogin(one, WRONG, { from: '10.1.0.1' }).expect(401);
  const refused = await tryLogin(one, ADMIN.password, { from: '10.2.0.1' }).expect(429);
  expect(refused.headers['retry-after']).toBe('900');
});

test('unknown names are throttled alike: the answer does not tell which exist', async () => {
  await fail(5, { username: 'nobody.at.all' });
  const unknown = await tryLogin(one, WRONG, { username: 'nobody.at.all' }).expect(429);
  await fail(5, { username: ADMIN.username, from: '198.51.100.1' });
  const known = await tryLogin(one, WRONG, { from: '198.51.100.1' }).expect(429);
  expect(unknown.body).toEqual(known.body);
  expect(unknown.headers['retry-after']).toBe(known.headers['retry-after']);
});

test('many names from one network are slowed down after 20 failures, other networks are not', async () => {
  for (let n = 0; n < 20; n++) await fail(1, { username: `guess.${n}`, from: `203.0.113.${n}` });
  await tryLogin(one, ADMIN.password, { from: '203.0.113.200' }).expect(429);
  await tryLogin(one, ADMIN.password, { from: '203.0.114.1' }).expect(200);
});

test('failures are forgotten an hour after the last one', async () => {
  await fail(4);
  clock.advance(60 * 60_000 + 1);
  await fail(4);
  await tryLogin(one, ADMIN.password).expect(200);
});

test('who is logged in goes on while the account is blocked', async () => {
  const user = await addUser(one, await login(one), 'blocked.outside', 'viewer');
  await fail(5, { username: user.username });
  await tryLogin(one, user.password, { username: user.username }).expect(429);
  await one.http
    .get('/auth/me')
    .set(...bearer(user.tokens))
    .expect(200);
  await one.http.post('/auth/refresh').send({ refresh_token: user.tokens.refresh_token }).expect(200);
});

test('a burst of guesses at once gets the free tries and one for each slot of the hasher, no more', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => tryLogin(one, WRONG)));
  const tried = answers.filter(({ status }) => status === 401).length;
  expect(tried).toBeGreaterThanOrEqual(5);
  expect(tried).toBeLessThanOrEqual(4 + 3); // the fifth failure blocks; three hash at once
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(40 - tried);
});

test('many right logins at once all succeed', async () => {
  const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => tryLogin(n % 2 ? one : two, ADMIN.password)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
});

test('the first failures of a counter at once are all counted', async () => {
  await Promise.all(
    Array.from({ length: 4 }, (_, n) => tryLogin(n % 2 ? one : two, WRONG, { username: 'fresh.name' })),
  );
  const counters = (await attempts().find().toArray()) as unknown as { failures: number }[];
  expect(counters.map(({ failures }) => failures)).toEqual([4, 4]);
});

test('X-Forwarded-For of a client is not believed without a proxy', async () => {
  const direct = await startAuthApp(store.uri, { clock });
  try {
    for (let n = 0; n < 20; n++) {
      await tryLogin(direct, WRONG, { username: `spoof.${n}`, from: `10.9.${n}.1` }).expect(401);
    }
    await tryLogin(direct, ADMIN.password, { from: '10.99.0.1' }).expect(429);
  } finally {
    await direct.stop();
  }
});
