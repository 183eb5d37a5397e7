import { Long, MongoServerError, UUID, type Document } from 'mongodb';
import { RawClient } from './support/raw-client.js';
import { startTestServer, type TestServer } from './support/test-server.js';

describe('embedded-mongo: what a restart leaves', () => {
  let test: TestServer;
  beforeEach(async () => (test = await startTestServer()));
  afterEach(() => test.stop());

  it('documents, indexes, options, views and counts', async () => {
    const facts = test.db.collection('facts');
    await facts.createIndex({ n: 1 }, { unique: true });
    await facts.insertMany([{ n: 1 }, { n: 2 }]);
    await test.db.createCollection('checked', { validator: { a: { $type: 'int' } } });
    await test.db.createCollection('big', { viewOn: 'facts', pipeline: [{ $match: { n: { $gt: 1 } } }] });
    await test.restart();
    const again = test.db.collection('facts');
    expect(await again.estimatedDocumentCount()).toBe(2);
    await expect(again.insertOne({ n: 2 })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { n: 1 },
      keyValue: { n: 2 },
    });
    await expect(test.db.collection('checked').insertOne({ a: 'no' })).rejects.toMatchObject({ code: 121 });
    expect(
      await test.db
        .collection('big')
        .find()
        .map(({ n }) => n as number)
        .toArray(),
    ).toEqual([2]);
  });

  it('the reply of a retryable write: sent again it is not executed again', async () => {
    const lsid = { id: new UUID() };
    const send = async (body: Document): Promise<Document> => {
      const raw = await RawClient.open(test.server.port);
      const reply = await raw.command({ ...body, $db: 'app' });
      raw.close();
      return reply;
    };
    const command = {
      findAndModify: 'counters',
      query: { _id: 'n' },
      update: { $inc: { value: 1 } },
      upsert: true,
      new: true,
      lsid,
      txnNumber: Long.fromNumber(7),
    };
    const first = await send(command);
    expect(first.value).toEqual({ _id: 'n', value: 1 });
    await test.restart();
    const second = await send(command);
    expect(second.value).toEqual({ _id: 'n', value: 1 });
    const third = await send({ ...command, txnNumber: Long.fromNumber(8) });
    expect(third.value).toEqual({ _id: 'n', value: 2 });
    expect(await send(command)).toMatchObject({ ok: 0, code: 225 });
  });

  it('a change stream that wants to go on is told that its history is gone', async () => {
    const stream = test.db.collection('facts').watch();
    await stream.tryNext();
    await test.db.collection('facts').insertOne({ n: 1 });
    const event = await stream.next();
    await stream.close();
    await test.restart();
    const resumed = test.db.collection('facts').watch([], { resumeAfter: event._id });
    const error: unknown = await resumed.next().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(MongoServerError);
    expect(error).toMatchObject({ code: 286 });
    await resumed.close();
  });

  it('the records of a dropped collection are gone, and its name is free', async () => {
    const facts = test.db.collection<{ _id: number; text: string }>('facts');
    await facts.insertMany(Array.from({ length: 3000 }, (_, _id) => ({ _id, text: 'x'.repeat(500) })));
    await facts.drop();
    await test.restart();
    expect(await test.db.collection('facts').countDocuments()).toBe(0);
    await test.db.collection<{ _id: number }>('facts').insertOne({ _id: 1 });
    expect(await test.db.collection('facts').find().toArray()).toEqual([{ _id: 1 }]);
  });
});
