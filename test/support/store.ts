import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose, { type Connection } from 'mongoose';
import { newId } from '../../src/common/id';
import { startServer } from '../../src/embedded-mongo/server';

export interface TestStore {
  /** URI of a database of its own. */
  uri: string;
  connection: Connection;
  stop(): Promise<void>;
}

/**
 * A real store for one test file: the embedded one in a temporary folder, or a fresh database on TEST_MONGO_URI (how CI
 * runs the same suites against an independent implementation of the protocol).
 */
export async function startStore(): Promise<TestStore> {
  const database = `test_${newId()}`;
  const external = process.env.TEST_MONGO_URI;
  if (external) {
    const url = new URL(external);
    url.pathname = `/${database}`;
    const connection = await mongoose.createConnection(url.href).asPromise();
    return {
      uri: url.href,
      connection,
      stop: async () => {
        await connection.dropDatabase();
        await connection.close();
      },
    };
  }
  const dir = mkdtempSync(join(tmpdir(), 'mailwright-store-'));
  const server = await startServer({ dir, port: 0 });
  const uri = `mongodb://127.0.0.1:${server.port}/${database}?replicaSet=rs0`;
  const connection = await mongoose.createConnection(uri).asPromise();
  return {
    uri,
    connection,
    stop: async () => {
      await connection.close();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
