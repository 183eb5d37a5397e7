import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DATA_FILE } from './environment.js';
import { checkDataFile } from './file-check.js';
import type { DocumentStore } from './document-store.js';

/**
 * Writes a consistent copy of the store into `target` while it is in use: LMDB copies the pages of one snapshot, so the
 * copy is the state after some commit. Not compacted: compacting copies have an open corruption report (lmdb-js #198).
 *
 * @throws Error when the directory already holds files
 */
export async function backupStore(store: DocumentStore, target: string): Promise<void> {
  if (existsSync(target) && readdirSync(target).length > 0) throw new Error(`${target} is not empty`);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const file = join(target, DATA_FILE);
  await store.env.root.backup(file, false);
  checkDataFile(file);
}
