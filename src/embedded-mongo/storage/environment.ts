import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { checkDataFile } from './file-check.js';

export type Store = Database<Buffer, Buffer>;

/** Where the data file lives inside the store's directory. */
export const DATA_FILE = 'data.mdb';

/**
 * The four LMDB databases of the store. LMDB commits them together, so a document, its index entries, the catalog
 * and the stored reply of a retryable write change atomically.
 *
 * - `docs`: u32 collection id + record key -> raw BSON
 * - `index`: u32 index id + encoded fields (+ record key unless unique) -> record key
 * - `meta`: names of collections and settings -> BSON
 * - `sessions`: logical session id -> BSON of the last retryable write
 */
export interface Environment {
  root: RootDatabase<Buffer, Buffer>;
  docs: Store;
  index: Store;
  meta: Store;
  sessions: Store;
  file: string;
  close(): Promise<void>;
}

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/**
 * Opens (or makes) the data file. `overlappingSync: false` is what makes an acknowledgement durable: with lmdb's
 * default a commit is reported before its pages are flushed.
 *
 * @throws CorruptStoreError when the file is truncated or not a data file of this store.
 */
export function openEnvironment(dir: string): Environment {
  mkdirSync(dir, { recursive: true });
  const file = join(dir, DATA_FILE);
  checkDataFile(file);
  const root = open<Buffer, Buffer>({ path: file, noSubdir: true, overlappingSync: false, maxDbs: 8, ...BINARY });
  const named = (name: string): Store => root.openDB<Buffer, Buffer>({ name, ...BINARY });
  return {
    root,
    docs: named('docs'),
    index: named('index'),
    meta: named('meta'),
    sessions: named('sessions'),
    file,
    close: () => root.close(),
  };
}
