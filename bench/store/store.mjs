/**
 * Throughput of the embedded store over TCP with the official driver: 3 KB documents, 3 secondary indexes (1 unique),
 * retryable writes, every write flushed to disk before it is acknowledged.
 *
 *   npm run build && node bench/store/store.mjs [--docs 20000] [--clients 1,16] [--server dist/embedded-mongo/main.js]
 *
 * The server runs as its own process, so both share the cores with each other. Measure on a quiet machine.
 */
import { performance } from 'node:perf_hooks';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { anonymousMegabytes, measure, print } from './measure.mjs';

const { values } = parseArgs({
  options: {
    docs: { type: 'string', default: '20000' },
    ops: { type: 'string', default: '8000' },
    clients: { type: 'string', default: '1,16' },
    server: { type: 'string', default: 'dist/embedded-mongo/main.js' },
    uri: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const DOCS = Number(values.docs);
const OPS = Number(values.ops);
const CLIENTS = values.clients.split(',').map(Number);
const GROUP_DOCS = 100_000;
const filler = randomBytes(2100).toString('base64'); // 2.8 KB that do not compress

const idOf = (n) => `${String(n).padStart(10, '0')}`;
const documentOf = (n) => ({
  _id: idOf(n),
  email: `user${n}@example.org`,
  state: 'pending',
  due: (n * 7919) % 1_000_003,
  group: n % 50,
  amount: n % 1000,
  filler,
});

const dir = mkdtempSync(join(tmpdir(), 'bench-store-'));
const started = performance.now();
const child = values.uri
  ? null
  : spawn(process.execPath, [values.server, '--dir', dir, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
if (child) await new Promise((resolve) => child.stdout.once('data', resolve));
const pid = child?.pid ?? 0;
const startMs = performance.now() - started;
const uri =
  values.uri ??
  `mongodb://127.0.0.1:${JSON.parse(readFileSync(join(dir, 'server.json'), 'utf8')).port}/?replicaSet=rs0`;
const client = await MongoClient.connect(uri, { maxPoolSize: 32 });
const jobs = client.db('bench').collection('jobs');
try {
  await run();
} finally {
  await client.close();
  child?.kill('SIGTERM');
  if (child) await new Promise((resolve) => child.once('exit', resolve));
  rmSync(dir, { recursive: true, force: true });
}

async function run() {
  console.log(
    `start ${startMs.toFixed(0)} ms; ${DOCS} documents of ${Buffer.byteLength(JSON.stringify(documentOf(1)))} bytes`,
  );
  console.log(
    `${'operation'.padEnd(26)} ${'rate'.padStart(10)} ${'p50 ms'.padStart(9)} ${'p99 ms'.padStart(9)} ${'µs CPU'.padStart(9)}`,
  );
  await jobs.drop().catch(() => undefined);
  await jobs.createIndexes([
    { key: { email: 1 }, unique: true },
    { key: { state: 1, due: 1 } },
    { key: { group: 1, amount: -1 } },
  ]);
  await load();
  let inserted = DOCS;
  const random = () => Math.floor(Math.random() * DOCS);
  const claimed = new Set();
  const operations = {
    insertOne: () => jobs.insertOne(documentOf(inserted++)),
    findOne: () => jobs.findOne({ _id: idOf(random()) }),
    'range of 50': () => {
      const group = random() % 50;
      return jobs
        .find({ group, amount: { $gte: random() % 500 } })
        .sort({ amount: -1 })
        .limit(50)
        .toArray();
    },
    updateOne: () => jobs.updateOne({ _id: idOf(random()) }, { $set: { touched: random() }, $inc: { amount: 1 } }),
    claim: async () => {
      const job = await jobs.findOneAndUpdate(
        { state: 'pending' },
        { $set: { state: 'running' } },
        { sort: { due: 1 }, returnDocument: 'after' },
      );
      if (!job) throw new Error('nothing left to claim');
      if (claimed.has(job._id)) throw new Error(`${job._id} was claimed twice`);
      claimed.add(job._id);
    },
  };
  for (const [name, operation] of Object.entries(operations)) {
    if (values.only && !name.includes(values.only)) continue;
    for (const clients of CLIENTS) {
      const share = name === 'range of 50' ? 8 : clients === 1 ? 4 : 1;
      const count = Math.min(Math.ceil(OPS / share), name === 'claim' ? Math.floor(DOCS / 3) : Infinity);
      print(await measure({ name, count, clients, pid, operation }));
    }
  }
  if (!values.only || values.only === 'group') await aggregate();
  if (!values.only || values.only === 'scan') await scanWithReads(random);
  if (pid) console.log(`anonymous memory of the server: ${anonymousMegabytes(pid)} MB`);
}

async function load() {
  const batch = 1000;
  const result = await measure({
    name: `insertMany(${batch})`,
    count: DOCS / batch,
    clients: 1,
    pid,
    operation: (i) => jobs.insertMany(Array.from({ length: batch }, (_, n) => documentOf(i * batch + n))),
  });
  print({ ...result, perSecond: result.perSecond * batch, cpuMicros: result.cpuMicros / batch }, 'documents');
}

async function aggregate() {
  const small = client.db('bench').collection('facts');
  for (let i = 0; i < GROUP_DOCS; i += 5000) {
    await small.insertMany(
      Array.from({ length: 5000 }, (_, n) => ({
        _id: i + n,
        kind: (i + n) % 20,
        value: n,
        filler: filler.slice(0, 200),
      })),
    );
  }
  const pipeline = [{ $group: { _id: '$kind', sum: { $sum: '$value' }, n: { $sum: 1 } } }];
  print(
    await measure({
      name: '$group over 100,000',
      count: 5,
      clients: 1,
      pid,
      operation: () => small.aggregate(pipeline).toArray(),
    }),
  );
}

/** Point reads must be answered while a scan without an index runs. */
async function scanWithReads(random) {
  let running = true;
  const scan = jobs.countDocuments({ 'filler.nothing': 1 }).finally(() => (running = false));
  const latencies = [];
  const begun = performance.now();
  while (running) {
    const at = performance.now();
    await jobs.findOne({ _id: idOf(random()) });
    latencies.push(performance.now() - at);
  }
  await scan;
  latencies.sort((a, b) => a - b);
  const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? 0;
  console.log(
    `scan of all documents: ${(performance.now() - begun).toFixed(0)} ms, point reads meanwhile: ${latencies.length}, p99 ${p99.toFixed(1)} ms`,
  );
}
