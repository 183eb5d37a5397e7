import fc from 'fast-check';
import { MongoClient, type Collection, type Document } from 'mongodb';
import { startTestServer, type TestServer } from './support/test-server.js';

describe('embedded-mongo: indexes', () => {
  let test: TestServer;
  let facts: Collection<Document>;
  beforeAll(async () => (test = await startTestServer()));
  afterAll(() => test.stop());
  beforeEach(async () => {
    facts = test.db.collection('facts');
    await facts.drop();
  });

  const stageOf = async (filter: Document, sort: Document = {}): Promise<string[]> => {
    const stages: string[] = [];
    const { queryPlanner } = await facts.find(filter).sort(sort).explain('queryPlanner');
    for (
      let stage = queryPlanner.winningPlan as Document | undefined;
      stage;
      stage = stage.inputStage as Document | undefined
    ) {
      stages.push(stage.indexName ? `${stage.stage} ${stage.indexName}` : (stage.stage as string));
    }
    return stages;
  };

  it('answer equality, $in, one range and the sort behind them', async () => {
    await facts.createIndexes([
      { key: { state: 1, due: 1 } },
      { key: { group: -1 } },
      { key: { email: 1 }, unique: true, sparse: true },
    ]);
    expect(await stageOf({ state: 'a', due: { $lte: 5 } }, { due: 1 })).toEqual(['FETCH', 'IXSCAN state_1_due_1']);
    expect(await stageOf({ state: 'a' }, { due: -1 })).toEqual(['FETCH', 'IXSCAN state_1_due_1']);
    expect(await stageOf({ state: { $in: ['a', 'b'] } }, { due: 1 })).toEqual([
      'SORT',
      'FETCH',
      'IXSCAN state_1_due_1',
    ]);
    expect(await stageOf({}, { group: 1 })).toEqual(['FETCH', 'IXSCAN group_-1']);
    expect(await stageOf({ email: 'x' })).toEqual(['FETCH', 'IXSCAN email_1']);
    expect(await stageOf({ email: null })).toEqual(['COLLSCAN']);
    expect(await stageOf({ due: 4 })).toEqual(['COLLSCAN']);
    expect(await stageOf({ _id: 4 as never })).toEqual(['IDHACK']);
    expect(await stageOf({ $or: [{ state: 'a' }, { group: 3 }] })).toEqual(['FETCH', 'OR']);
  });

  it('with a filter are used only for queries whose documents they hold', async () => {
    await facts.createIndex({ due: 1 }, { partialFilterExpression: { state: 'open', tries: { $lt: 5 } } });
    expect(await stageOf({ due: 1, state: 'open', tries: { $lte: 3 } })).toEqual(['FETCH', 'IXSCAN due_1']);
    expect(await stageOf({ due: 1, state: 'open' })).toEqual(['COLLSCAN']);
    expect(await stageOf({ due: 1, state: 'open', tries: { $lt: 6 } })).toEqual(['COLLSCAN']);
  });

  it('refuse a second document with the same key, say which, and leave no trace of it', async () => {
    await facts.createIndex({ 'name.first': 1, year: -1 }, { unique: true });
    await facts.insertOne({ name: { first: 'Ada' }, year: 1815 });
    await expect(facts.insertOne({ name: { first: 'Ada' }, year: 1815 })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { 'name.first': 1, year: -1 },
      keyValue: { 'name.first': 'Ada', year: 1815 },
      message: expect.stringContaining(
        'E11000 duplicate key error collection: app.facts index: name.first_1_year_-1 dup key: { name.first: "Ada", year: 1815 }',
      ) as string,
    });
    expect(await facts.countDocuments()).toBe(1);
    expect(await facts.find().hint('name.first_1_year_-1').toArray()).toHaveLength(1);
  });

  it('are built over what is there while it changes, and dropped again when it is not unique', async () => {
    await facts.insertMany(Array.from({ length: 3000 }, (_, n) => ({ n, half: Math.floor(n / 2) })));
    const [name] = await Promise.all([
      facts.createIndex({ n: 1 }, { unique: true }),
      facts.insertOne({ n: 5000 }),
      facts.deleteOne({ n: 1500 }),
      facts.updateOne({ n: 2999 }, { $set: { n: -1 } }),
    ]);
    const found = await facts
      .find()
      .hint(name)
      .map(({ n }) => n as number)
      .toArray();
    expect(found).toHaveLength(3000);
    expect(found).toEqual([...found].sort((a, b) => a - b));
    await expect(facts.createIndex({ half: 1 }, { unique: true })).rejects.toMatchObject({ code: 11000 });
    expect((await facts.indexes()).map((index) => index.name)).toEqual(['_id_', 'n_1']);
  });

  it('conflict as MongoDB says', async () => {
    await facts.createIndex({ a: 1 });
    await expect(facts.createIndex({ a: 1 }, { unique: true })).rejects.toMatchObject({ code: 86 });
    await expect(facts.createIndex({ a: 1 }, { name: 'other' })).rejects.toMatchObject({ code: 85 });
    await expect(facts.createIndex({ b: 1 }, { name: 'a_1' })).rejects.toMatchObject({ code: 86 });
    await expect(facts.dropIndex('_id_')).rejects.toMatchObject({ code: 72 });
    await expect(facts.dropIndex('none')).rejects.toMatchObject({ code: 27 });
    await expect(facts.createIndex({ a: '2dsphere' })).rejects.toMatchObject({ code: 67 });
    await expect(facts.insertOne({ a: [1], b: 1 })).resolves.toBeDefined();
    await facts.createIndex({ a: 1, b: 1 });
    await expect(facts.insertOne({ a: [1], b: [2] })).rejects.toMatchObject({ code: 171 });
  });

  it('keep very long keys exact: equal ones meet, sorts stay right', async () => {
    const long = (end: string): string => 'x'.repeat(3000) + end;
    await facts.createIndex({ text: 1 }, { unique: true });
    await facts.insertMany(['c', 'a', 'b'].map((end) => ({ text: long(end) })));
    await expect(facts.insertOne({ text: long('a') })).rejects.toMatchObject({ code: 11000 });
    expect(await facts.findOne({ text: long('b') })).toMatchObject({ text: long('b') });
    const sorted = await facts
      .find({ text: { $gt: long('a') } })
      .sort({ text: 1 })
      .map(({ text }) => (text as string).slice(-1))
      .toArray();
    expect(sorted).toEqual(['b', 'c']);
  });

  // The promise of an index: it changes how fast an answer comes, never the answer.
  it('give the same documents in the same order as a scan (random documents and queries)', async () => {
    const leaf = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.constantFrom('', 'a', 'ab', 'b', 'ä'),
      fc.constant(null),
      fc.boolean(),
      fc.constantFrom(new Date(0), new Date(1)),
    );
    const value = fc.oneof(
      { weight: 6, arbitrary: leaf },
      { weight: 2, arbitrary: fc.array(leaf, { maxLength: 3 }) },
      { weight: 1, arbitrary: fc.record({ c: leaf }) },
    );
    const doc = fc.record({ a: value, b: value, d: fc.record({ e: value }) }, { requiredKeys: [] });
    const condition = fc.oneof(
      leaf,
      fc.record({ $gt: leaf }),
      fc.record({ $gte: leaf, $lt: leaf }),
      fc.record({ $lte: leaf }),
      fc.record({ $in: fc.array(leaf, { maxLength: 3 }) }),
      fc.record({ $exists: fc.boolean() }),
      fc.record({ $ne: leaf }),
      fc.record({ $elemMatch: fc.record({ $gte: leaf, $lt: leaf }) }),
      fc.array(leaf, { maxLength: 2 }),
      fc.constant(/^a/),
    );
    const path = fc.constantFrom('a', 'b', 'd.e', 'a.c', 'd');
    const simple = fc.dictionary(path, condition, { maxKeys: 3 });
    const filter = fc.oneof(
      simple,
      fc.record({ $or: fc.array(simple, { minLength: 1, maxLength: 3 }) }),
      fc.record({ $and: fc.tuple(simple, simple) }),
    );
    const sort = fc.constantFrom({}, { a: 1 }, { a: -1, b: 1 }, { 'd.e': 1 }, { b: -1 });
    const client = new MongoClient(test.server.uri);
    const indexed = client.db('app').collection<Document>('indexed');
    const plain = client.db('app').collection<Document>('plain');
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(doc, { minLength: 1, maxLength: 25 }),
        fc.array(fc.tuple(filter, sort), { minLength: 15, maxLength: 15 }),
        async (docs, queries) => {
          round++;
          await Promise.all([indexed.drop(), plain.drop()]);
          await indexed.createIndexes([
            { key: { a: 1, 'd.e': -1 } },
            { key: { 'd.e': 1 } },
            { key: { a: -1 }, sparse: true, name: 'sparse' },
            { key: { 'a.c': 1 } },
            { key: { d: 1 } },
          ]);
          const storable = docs.filter(
            ({ a, d }) => !(Array.isArray(a) && Array.isArray((d as Document | undefined)?.e)),
          );
          if (storable.length === 0) return;
          const numbered = storable.map((each, _id) => ({ _id: _id as never, ...each }));
          await Promise.all([indexed.insertMany(numbered), plain.insertMany(numbered)]);
          for (const [query, order] of queries) {
            const [found, scanned] = await Promise.all(
              [indexed, plain].map((target) =>
                target
                  .find(query)
                  .sort(order as Record<string, 1 | -1>)
                  .toArray(),
              ),
            );
            // Without a complete order documents that compare equal may come in either order.
            const key = (each: Document): number => each._id as number;
            expect({ query, ids: found?.map(key).sort() }).toEqual({ query, ids: scanned?.map(key).sort() });
          }
        },
      ),
      { numRuns: 40, seed: 20261122 },
    );
    expect(round).toBeGreaterThan(0);
    await client.close();
  }, 120_000);
});
