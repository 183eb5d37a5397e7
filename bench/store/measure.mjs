import { performance } from 'node:perf_hooks';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100; // USER_HZ on Linux

/** CPU seconds a process has used so far, in all its threads (Linux); 0 elsewhere. */
export function cpuSecondsOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

/** Anonymous memory of a process in MB: what it needs besides the pages of the data file. */
export function anonymousMegabytes(pid) {
  try {
    const [, kilobytes] = /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}

const ownCpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Value below which `share` of the sorted numbers lie. */
export const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];

/**
 * Runs `operation(i)` `count` times with `clients` of them under way at any time. Returns operations per second,
 * latencies in ms, and CPU per operation in µs: the server's (process `pid`) and this process's.
 */
export async function measure({ name, count, clients, pid, operation, unitsPerOperation = 1 }) {
  const latencies = new Float64Array(count);
  let next = 0;
  const client = async () => {
    while (next < count) {
      const i = next++;
      const begun = performance.now();
      await operation(i);
      latencies[i] = performance.now() - begun;
    }
  };
  const before = { server: cpuSecondsOf(pid), client: ownCpuSeconds() };
  const started = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - started) / 1000;
  const units = count * unitsPerOperation;
  const micros = (seconds) => (seconds / units) * 1e6;
  latencies.sort();
  return {
    name: `${name} x${clients}`,
    perSecond: units / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    serverMicros: micros(cpuSecondsOf(pid) - before.server),
    clientMicros: micros(ownCpuSeconds() - before.client),
  };
}

const COLUMNS = [26, 11, 9, 9, 11, 11];
const line = (cells) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(COLUMNS[i]) : cell.padStart(COLUMNS[i]))).join(' ');

export const printHead = () => console.log(line(['operation', 'rate', 'p50 ms', 'p99 ms', 'server µs', 'client µs']));

export function print({ name, perSecond, p50, p99, serverMicros, clientMicros }, note = '') {
  const rate = perSecond < 10 ? perSecond.toFixed(1) : String(Math.round(perSecond));
  const cells = [name, `${rate}/s`, p50.toFixed(2), p99.toFixed(2), serverMicros.toFixed(0), clientMicros.toFixed(0)];
  console.log(`${line(cells)} ${note}`.trimEnd());
}
