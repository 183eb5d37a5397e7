import { deflateSync } from 'node:zlib';
import { MongoClient, type Binary } from 'mongodb';
import { RawClient } from './support/raw-client.js';
import { startTestServer, type TestServer } from './support/test-server.js';

describe('embedded-mongo: the wire', () => {
  let test: TestServer;
  let raw: RawClient;
  beforeAll(async () => (test = await startTestServer({ maxConnections: 20 })));
  afterAll(() => test.stop());
  beforeEach(async () => (raw = await RawClient.open(test.server.port)));
  afterEach(() => raw.close());

  it('says it is a replica set of one at the address it was reached', async () => {
    const me = `127.0.0.1:${test.server.port}`;
    expect(await raw.command({ hello: 1, $db: 'admin' })).toMatchObject({
      ok: 1, isWritablePrimary: true, setName: 'rs0', hosts: [me], me, primary: me, minWireVersion: 0, maxWireVersion: 21,
    }); // prettier-ignore
  });

  it('answers pipelined commands in their order', async () => {
    const names = ['ping', 'buildInfo', 'hello', 'ping'];
    raw.socket.write(Buffer.concat(names.map((name, i) => RawClient.message({ [name]: 1, $db: 'admin' }, 0, 100 + i))));
    const order: number[] = [];
    for (const _ of names) order.push((await raw.next()).responseTo);
    expect(order).toEqual([100, 101, 102, 103]);
  });

  it('reads a message that comes in single bytes', async () => {
    const message = RawClient.message({ ping: 1, $db: 'admin' });
    for (const byte of message) raw.socket.write(Buffer.from([byte]));
    expect((await raw.next()).body).toMatchObject({ ok: 1 });
  });

  it('sends nothing back for moreToCome', async () => {
    raw.socket.write(RawClient.message({ insert: 'quiet', documents: [{ a: 1 }], $db: 'app' }, 2));
    expect(await raw.command({ count: 'quiet', $db: 'app' })).toMatchObject({ n: 1 });
  });

  it('reads zlib', async () => {
    const plain = RawClient.message({ ping: 1, $db: 'admin' });
    const packed = deflateSync(plain.subarray(16));
    const head = Buffer.alloc(25);
    head.writeInt32LE(25 + packed.length, 0);
    head.writeInt32LE(7, 4);
    head.writeInt32LE(2012, 12);
    head.writeInt32LE(2013, 16);
    head.writeInt32LE(plain.length - 16, 20);
    head[24] = 2;
    raw.socket.write(Buffer.concat([head, packed]));
    expect(await raw.next()).toMatchObject({ responseTo: 7, body: { ok: 1 } });
  });

  it.each<[string, (message: Buffer) => void]>([
    ['an impossible length', (m) => m.writeInt32LE(5, 0)],
    ['a length over 48 MB', (m) => m.writeInt32LE(50_000_000, 0)],
    ['an unknown operation code', (m) => m.writeInt32LE(2007, 12)],
    ['an unknown required flag', (m) => m.writeUInt32LE(1 << 5, 16)],
    ['an unknown section', (m) => m.writeUInt8(9, 20)],
    ['a document that is longer than its message', (m) => m.writeInt32LE(10_000, 21)],
  ])('closes the connection on %s, and lives on', async (_, damage) => {
    const message = RawClient.message({ ping: 1, $db: 'admin' });
    damage(message);
    raw.socket.write(message);
    await expect(raw.next()).rejects.toThrow('connection closed');
    expect(await test.db.command({ ping: 1 })).toMatchObject({ ok: 1 });
  });

  it.each([
    [{ nonsense: 1, $db: 'app' }, 59],
    [{ find: 'x' }, 40571],
    [{ find: 5, $db: 'app' }, 73],
    [{ find: 'x', $db: 'a b' }, 73],
    [{ find: 'x', nonsense: 1, $db: 'app' }, 40415],
    [{ insert: 'x', documents: [], $db: 'app' }, 16],
    [{ insert: 'system.secrets', documents: [{ a: 1 }], $db: 'app' }, 73],
    [{ getMore: { $numberLong: 1 }, $db: 'app' }, 14],
    [{ mapReduce: 'x', $db: 'app' }, 115],
    [{ find: 'x', filter: { $where: '1' }, $db: 'app' }, 2],
    [{ find: 'x', filter: { a: { $near: [1, 2] } }, $db: 'app' }, 2],
  ])('answers %j with code %i', async (command, code) => {
    expect(await raw.command(command)).toMatchObject({ ok: 0, code });
  });

  it('accepts no more connections than it was told', async () => {
    const clients = await Promise.all(Array.from({ length: 30 }, () => RawClient.open(test.server.port)));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(clients.filter(({ closed }) => closed).length).toBeGreaterThanOrEqual(10);
    for (const client of clients) client.close();
  });
});

describe('embedded-mongo: authentication', () => {
  const credentials = { username: 'mail,=wright', password: 'pass wörd' };
  let test: TestServer;
  beforeAll(async () => (test = await startTestServer({ credentials })));
  afterAll(() => test.stop());

  const connect = (auth?: { username: string; password: string }): MongoClient =>
    new MongoClient(test.server.uri, {
      ...(auth ? { auth, authMechanism: 'SCRAM-SHA-256' } : {}),
      serverSelectionTimeoutMS: 2000,
    });

  it('lets the user in', async () => {
    const client = connect(credentials);
    await client
      .db('app')
      .collection('facts')
      .insertOne({ a: 'x'.repeat(100_000) });
    expect(await client.db('admin').command({ connectionStatus: 1 })).toMatchObject({
      authInfo: { authenticatedUsers: [{ user: credentials.username }] },
    });
    await client.close();
  });

  it.each([
    ['nobody', undefined, 13],
    ['a wrong password', { username: credentials.username, password: 'x' }, 18],
    ['another user', { username: 'other', password: credentials.password }, 18],
  ])('refuses %s', async (_, auth, code) => {
    const client = connect(auth);
    await expect(client.db('app').collection('facts').findOne()).rejects.toMatchObject({ code });
    await client.close();
  });

  it('reads no large message from somebody it does not know', async () => {
    const raw = await RawClient.open(test.server.port);
    raw.socket.write(RawClient.message({ ping: 1, padding: 'x'.repeat(100_000), $db: 'admin' }));
    await expect(raw.next()).rejects.toThrow('connection closed');
  });

  it('does not say whether a user exists, and takes no replayed proof', async () => {
    const raw = await RawClient.open(test.server.port);
    const start = await raw.command({
      saslStart: 1,
      mechanism: 'SCRAM-SHA-256',
      payload: Buffer.from('n,,n=ghost,r=abc'),
      $db: 'admin',
    });
    expect(start.ok).toBe(1);
    const nonce = /r=([^,]+)/.exec(Buffer.from((start.payload as Binary).buffer).toString('utf8'))?.[1] ?? '';
    const proof = Buffer.alloc(32).toString('base64');
    const answer = await raw.command({
      saslContinue: 1,
      conversationId: 1,
      payload: Buffer.from(`c=biws,r=${nonce},p=${proof}`),
      $db: 'admin',
    });
    expect(answer).toMatchObject({ ok: 0, code: 18 });
    raw.close();
  });
});
