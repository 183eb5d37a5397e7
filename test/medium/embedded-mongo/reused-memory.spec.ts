import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient, type Collection } from 'mongodb';
import { type EmbeddedServer, startServer } from '../../../src/embedded-mongo/server.js';

interface Item {
  _id: number;
  group: number;
  text: string;
  hash: string;
}

const SIZES = [10, 2_000, 5_000, 70_000, 300_000, 2_000_000];
const COUNT = 120;

function itemOf(_id: number): Item {
  const size = SIZES[_id % SIZES.length] as number;
  const text = String.fromCharCode(97 + (_id % 26)).repeat(size) + _id;
  return { _id, group: _id % 5, text, hash: hashOf(text) };
}

const hashOf = (text: string): string => createHash('sha1').update(text).digest('hex');

/** Replies, batches and the documents on their way into them share memory: none may see another's bytes. */
describe.each(['none', 'zlib'] as const)(
  'documents of all sizes, many readers at once (compression: %s)',
  (compressors) => {
    const dir = mkdtempSync(join(tmpdir(), 'embedded-mongo-memory-'));
    let server: EmbeddedServer;
    let client: MongoClient;
    let items: Collection<Item>;

    beforeAll(async () => {
      server = await startServer({ dir, port: 0 });
      client = await MongoClient.connect(server.uri, { compressors: [compressors], maxPoolSize: 16 });
      items = client.db('app').collection<Item>('items');
      await items.createIndex({ group: 1, _id: -1 });
      for (let i = 0; i < COUNT; i++) await items.insertOne(itemOf(i));
    });
    afterAll(async () => {
      await client.close();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    });

    const check = (found: Item | null): void => {
      if (!found) throw new Error('a document is gone');
      expect({ ...found, text: hashOf(found.text) }).toEqual({ ...itemOf(found._id), text: found.hash });
    };

    it('point reads, ranges over several batches, sorts, scans and updates give each its own document', async () => {
      const readers: (() => Promise<void>)[] = [
        async () => {
          for (let i = 0; i < COUNT; i++) check(await items.findOne({ _id: i }));
        },
        async () => {
          for (let group = 0; group < 5; group++) {
            const found = await items.find({ group }).sort({ _id: -1 }).batchSize(7).toArray();
            expect(found.map(({ _id }) => _id)).toEqual(
              Array.from({ length: COUNT / 5 }, (_, n) => COUNT - 5 + group - n * 5),
            );
            found.forEach(check);
          }
        },
        async () =>
          (
            await items
              .find({ hash: { $exists: true } })
              .sort({ hash: 1 })
              .limit(40)
              .toArray()
          ).forEach(check),
        async () => (await items.aggregate<Item>([{ $match: { group: { $gte: 2 } } }]).toArray()).forEach(check),
        async () => {
          for (let i = 0; i < COUNT; i += 3) {
            check(await items.findOneAndUpdate({ _id: i }, { $set: { group: i % 5 } }, { returnDocument: 'after' }));
          }
        },
      ];
      await Promise.all([...readers, ...readers].map((read) => read()));
    }, 60_000);
  },
);
