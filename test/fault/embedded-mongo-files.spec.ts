import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { compileServer, ServerExit, spawnServer } from '../medium/embedded-mongo/support/compiled-server.js';

const IN_USE = 73;
const CORRUPT = 74;

describe('embedded-mongo: files and directories', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'embedded-mongo-files-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  async function fill(documents: number): Promise<string> {
    const server = await spawnServer(dir);
    const client = await MongoClient.connect(server.uri);
    const facts = client.db('app').collection<{ _id: number; text: string }>('facts');
    await facts.createIndex({ text: 1 });
    await facts.insertMany(Array.from({ length: documents }, (_, _id) => ({ _id, text: `${_id}`.padEnd(3000, '.') })));
    await client.close();
    await server.end('SIGTERM');
    return join(dir, 'data.mdb');
  }

  const exitOf = (): Promise<ServerExit> =>
    spawnServer(dir).then(
      async (server) => {
        await server.end('SIGKILL');
        throw new Error('the server started');
      },
      (error: ServerExit) => error,
    );

  it('refuses a second server on the directory and names the first', async () => {
    const first = await spawnServer(dir);
    const exit = await exitOf();
    expect(exit.code).toBe(IN_USE);
    expect(exit.output).toBe(
      `embedded-mongo: ${dir} is in use by another embedded-mongo server (process ${first.child.pid})\n`,
    );
    await first.end('SIGTERM');
  });

  it('takes over the directory of a server that was killed', async () => {
    await (await spawnServer(dir)).end('SIGKILL');
    const next = await spawnServer(dir);
    await expect(next.end('SIGTERM')).resolves.toBe(0);
  });

  it('stops on SIGTERM with code 0 and takes its server.json along', async () => {
    const server = await spawnServer(dir);
    expect(await server.end('SIGTERM')).toBe(0);
    expect(() => statSync(join(dir, 'server.json'))).toThrow('ENOENT');
  });

  it('ends when its standard input closes and it was told to watch its parent', async () => {
    const server = await spawnServer(dir, '--parent-watch');
    const exited = new Promise((resolve) => server.child.once('exit', resolve));
    server.child.stdin?.end();
    expect(await exited).toBe(0);
  });

  it.each([0.25, 0.5, 0.9])('refuses a file cut to %d of its size', async (share) => {
    const file = await fill(300);
    truncateSync(file, Math.floor(statSync(file).size * share));
    const exit = await exitOf();
    expect(exit.code).toBe(CORRUPT);
    expect(exit.output).toMatch(/^embedded-mongo: .*data\.mdb is truncated .*restore it from a backup\n$/);
  });

  it('refuses a file whose beginning was overwritten', async () => {
    const file = await fill(10);
    const fd = openSync(file, 'r+');
    writeSync(fd, Buffer.alloc(4096, 0x41), 0, 4096, 0);
    closeSync(fd);
    const exit = await exitOf();
    expect(exit.code).toBe(CORRUPT);
    expect(exit.output).toContain('not a readable data file');
  });

  it('refuses a file with an overwritten page', async () => {
    const file = await fill(300);
    const bytes = readFileSync(file);
    // Every page but the two meta pages: whichever of them are in use are found.
    bytes.fill(0x5a, 2 * 4096);
    writeFileSync(file, bytes);
    const exit = await exitOf();
    expect(exit.code).toBe(CORRUPT);
    expect(exit.output).toContain('is damaged');
  });

  it('copies a store that is being written to, and the copy can be started', async () => {
    await fill(300);
    const server = await spawnServer(dir);
    const client = await MongoClient.connect(server.uri);
    const facts = client.db('app').collection<{ _id: number; text: string }>('facts');
    let running = true;
    const writing = (async () => {
      for (let _id = 1000; running; _id++) await facts.insertOne({ _id, text: 'x' });
    })();
    const target = join(dir, 'copy');
    const copy = spawnSync(process.execPath, [compileServer(), '--dir', dir, '--backup', target], { encoding: 'utf8' });
    expect(copy.stderr).toBe('');
    running = false;
    await writing;
    await client.close();
    await server.end('SIGTERM');

    const restored = await spawnServer(target);
    const reader = await MongoClient.connect(restored.uri);
    const copied = reader.db('app').collection('facts');
    const ids = (await copied.find({}, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);
    expect(ids.slice(0, 300)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(await copied.find().hint('text_1').toArray()).toHaveLength(ids.length);
    await reader.close();
    await restored.end('SIGTERM');
  });

  it('asks for a credentials file that only the owner can read', () => {
    const file = join(dir, 'credentials.json');
    writeFileSync(file, JSON.stringify({ username: 'a', password: 'b' }), { mode: 0o644 });
    const { status, stderr } = spawnSync(
      process.execPath,
      [compileServer(), '--dir', dir, '--port', '0', '--credentials-file', file],
      { encoding: 'utf8' },
    );
    expect(status).toBe(64);
    expect(stderr).toContain('its mode must be 0600');
  });

  it('refuses to listen beyond loopback without credentials', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [compileServer(), '--dir', dir, '--port', '0', '--host', '0.0.0.0'],
      {
        encoding: 'utf8',
      },
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain('without credentials');
  });
});
