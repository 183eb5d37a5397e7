import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Collection } from 'mongodb';
import { spawnServer } from '../medium/embedded-mongo/support/compiled-server.js';

const ROUNDS = Number(process.env.EMBEDDED_MONGO_CRASH_ROUNDS ?? 2);
const WRITERS = 16;

interface Job {
  _id: string;
  email: string;
  state: 'pending' | 'claimed';
  due: number;
  by?: string;
  padding: string;
}

/** What the server acknowledged before it died. */
interface Acknowledged {
  inserted: Set<string>;
  claimed: Map<string, string>;
}

describe('kill -9 under 16 writers', () => {
  const dir = mkdtempSync(join(tmpdir(), 'embedded-mongo-crash-'));
  const acknowledged: Acknowledged = { inserted: new Set(), claimed: new Map() };
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'round %i: nothing acknowledged is lost',
    async (round) => {
      await writeUntilKilled(dir, round, acknowledged);
      const server = await spawnServer(dir);
      const client = await MongoClient.connect(server.uri);
      try {
        await verify(client.db('app').collection<Job>('jobs'), acknowledged);
      } finally {
        await client.close();
        await server.end('SIGTERM');
      }
    },
  );
});

async function writeUntilKilled(dir: string, round: number, acknowledged: Acknowledged): Promise<void> {
  const server = await spawnServer(dir);
  const client = await MongoClient.connect(server.uri, { serverSelectionTimeoutMS: 500, maxPoolSize: WRITERS });
  const jobs = client.db('app').collection<Job>('jobs');
  await jobs.createIndexes([{ key: { email: 1 }, unique: true }, { key: { state: 1, due: 1 } }, { key: { due: -1 } }]);
  const writers = Array.from({ length: WRITERS }, (_, i) => write(jobs, `${round}-${i}`, acknowledged));
  const goal = acknowledged.inserted.size + 100;
  while (acknowledged.inserted.size < goal) await sleep(10);
  await sleep(Math.random() * 400);
  await server.end('SIGKILL');
  await Promise.all(writers);
  await client.close();
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Inserts and claims until the server is gone. */
async function write(jobs: Collection<Job>, writer: string, { inserted, claimed }: Acknowledged): Promise<void> {
  try {
    for (let n = 0; ; n++) {
      const _id = `${writer}-${n}`;
      await jobs.insertOne({ _id, email: `${_id}@x`, state: 'pending', due: Math.random(), padding: 'x'.repeat(2000) });
      inserted.add(_id);
      if (n % 3 !== 0) continue;
      const job = await jobs.findOneAndUpdate(
        { state: 'pending' },
        { $set: { state: 'claimed', by: writer } },
        { sort: { due: 1 }, returnDocument: 'after' },
      );
      if (!job) continue;
      if (claimed.has(job._id)) throw new Error(`${job._id} was claimed twice`);
      claimed.set(job._id, writer);
    }
  } catch (error) {
    if (String(error).includes('claimed twice')) throw error;
  }
}

async function verify(jobs: Collection<Job>, { inserted, claimed }: Acknowledged): Promise<void> {
  const stored = new Map((await jobs.find().hint({ $natural: 1 }).toArray()).map((job) => [job._id, job]));
  expect(inserted.size).toBeGreaterThan(50);
  expect([...inserted].filter((id) => !stored.has(id))).toEqual([]);
  for (const [id, writer] of claimed) expect(stored.get(id)).toMatchObject({ state: 'claimed', by: writer });

  for (const hint of ['email_1', 'state_1_due_1', 'due_-1']) {
    const ids = (
      await jobs
        .find({}, { projection: { _id: 1 } })
        .hint(hint)
        .toArray()
    ).map(({ _id }) => _id);
    expect(ids).toHaveLength(stored.size);
    expect(new Set(ids)).toEqual(new Set(stored.keys()));
  }
  expect(await jobs.countDocuments()).toBe(stored.size);
  expect(await jobs.estimatedDocumentCount()).toBe(stored.size);
  const some = [...stored.values()].slice(0, 50);
  for (const { _id, email } of some) expect(await jobs.findOne({ email })).toMatchObject({ _id });
}
