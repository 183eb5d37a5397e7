import { randomBytes } from 'node:crypto';
import { finished } from 'node:stream/promises';
import type { Collection, Db, MongoClient } from 'mongodb';

type Driver = typeof import('mongodb');

interface Item {
  _id: number;
  kind: string;
  n: number;
  tags?: string[];
}

/** What every application does with the driver, through one of its major versions. */
export async function smokeDriver(driver: Driver, uri: string): Promise<void> {
  const client = await driver.MongoClient.connect(uri);
  try {
    const db = client.db(`driver_${process.pid}_${Date.now()}`);
    const items = db.collection<Item>('items');
    await writesAndReads(items);
    await indexes(items);
    await aggregates(items);
    await transactions(client, items);
    await changeStreams(items);
    await files(driver, db);
    await db.dropDatabase();
  } finally {
    await client.close();
  }
}

async function writesAndReads(items: Collection<Item>): Promise<void> {
  const many = Array.from({ length: 250 }, (_, n) => ({ _id: n, kind: n % 2 ? 'odd' : 'even', n }));
  expect((await items.insertMany(many)).insertedCount).toBe(250);
  await expect(items.insertOne({ _id: 1, kind: 'odd', n: 1 })).rejects.toMatchObject({ code: 11000 });
  // Three batches: getMore.
  expect(await items.find().batchSize(100).sort({ _id: -1 }).toArray()).toHaveLength(250);
  expect((await items.updateOne({ _id: 1 }, { $inc: { n: 1000 }, $push: { tags: 'a' } })).modifiedCount).toBe(1);
  expect(await items.findOne({ tags: 'a' })).toEqual({ _id: 1, kind: 'odd', n: 1001, tags: ['a'] });
  const taken = await items.findOneAndUpdate({ kind: 'even' }, { $set: { kind: 'taken' } }, { sort: { n: -1 } });
  expect(taken).toMatchObject({ _id: 248 });
  const { upsertedCount, deletedCount } = await items.bulkWrite([
    { updateOne: { filter: { _id: 900 }, update: { $set: { kind: 'new', n: 900 } }, upsert: true } },
    { deleteOne: { filter: { _id: 0 } } },
  ]);
  expect({ upsertedCount, deletedCount }).toEqual({ upsertedCount: 1, deletedCount: 1 });
  expect(await items.countDocuments({ kind: 'odd' })).toBe(125);
  expect((await items.distinct('kind')).sort()).toEqual(['even', 'new', 'odd', 'taken']);
}

async function indexes(items: Collection<Item>): Promise<void> {
  expect(await items.createIndex({ kind: 1, n: -1 })).toBe('kind_1_n_-1');
  await items.createIndex({ n: 1 }, { unique: true });
  expect((await items.indexes()).map(({ name }) => name)).toEqual(['_id_', 'kind_1_n_-1', 'n_1']);
  const explained = await items.find({ kind: 'odd' }).sort({ n: -1 }).explain('executionStats');
  expect(JSON.stringify(explained.queryPlanner.winningPlan)).toContain('kind_1_n_-1');
  expect(explained.executionStats).toMatchObject({ nReturned: 125, totalDocsExamined: 125 });
  await items.dropIndex('n_1');
}

async function aggregates(items: Collection<Item>): Promise<void> {
  const groups = await items
    .aggregate([
      { $match: { kind: { $in: ['odd', 'even'] } } },
      { $group: { _id: '$kind', n: { $sum: 1 } } },
      { $sort: { _id: 1 } },
    ])
    .toArray();
  expect(groups).toEqual([
    { _id: 'even', n: 123 },
    { _id: 'odd', n: 125 },
  ]);
}

async function transactions(client: MongoClient, items: Collection<Item>): Promise<void> {
  await client.withSession(async (session) => {
    await session.withTransaction(async () => {
      await items.insertOne({ _id: 1000, kind: 'tx', n: 1000 }, { session });
      await items.updateOne({ _id: 3 }, { $set: { kind: 'tx' } }, { session });
      expect(await items.countDocuments({ kind: 'tx' }, { session })).toBe(2);
      expect(await items.countDocuments({ kind: 'tx' })).toBe(0);
    });
    expect(await items.countDocuments({ kind: 'tx' })).toBe(2);
    session.startTransaction();
    await items.deleteMany({ kind: 'tx' }, { session });
    await session.abortTransaction();
  });
  expect(await items.countDocuments({ kind: 'tx' })).toBe(2);
}

async function changeStreams(items: Collection<Item>): Promise<void> {
  const stream = items.watch([{ $match: { operationType: { $in: ['insert', 'update'] } } }]);
  try {
    await stream.tryNext(); // opens it
    await items.insertOne({ _id: 2000, kind: 'seen', n: 2000 });
    await items.updateOne({ _id: 2000 }, { $set: { n: 2001 } });
    expect(await stream.next()).toMatchObject({ operationType: 'insert', fullDocument: { _id: 2000, kind: 'seen' } });
    expect(await stream.next()).toMatchObject({ updateDescription: { updatedFields: { n: 2001 } } });
  } finally {
    await stream.close();
  }
}

async function files(driver: Driver, db: Db): Promise<void> {
  const bucket = new driver.GridFSBucket(db);
  const content = randomBytes(700_000);
  const upload = bucket.openUploadStream('a.bin', { metadata: { kind: 'smoke' } });
  upload.end(content);
  await finished(upload);
  const chunks: Buffer[] = [];
  for await (const chunk of bucket.openDownloadStream(upload.id)) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).equals(content)).toBe(true);
  await bucket.delete(upload.id);
  expect(await bucket.find().toArray()).toEqual([]);
}
