import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, MongoServerError } from 'mongodb';
import { compileServer, spawnServer } from '../medium/embedded-mongo/support/compiled-server.js';

/** `ulimit -f` makes writes behind this size fail as a full disk does, without filling one. In blocks of 1 KB. */
const FILE_LIMIT_KB = 4096;

(process.platform === 'linux' ? describe : describe.skip)('a full disk', () => {
  const dir = mkdtempSync(join(tmpdir(), 'embedded-mongo-full-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('gives the client an error, keeps everything acknowledged and goes on reading', async () => {
    const main = compileServer();
    const child = spawn(
      'bash',
      ['-c', `ulimit -f ${FILE_LIMIT_KB}; exec "$0" "$@"`, process.execPath, main, '--dir', dir, '--port', '0'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const { port } = JSON.parse(readFileSync(join(dir, 'server.json'), 'utf8')) as { port: number };
    const client = await MongoClient.connect(`mongodb://127.0.0.1:${port}/?replicaSet=rs0`);
    const facts = client.db('app').collection<{ _id: number; text: string }>('facts');
    let acknowledged = 0;
    let failure: unknown;
    while (!failure && acknowledged < 5000) {
      try {
        await facts.insertOne({ _id: acknowledged, text: 'x'.repeat(3000) });
        acknowledged++;
      } catch (error) {
        failure = error;
      }
    }
    expect(failure).toBeInstanceOf(MongoServerError);
    expect(failure).toMatchObject({ code: 14031 });
    expect(acknowledged).toBeGreaterThan(100);
    expect(await facts.countDocuments()).toBe(acknowledged);
    await client.close();
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));

    const server = await spawnServer(dir);
    const again = await MongoClient.connect(server.uri);
    const reopened = again.db('app').collection<{ _id: number; text: string }>('facts');
    const ids = (await reopened.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);
    expect(ids).toEqual(Array.from({ length: acknowledged }, (_, i) => i));
    await reopened.insertOne({ _id: -1, text: 'there is room again' });
    await again.close();
    await server.end('SIGTERM');
  });
});
