/**
 * Throughput of the embedded store over TCP with the official driver: 3 KB documents, 3 secondary indexes (1 unique),
 * retryable writes, every write flushed to disk before it is acknowledged.
 *
 *   npm run bench:store -- [--docs 20000] [--ops 8000] [--clients 1,16] [--only claim] [--server MAIN.js] [--uri URI]
 *
 * The server runs as its own process, so both share the cores with each other. Wall-clock figures mean something on a
 * quiet machine only (the load is printed); CPU per operation and the multiples of the baseline do not depend on it much.
 * With --uri another server is measured, which is trusted to hold nothing else in its database `bench`.
 */
import { performance } from 'node:perf_hooks';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { measureBaseline } from './baseline.mjs';
import { anonymousMegabytes, measure, percentile, print, printHead } from './measure.mjs';

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
const BATCH = 1000;
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
const random = () => Math.floor(Math.random() * DOCS);
const wants = (name) => !values.only || name.includes(values.only);

const dir = mkdtempSync(join(tmpdir(), 'bench-store-'));
const { child, uri, startMs } = values.uri ? { uri: values.uri } : await start(join(dir, 'store'));
const pid = child?.pid ?? 0;
const client = await MongoClient.connect(uri, { maxPoolSize: 32 });
const database = client.db('bench');
const jobs = database.collection('jobs');
try {
  await run();
} finally {
  await client.close();
  child?.kill('SIGTERM');
  if (child) await new Promise((resolve) => child.once('exit', resolve));
  rmSync(dir, { recursive: true, force: true });
}

async function start(folder) {
  const begun = performance.now();
  const args = [values.server, '--dir', folder, '--port', '0'];
  const process_ = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve, reject) => {
    process_.stdout.once('data', resolve);
    process_.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  });
  const { port } = JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8'));
  return { child: process_, uri: `mongodb://127.0.0.1:${port}/?replicaSet=rs0`, startMs: performance.now() - begun };
}

async function run() {
  console.log(`${cpus().length} cores, load ${loadavg()[0].toFixed(1)}, node ${process.version}`);
  const size = Buffer.byteLength(JSON.stringify(documentOf(1)));
  console.log(`${DOCS} documents of ${size} bytes${startMs ? `; start ${startMs.toFixed(0)} ms` : ''}\n`);
  const baseline = await measureBaseline(dir, documentOf, idOf);
  for (const { name, perSecond, micros } of baseline) {
    console.log(`baseline: ${name.padEnd(24)} ${Math.round(perSecond)}/s, ${micros.toFixed(0)} µs CPU`);
  }
  console.log();
  printHead();
  await load();
  const perUnit = Object.fromEntries(baseline.map(({ name, micros }) => [name, micros]));
  for (const [name, { operation, share, most, against }] of Object.entries(operations())) {
    if (!wants(name)) continue;
    for (const clients of CLIENTS) {
      const count = Math.max(1, Math.min(Math.ceil(OPS / (clients === 1 ? share * 4 : share)), most ?? Infinity));
      const result = await measure({ name, count, clients, pid, operation });
      const base = perUnit[against(clients)];
      print(result, pid ? `${(result.serverMicros / base).toFixed(1)} x "${against(clients)}"` : '');
    }
  }
  if (wants('group')) await aggregate();
  if (wants('scan')) await scanWithReads();
  if (pid)
    console.log(`\nanonymous memory of the server: ${anonymousMegabytes(pid)} MB; load ${loadavg()[0].toFixed(1)}`);
}

/** What is measured. `against` names the baseline its CPU is compared with; `share` divides the number of runs. */
function operations() {
  let inserted = DOCS;
  const claimed = new Set();
  const write = (clients) => (clients === 1 ? 'put, 1 per commit' : 'put, 16 per commit');
  const read = () => 'get + BSON decode';
  return {
    insertOne: { share: 1, against: write, operation: () => jobs.insertOne(documentOf(inserted++)) },
    findOne: { share: 1, against: read, operation: () => jobs.findOne({ _id: idOf(random()) }) },
    'range of 50': { share: 8, against: read, operation: range },
    updateOne: {
      share: 1,
      against: write,
      operation: () => jobs.updateOne({ _id: idOf(random()) }, { $set: { touched: random() }, $inc: { amount: 1 } }),
    },
    claim: {
      share: 1,
      most: Math.floor(DOCS / (CLIENTS.length + 1)),
      against: write,
      operation: async () => {
        const change = { $set: { state: 'running' } };
        const job = await jobs.findOneAndUpdate({ state: 'pending' }, change, {
          sort: { due: 1 },
          returnDocument: 'after',
        });
        if (!job) throw new Error('nothing left to claim');
        if (claimed.has(job._id)) throw new Error(`${job._id} was claimed twice`);
        claimed.add(job._id);
      },
    },
  };
}

async function range() {
  const group = random() % 50;
  const amount = { $gte: random() % 500 };
  await jobs.find({ group, amount }).sort({ amount: -1 }).limit(50).toArray();
}

async function load() {
  await jobs.drop().catch(() => undefined);
  await jobs.createIndexes([
    { key: { email: 1 }, unique: true },
    { key: { state: 1, due: 1 } },
    { key: { group: 1, amount: -1 } },
  ]);
  const operation = (i) => jobs.insertMany(Array.from({ length: BATCH }, (_, n) => documentOf(i * BATCH + n)));
  print(
    await measure({
      name: `insertMany(${BATCH})`,
      count: Math.ceil(DOCS / BATCH),
      clients: 1,
      pid,
      operation,
      unitsPerOperation: BATCH,
    }),
    'per document',
  );
}

async function aggregate() {
  const facts = database.collection('facts');
  await facts.drop().catch(() => undefined);
  for (let i = 0; i < GROUP_DOCS; i += 5000) {
    const batch = Array.from({ length: 5000 }, (_, n) => ({
      _id: i + n,
      kind: (i + n) % 20,
      value: n,
      filler: filler.slice(0, 200),
    }));
    await facts.insertMany(batch);
  }
  const pipeline = [{ $group: { _id: '$kind', sum: { $sum: '$value' }, n: { $sum: 1 } } }];
  const operation = () => facts.aggregate(pipeline).toArray();
  print(await measure({ name: '$group over 100,000', count: 5, clients: 1, pid, operation }));
}

/** Point reads must be answered while a scan without an index runs. */
async function scanWithReads() {
  let running = true;
  const begun = performance.now();
  const scan = (async () => {
    while (performance.now() - begun < 3000) await jobs.countDocuments({ 'filler.nothing': 1 });
  })().finally(() => (running = false));
  const latencies = [];
  while (running) {
    const at = performance.now();
    await jobs.findOne({ _id: idOf(random()) });
    latencies.push(performance.now() - at);
  }
  await scan;
  latencies.sort((a, b) => a - b);
  console.log(
    `point reads while all documents are scanned: ${latencies.length}, p50 ${percentile(latencies, 0.5).toFixed(1)} ms, p99 ${percentile(latencies, 0.99).toFixed(1)} ms`,
  );
}
