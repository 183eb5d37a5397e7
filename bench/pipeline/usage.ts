import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100; // USER_HZ on Linux

/** CPU seconds that a process has used so far, all threads, user and system (Linux, proc(5)). */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Most resident memory that a process ever had, in MB. */
export function peakMegabytesOf(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
  return Math.round(Number(kilobytes) / 1024);
}

/** CPU seconds of several processes since it was made. */
export class CpuMeter {
  private readonly before: number[];

  constructor(private readonly pids: readonly number[]) {
    this.before = pids.map(cpuSecondsOf);
  }

  /** One number a process, in their order. */
  read(): number[] {
    return this.pids.map((pid, index) => cpuSecondsOf(pid) - this.before[index]!);
  }
}
