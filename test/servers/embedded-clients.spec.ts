import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as currentDriver from 'mongodb';
import * as currentMongoose from 'mongoose';
import { type EmbeddedServer, startServer } from '../../src/embedded-mongo/server.js';
import { smokeDriver } from '../support/driver-smoke.js';
import { smokeMongoose } from '../support/mongoose-smoke.js';
import { loadClient, runMongosh, storeClients } from '../support/store-clients.js';

/** The newest and the previous major of the driver and of mongoose, and the shell, against the embedded store. */
describe('clients of the embedded store', () => {
  const dir = mkdtempSync(join(tmpdir(), 'store-smoke-'));
  let folder: string;
  let server: EmbeddedServer;

  beforeAll(async () => {
    folder = storeClients();
    server = await startServer({ dir, port: 0 });
  }, 300_000);
  afterAll(async () => {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const majorOf = (set: string, name: string): number => {
    const { version } = loadClient<{ version: string }>(folder, set, `${name}/package.json`);
    return Number(version.split('.')[0]);
  };

  test('the previous major is the one before the product’s', () => {
    expect(majorOf('previous', 'mongoose')).toBe(Number(currentMongoose.version.split('.')[0]) - 1);
    expect(majorOf('previous', 'mongodb')).toBe(majorOfProduct() - 1);
  });

  test('newest mongodb driver', () => smokeDriver(currentDriver, server.uri));
  test('previous mongodb driver', () => smokeDriver(loadClient(folder, 'previous', 'mongodb'), server.uri));
  test('newest mongoose', () => smokeMongoose(currentMongoose, server.uri));
  test('previous mongoose', () => smokeMongoose(loadClient(folder, 'previous', 'mongoose'), server.uri));

  test('mongosh', async () => {
    const output = await runMongosh(folder, server.uri.replace('/?', '/shell?'), SHELL_SCRIPT);
    expect(JSON.parse(output.trim().split('\n').at(-1) as string)).toEqual({
      inserted: 3,
      found: [
        { _id: 3, kind: 'b' },
        { _id: 2, kind: 'a', n: 12 },
      ],
      stage: 'IXSCAN',
      indexes: ['_id_', 'kind_1'],
      groups: [
        { _id: 'a', sum: 13 },
        { _id: 'b', sum: 3 },
      ],
      inTransaction: 4,
      afterAbort: 3,
      event: 'insert',
      counted: 4,
      databases: true,
      topology: 'rs0',
    });
  }, 60_000);
});

const majorOfProduct = (): number => {
  const { version } = jest.requireActual<{ version: string }>('mongodb/package.json');
  return Number(version.split('.')[0]);
};

const SHELL_SCRIPT = `
  const c = db.things;
  const inserted = Object.keys(c.insertMany([{ _id: 1, kind: 'a', n: 1 }, { _id: 2, kind: 'a', n: 2 }, { _id: 3, kind: 'b', n: 3 }]).insertedIds).length;
  c.createIndex({ kind: 1 });
  c.updateOne({ _id: 2 }, { $inc: { n: 10 } });
  const stage = c.find({ kind: 'a' }).explain().queryPlanner.winningPlan.inputStage.stage;
  const session = db.getMongo().startSession();
  session.startTransaction();
  const own = session.getDatabase(db.getName()).things;
  own.insertOne({ _id: 4, kind: 'c', n: 4 });
  const inTransaction = own.countDocuments();
  session.abortTransaction();
  const afterAbort = c.countDocuments();
  const stream = c.watch();
  c.insertOne({ _id: 5, kind: 'd', n: 5 });
  let event = null;
  for (let i = 0; i < 50 && event === null; i++) event = stream.tryNext();
  stream.close();
  print(EJSON.stringify({
    inserted,
    found: c.find({ _id: { $in: [2, 3] } }, { n: { $cond: [{ $gt: ['$n', 5] }, '$n', '$$REMOVE'] }, kind: 1 }).sort({ _id: -1 }).toArray(),
    stage,
    indexes: c.getIndexes().map(({ name }) => name),
    groups: c.aggregate([{ $match: { n: { $ne: 5 } } }, { $group: { _id: '$kind', sum: { $sum: '$n' } } }, { $sort: { _id: 1 } }]).toArray(),
    inTransaction,
    afterAbort,
    event: event.operationType,
    counted: c.estimatedDocumentCount(),
    databases: db.adminCommand({ listDatabases: 1 }).databases.some(({ name }) => name === 'shell'),
    topology: db.hello().setName,
  }));
`;
