import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { DATA_FILE } from './environment.js';
import { checkDataFile } from './file-check.js';

/**
 * Writes a consistent copy of the store in `dir` into the empty directory `target`, while a server may be writing to it:
 * LMDB lets other processes read, and copies the pages of one snapshot, so the copy is the state after some commit.
 * Not compacted: compacting copies have an open corruption report (lmdb-js #198).
 *
 * @throws Error when there is no store in `dir`, or `target` holds files
 */
export async function backupDirectory(dir: string, target: string): Promise<void> {
  const source = join(dir, DATA_FILE);
  if (!existsSync(source)) throw new Error(`${dir} holds no data of an embedded-mongo server`);
  const root = open<Buffer, Buffer>({
    path: source,
    noSubdir: true,
    readOnly: true,
    maxDbs: 8,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  try {
    await copyStore(root, target);
  } finally {
    await root.close();
  }
}

/** As `backupDirectory`, for a store this process has open. */
export async function copyStore(root: RootDatabase<Buffer, Buffer>, target: string): Promise<void> {
  if (existsSync(target) && readdirSync(target).length > 0) throw new Error(`${target} is not empty`);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const file = join(target, DATA_FILE);
  try {
    await root.backup(file, false);
    checkDataFile(file);
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
}
