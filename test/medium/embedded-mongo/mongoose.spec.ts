import mongoose, { Schema, type Connection, type InferSchemaType } from 'mongoose';
import { startTestServer, type TestServer } from './support/test-server.js';

const personSchema = new Schema(
  {
    _id: String,
    name: { type: String, required: true },
    tags: [String],
    age: Number,
    boss: { type: String, ref: 'Person' },
  },
  { timestamps: true },
);
personSchema.index({ name: 1 }, { unique: true });
personSchema.index({ age: -1 }, { partialFilterExpression: { age: { $gt: 0 } } });
type Person = InferSchemaType<typeof personSchema>;

/** The product's way to the store: nothing here knows which database answers. */
describe('embedded-mongo under mongoose', () => {
  let test: TestServer;
  let connection: Connection;

  beforeAll(async () => {
    test = await startTestServer();
    connection = await mongoose.createConnection(test.server.uri, { dbName: 'product' }).asPromise();
  });
  afterAll(async () => {
    await connection.close();
    await test.stop();
  });

  it('models, indexes, population, hooks of versions, bulk writes and transactions', async () => {
    const Person = connection.model<Person>('Person', personSchema);
    await Person.init();
    expect(Object.keys(await Person.collection.indexInformation())).toEqual(['_id_', 'name_1', 'age_-1']);
    await Person.create([
      { _id: 'b', name: 'Boss', age: 50 },
      { _id: 'w', name: 'Worker', boss: 'b', tags: ['x'] },
    ]);
    const worker = await Person.findById('w').populate<{ boss: Person }>('boss').orFail();
    expect(worker.boss.name).toBe('Boss');
    worker.tags.push('y', 'z');
    await worker.save();
    expect(await Person.findOne({ tags: { $all: ['x', 'z'] } }).lean()).toMatchObject({
      tags: ['x', 'y', 'z'],
      __v: 1,
    });
    await expect(Person.create({ _id: 'c', name: 'Boss' })).rejects.toMatchObject({
      code: 11000,
      keyValue: { name: 'Boss' },
    });

    const result = await Person.bulkWrite([
      { insertOne: { document: { _id: 'i', name: 'In' } as never } },
      { updateOne: { filter: { _id: 'i' }, update: { $inc: { age: 2 } } as never } },
      { updateOne: { filter: { _id: 'u' }, update: { $set: { name: 'Up' } } as never, upsert: true } },
      { deleteOne: { filter: { _id: 'b' } } },
    ]);
    expect(result).toMatchObject({ insertedCount: 1, modifiedCount: 1, upsertedCount: 1, deletedCount: 1 });

    await expect(
      connection.transaction(async (session) => {
        await Person.create([{ _id: 't', name: 'Temporary' }], { session });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await Person.countDocuments({ _id: 't' })).toBe(0);
    expect(await Person.distinct('name')).toEqual(['In', 'Up', 'Worker']);
    const grouped = await Person.aggregate<{ _id: null; names: string[] }>([
      { $sort: { name: 1 } },
      { $group: { _id: null, names: { $push: '$name' } } },
    ]);
    expect(grouped[0]?.names).toEqual(['In', 'Up', 'Worker']);
  });
});
