import { MongoServerError, type ClientSession, type Collection } from 'mongodb';
import { startTestServer, type TestServer } from './support/test-server.js';

interface Account {
  _id: string;
  balance: number;
  email?: string;
}

describe('embedded-mongo: transactions', () => {
  let test: TestServer;
  let accounts: Collection<Account>;
  let session: ClientSession;
  const transient = (error: unknown): boolean =>
    error instanceof MongoServerError && error.hasErrorLabel('TransientTransactionError');

  beforeAll(async () => (test = await startTestServer()));
  afterAll(() => test.stop());
  beforeEach(async () => {
    accounts = test.db.collection('accounts');
    await accounts.drop();
    await accounts.createIndex({ email: 1 }, { unique: true, sparse: true });
    await accounts.insertMany([
      { _id: 'a', balance: 10 },
      { _id: 'b', balance: 0 },
    ]);
    session = test.client.startSession();
  });
  afterEach(() => session.endSession());

  it('are seen by nobody until they commit, and then by everybody', async () => {
    session.startTransaction();
    await accounts.updateOne({ _id: 'a' }, { $inc: { balance: -5 } }, { session });
    await accounts.updateOne({ _id: 'b' }, { $inc: { balance: 5 } }, { session });
    await accounts.insertOne({ _id: 'c', balance: 7 }, { session });
    expect(
      await accounts
        .find({}, { session })
        .sort({ balance: 1, _id: 1 })
        .map(({ _id }) => _id)
        .toArray(),
    ).toEqual(['a', 'b', 'c']);
    expect(
      await accounts
        .find()
        .map(({ _id, balance }) => [_id, balance])
        .toArray(),
    ).toEqual([
      ['a', 10],
      ['b', 0],
    ]);
    await session.commitTransaction();
    expect(
      await accounts
        .find()
        .map(({ _id, balance }) => [_id, balance])
        .toArray(),
    ).toEqual([
      ['a', 5],
      ['b', 5],
      ['c', 7],
    ]);
  });

  it('leave nothing behind when they are aborted', async () => {
    session.startTransaction();
    await accounts.deleteOne({ _id: 'a' }, { session });
    await test.db.collection('made-inside').insertOne({ x: 1 }, { session });
    expect(await accounts.countDocuments({}, { session })).toBe(1);
    await session.abortTransaction();
    expect(await accounts.countDocuments()).toBe(2);
    expect(await test.db.listCollections({ name: 'made-inside' }).toArray()).toEqual([]);
  });

  it('read the state of their first command, whatever is committed meanwhile', async () => {
    session.startTransaction();
    expect(await accounts.countDocuments({}, { session })).toBe(2);
    await accounts.insertOne({ _id: 'later', balance: 1 });
    expect(await accounts.countDocuments({}, { session })).toBe(2);
    await session.commitTransaction();
  });

  it('lose against a change that was committed since they began', async () => {
    session.startTransaction();
    await accounts.findOne({ _id: 'a' }, { session });
    await accounts.updateOne({ _id: 'a' }, { $set: { balance: 99 } });
    const error: unknown = await accounts
      .updateOne({ _id: 'a' }, { $inc: { balance: 1 } }, { session })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 112 });
    expect(transient(error)).toBe(true);
  });

  it('two that change one document: the second is told at once', async () => {
    const other = test.client.startSession();
    session.startTransaction();
    other.startTransaction();
    await accounts.updateOne({ _id: 'a' }, { $inc: { balance: 1 } }, { session });
    await expect(accounts.updateOne({ _id: 'a' }, { $inc: { balance: 1 } }, { session: other })).rejects.toMatchObject({
      code: 112,
    });
    await session.commitTransaction();
    await other.endSession();
    expect(await accounts.findOne({ _id: 'a' })).toMatchObject({ balance: 11 });
  });

  it('make writers outside of them wait', async () => {
    session.startTransaction();
    await accounts.updateOne({ _id: 'a' }, { $set: { balance: 1 } }, { session });
    let done = false;
    const outside = accounts.updateOne({ _id: 'a' }, { $inc: { balance: 10 } }).then(() => (done = true));
    await accounts.updateOne({ _id: 'b' }, { $set: { balance: 3 } }); // other documents are free
    expect(done).toBe(false);
    await session.commitTransaction();
    await outside;
    expect(await accounts.findOne({ _id: 'a' })).toMatchObject({ balance: 11 });
  });

  it('keep unique indexes, inside and at the commit', async () => {
    session.startTransaction();
    await accounts.insertOne({ _id: 'x', balance: 0, email: 'one@x' }, { session });
    await expect(accounts.insertOne({ _id: 'y', balance: 0, email: 'one@x' }, { session })).rejects.toMatchObject({
      code: 11000,
    });

    const next = test.client.startSession();
    next.startTransaction();
    await accounts.insertOne({ _id: 'x', balance: 0, email: 'two@x' }, { session: next });
    await accounts.insertOne({ _id: 'z', balance: 0, email: 'two@x' });
    const error: unknown = await next.commitTransaction().catch((e: unknown) => e);
    expect(transient(error)).toBe(true);
    await next.endSession();
    expect(
      await accounts
        .find({ email: 'two@x' })
        .map(({ _id }) => _id)
        .toArray(),
    ).toEqual(['z']);
  });

  it('withTransaction brings 20 parallel transfers to a consistent end', async () => {
    const transfer = async (): Promise<void> => {
      const own = test.client.startSession();
      await own.withTransaction(async () => {
        const from = await accounts.findOne({ _id: 'a' }, { session: own });
        await accounts.updateOne({ _id: 'a' }, { $set: { balance: (from?.balance ?? 0) - 1 } }, { session: own });
        await accounts.updateOne({ _id: 'b' }, { $inc: { balance: 1 } }, { session: own });
      });
      await own.endSession();
    };
    await Promise.all(Array.from({ length: 20 }, transfer));
    expect(
      await accounts
        .find()
        .map(({ balance }) => balance)
        .toArray(),
    ).toEqual([-10, 20]);
  });

  it('end with their session', async () => {
    session.startTransaction();
    await accounts.updateOne({ _id: 'a' }, { $set: { balance: -1 } }, { session });
    await session.endSession();
    await accounts.updateOne({ _id: 'a' }, { $inc: { balance: 1 } });
    expect(await accounts.findOne({ _id: 'a' })).toMatchObject({ balance: 11 });
  });
});
