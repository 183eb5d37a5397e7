import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../src/common/id';
import { TEST_SECRETS } from '../support/app';
import { spawnMain } from '../support/process';
import { startStore, type TestStore } from '../support/store';

const STRONG = TEST_SECRETS.JWT_SECRET;
/** Stands for a secret that got into the wrong variable: it must not be printed. */
const CANARY = 'hunter2-canary';
/** Never reached: a wrong configuration is found before anything connects. */
const MONGO = 'mongodb://127.0.0.1:1/mailwright';
const production = { MONGO_URI: MONGO, ...TEST_SECRETS };

describe('a start that cannot succeed', () => {
  let dataDir: string;

  beforeAll(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'mailwright-bad-start-'));
  });
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  const start = (env: Record<string, string>) =>
    spawnMain({ NODE_ENV: 'test', DATA_DIR: dataDir, PORT: '0', SMTP_INTAKE_PORT: '0', SAMPLE_MAIL: 'false', ...env });

  const wrong: [string, Record<string, string>, RegExp][] = [
    ['no JWT_SECRET with a database of its own', { MONGO_URI: MONGO }, /JWT_SECRET is not set/],
    ['no CREDENTIALS_KEY', { MONGO_URI: MONGO, JWT_SECRET: STRONG }, /CREDENTIALS_KEY is not set/],
    [
      'a placeholder as JWT_SECRET',
      { ...production, JWT_SECRET: `change-me-${CANARY}-0123456789abcdefghij` },
      /JWT_SECRET is a well-known placeholder/,
    ],
    ['a short JWT_SECRET', { ...production, JWT_SECRET: CANARY }, /JWT_SECRET has fewer than 32 bytes/],
    ['a repeated JWT_SECRET', { ...production, JWT_SECRET: 'hunter2!'.repeat(8) }, /JWT_SECRET repeats itself/],
    [
      'a CREDENTIALS_KEY of the wrong length',
      { ...production, CREDENTIALS_KEY: CANARY },
      /CREDENTIALS_KEY must be 32 bytes/,
    ],
    ['one key for both', { ...production, JWT_SECRET: TEST_SECRETS.CREDENTIALS_KEY }, /must not be the same/],
    ['another database', { MONGO_URI: `postgres://root:${CANARY}@db/x` }, /MONGO_URI must begin with mongodb/],
    ['a PORT that is none', { PORT: CANARY }, /PORT: /],
    ['a role that does not exist', { ROLE: CANARY }, /ROLE: /],
    ['a number out of range', { LLM_TIMEOUT_SECONDS: '0' }, /LLM_TIMEOUT_SECONDS: /],
    ['several at once', { PORT: '-1', LOG_LEVEL: CANARY }, /PORT: .*LOG_LEVEL: |LOG_LEVEL: .*PORT: /],
    [
      'a secret file that is not there',
      { JWT_SECRET_FILE: join('nowhere', 'jwt') },
      /JWT_SECRET_FILE names a file that cannot be read/,
    ],
  ];
  it.each(wrong)('exits with 78 and one line for %s', async (_, env, message) => {
    const { code, output } = await start(env);
    expect(output).toMatch(message);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).not.toContain('hunter2');
    expect(code).toBe(78);
  });

  describe('with a store whose unique indexes cannot be built', () => {
    let store: TestStore;

    beforeAll(async () => {
      store = await startStore();
    }, 60_000);
    afterAll(() => store?.stop());

    it('stops and names collection, index and keys', async () => {
      const twice = { mailboxId: 'm1', contentKey: 'the-same-twice' };
      const rows = [newId(), newId()].map((_id) => ({ _id, ...twice }));
      await store.connection.collection<{ _id: string }>('raw_messages').insertMany(rows);
      const { code, output } = await start({
        ...production,
        MONGO_URI: store.uri,
        ADMIN_PASSWORD: 'correct horse battery',
      });
      expect(code).toBe(69);
      expect(output).toContain('Unique index {mailboxId:1, contentKey:1} of raw_messages could not be built');
      expect(output).toContain('the-same-twice');
      expect(output).not.toContain('ready at');
    }, 60_000);
  });
});
