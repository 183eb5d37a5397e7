import { performance } from 'node:perf_hooks';
import { join } from 'node:path';
import { deserialize, serialize } from 'bson';
import { open } from 'lmdb';

/**
 * What the disk and the library allow: the same documents in plain LMDB in this process, without wire, planner and
 * secondary indexes. CPU in µs per operation; the store's figures are to be read as multiples of these.
 */
export async function measureBaseline(dir, documentOf, keyOf) {
  const root = open({ path: join(dir, 'baseline.mdb'), noSubdir: true, overlappingSync: false, encoding: 'binary' });
  const cost = (name, count, unitsPerRun, run) => {
    const cpu = process.cpuUsage();
    const started = performance.now();
    for (let i = 0; i < count; i++) run(i);
    const { user, system } = process.cpuUsage(cpu);
    const units = count * unitsPerRun;
    const perSecond = (units / (performance.now() - started)) * 1000;
    return { name, micros: (user + system) / units, perSecond };
  };
  const put = (n) => root.putSync(keyOf(n), serialize(documentOf(n)));
  const putMany = (first, count) => root.transactionSync(() => Array.from({ length: count }, (_, k) => put(first + k)));
  const results = [
    cost('put, 1,000 per commit', 5, 1000, (i) => putMany(i * 1000, 1000)),
    cost('put, 16 per commit', 500, 16, (i) => putMany(5000 + i * 16, 16)),
    cost('put, 1 per commit', 500, 1, (i) => putMany(13_000 + i, 1)),
    cost('get + BSON decode', 20_000, 1, (i) => deserialize(root.getBinary(keyOf((i * 7919) % 5000)))),
  ];
  await root.close();
  return results;
}
