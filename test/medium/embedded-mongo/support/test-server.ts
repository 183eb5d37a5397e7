import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Db, type MongoClientOptions } from 'mongodb';
import { startServer, type EmbeddedServer, type StartOptions } from '../../../../src/embedded-mongo/server.js';

/** A server on a directory of its own, and a client of it. */
export interface TestServer {
  server: EmbeddedServer;
  client: MongoClient;
  db: Db;
  dir: string;
  /** Stops the server and starts it again on the same data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestServer(
  options: Partial<StartOptions> = {},
  clientOptions: MongoClientOptions = {},
): Promise<TestServer> {
  const dir = mkdtempSync(join(tmpdir(), 'embedded-mongo-test-'));
  const begin = async (): Promise<Pick<TestServer, 'server' | 'client' | 'db'>> => {
    const server = await startServer({ dir, port: 0, testCommands: true, ...options });
    const client = new MongoClient(server.uri, { serverSelectionTimeoutMS: 3000, ...clientOptions });
    return { server, client, db: client.db('app') };
  };
  const end = async (test: TestServer): Promise<void> => {
    await test.client.close();
    await test.server.stop();
  };
  const test: TestServer = {
    ...(await begin()),
    dir,
    restart: async () => {
      await end(test);
      Object.assign(test, await begin());
    },
    stop: async () => {
      await end(test);
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return test;
}
