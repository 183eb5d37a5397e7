import { performance } from 'node:perf_hooks';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100; // USER_HZ on Linux

/** CPU seconds a process has used so far (Linux); 0 elsewhere. */
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

/**
 * Runs `operation(i)` `count` times with `clients` of them under way at any time and returns operations per second,
 * percentiles of the latency (ms) and server CPU per operation (µs).
 */
export async function measure({ name, count, clients, pid, operation }) {
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
  const cpuBefore = cpuSecondsOf(pid);
  const started = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - started) / 1000;
  const cpu = cpuSecondsOf(pid) - cpuBefore;
  latencies.sort();
  const at = (share) => latencies[Math.min(count - 1, Math.floor(count * share))];
  return {
    name: `${name} x${clients}`,
    perSecond: count / seconds,
    p50: at(0.5),
    p99: at(0.99),
    cpuMicros: (cpu / count) * 1e6,
  };
}

export function print({ name, perSecond, p50, p99, cpuMicros }, note = '') {
  const cells = [
    name.padEnd(26),
    `${Math.round(perSecond)}/s`.padStart(10),
    p50.toFixed(2).padStart(9),
    p99.toFixed(2).padStart(9),
    String(Math.round(cpuMicros)).padStart(9),
    note,
  ];
  console.log(cells.join(' '));
}
