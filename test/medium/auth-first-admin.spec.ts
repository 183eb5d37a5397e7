import { FirstAdminService } from '../../src/auth/first-admin.service';
import { ConfigError } from '../../src/config/secret-rules';
import { ADMIN, type AuthApp, login, startAuthApp } from '../support/auth-app';
import { startStore, type TestStore } from '../support/store';

jest.setTimeout(60_000);

let store: TestStore;
const started: AuthApp[] = [];

const SERVER = {
  MONGO_URI: 'mongodb://configured.example/',
  CREDENTIALS_KEY: Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64'),
};

async function start(env: Record<string, string>): Promise<AuthApp> {
  const app = await startAuthApp(store.uri, { env });
  started.push(app);
  return app;
}

const users = () => store.connection.collection('users').find().toArray();

beforeEach(async () => {
  store = await startStore();
});

afterEach(async () => {
  for (const app of started.splice(0)) await app.stop();
  await store.stop();
});

test('the configured administrator can log in; nothing is generated; a second start changes nothing', async () => {
  const first = await start(SERVER);
  expect(first.get(FirstAdminService).generated).toBeNull();
  await login(first);
  const second = await start({ ...SERVER, ADMIN_PASSWORD: 'another quite good one' });
  expect(second.get(FirstAdminService).generated).toBeNull();
  expect(await users()).toHaveLength(1);
  await login(second, ADMIN);
});

test('without MONGO_URI and ADMIN_PASSWORD a password is made up, once', async () => {
  const first = await start({ ADMIN_PASSWORD: '', ADMIN_USERNAME: 'Root.Admin' });
  const { generated } = first.get(FirstAdminService);
  expect(generated).toEqual({ username: 'root.admin', password: expect.stringMatching(/^[A-Za-z2-9]{20}$/) });
  await login(first, generated!);
  const second = await start({ ADMIN_PASSWORD: '' });
  expect(second.get(FirstAdminService).generated).toBeNull();
  expect(JSON.stringify(await users())).not.toContain(generated!.password);
});

test('three replicas that start together make one administrator, and one of them knows the password', async () => {
  const apps = await Promise.all(
    ['anna', 'berta', 'carla'].map((name) => start({ ADMIN_PASSWORD: '', ADMIN_USERNAME: name })),
  );
  const generated = apps.map((app) => app.get(FirstAdminService).generated).filter((admin) => admin !== null);
  expect(generated).toHaveLength(1);
  expect(await users()).toHaveLength(1);
  for (const app of apps) await login(app, generated[0]);
});

test.each<[string, Record<string, string>, string]>([
  ['no password on a server', { ...SERVER, ADMIN_PASSWORD: '' }, 'ADMIN_PASSWORD is not set'],
  [
    'a weak password',
    { ADMIN_PASSWORD: 'password1234' },
    'ADMIN_PASSWORD cannot be used: The password is one of the most',
  ],
  ['a short password', { ADMIN_PASSWORD: 'short' }, 'at least 12'],
  ['a name that cannot be', { ADMIN_USERNAME: 'the admin' }, 'ADMIN_USERNAME may hold'],
])('%s stops the start and creates nobody', async (_name, env, message) => {
  const error = await start(env).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as Error).message).toContain(message);
  if (env.ADMIN_PASSWORD) expect((error as Error).message).not.toContain(env.ADMIN_PASSWORD);
  expect(await users()).toHaveLength(0);
});

test('a worker leaves it to the replicas that serve the API', async () => {
  await start({ ...SERVER, ROLE: 'worker', ADMIN_PASSWORD: '' });
  expect(await users()).toHaveLength(0);
});
