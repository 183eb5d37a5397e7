import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Another live server holds the directory. The message is one line for the operator. */
export class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
}

interface Holder {
  pid: number;
  /** Start time of the process as the system counts it; tells a reused process id from the holder. */
  started: string | null;
}

const LOCK_FILE = 'server.lock';

/**
 * Takes the directory for this process: LMDB itself would let two servers write one file, each with its own idea of
 * the catalog. Node has no flock, so the lock is a file made by `link` (atomic, fails when it exists) that names the
 * process; a file left by a killed process is recognised because that process, with that start time, is gone.
 *
 * @returns a function that gives the lock back
 * @throws DirectoryInUseError
 */
export function lockDirectory(dir: string): () => void {
  const path = join(dir, LOCK_FILE);
  const mine = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  const me: Holder = { pid: process.pid, started: startTime(process.pid) };
  writeFileSync(mine, JSON.stringify(me), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (tryLink(mine, path)) return () => release(path, me);
      const holder = readHolder(path);
      if (holder && isAlive(holder)) {
        throw new DirectoryInUseError(`${dir} is in use by another embedded-mongo server (process ${holder.pid})`);
      }
      setAside(path, `${mine}.stale`);
    }
    throw new DirectoryInUseError(`${dir} is being taken by another embedded-mongo server`);
  } finally {
    rmSync(mine, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Renaming lets exactly one of several starters remove a stale lock; unlink could remove a fresh one. */
function setAside(path: string, aside: string): void {
  try {
    renameSync(path, aside);
    const moved = readHolder(aside);
    // Between reading and renaming another starter may have taken the lock: give it back.
    if (moved && isAlive(moved)) tryLink(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function readHolder(path: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return typeof holder.pid === 'number' ? { pid: holder.pid, started: holder.started ?? null } : undefined;
  } catch {
    return undefined; // gone or half written: not a holder
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.pid === process.pid) return holder.started === startTime(process.pid);
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const started = startTime(holder.pid);
  return holder.started === null || started === null || started === holder.started;
}

/** Field 22 of /proc/PID/stat; null where there is no procfs, and then only the process id counts. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function release(path: string, me: Holder): void {
  const holder = readHolder(path);
  if (holder?.pid === me.pid && holder.started === me.started) rmSync(path, { force: true });
}
