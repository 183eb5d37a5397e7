import { Readable } from 'node:stream';
import {
  type AbstractCursor,
  type ChangeStream,
  type ClientSession,
  type Collection,
  type Db,
  type Document,
  GridFSBucket,
  MongoClient,
  ReadPreference,
} from 'mongodb';
import { concerns, type Entities } from './entities.js';
import type { UnifiedOperation } from './types.js';

type Runner = (target: never, options: Document, entities: Entities) => Promise<unknown>;

/** A test needs something the runner (or the driver) does not have. */
export class NotSupported extends Error {}

/** Runs one operation on an entity and gives its result in the form tests expect. */
export async function runOperation(operation: UnifiedOperation, entities: Entities): Promise<unknown> {
  const run = operations[operation.name];
  if (!run) throw new NotSupported(`operation ${operation.name}`);
  const { session, ...given } = operation.arguments ?? {};
  const options: Document = {
    ...concerns(given),
    ...(session ? { session: entities.get<ClientSession>(session as string) } : {}),
  };
  return run(entities.get<never>(operation.object), options, entities);
}

const list = (cursor: AbstractCursor): Promise<unknown[]> => cursor.toArray();

function split<K extends string>(options: Document, ...names: K[]): Record<K, Document[string]> & { rest: Document } {
  const rest = { ...options };
  const picked: Document = {};
  for (const name of names) {
    picked[name] = rest[name];
    delete rest[name];
  }
  return { ...picked, rest } as never;
}

const collectionOperations: Record<string, (target: Collection, options: Document) => Promise<unknown>> = {
  find: async (target, options) => {
    const { filter, rest } = split(options, 'filter');
    return list(target.find(filter, rest));
  },
  findOne: async (target, options) => {
    const { filter, rest } = split(options, 'filter');
    return target.findOne(filter, rest);
  },
  insertOne: (target, options) => {
    const { document, rest } = split(options, 'document');
    return target.insertOne({ ...document }, rest);
  },
  insertMany: (target, options) => {
    const { documents, rest } = split(options, 'documents');
    return target.insertMany(
      (documents as Document[]).map((document) => ({ ...document })),
      rest,
    );
  },
  updateOne: (target, options) => {
    const { filter, update, rest } = split(options, 'filter', 'update');
    return target.updateOne(filter, update, rest);
  },
  updateMany: (target, options) => {
    const { filter, update, rest } = split(options, 'filter', 'update');
    return target.updateMany(filter, update, rest);
  },
  replaceOne: (target, options) => {
    const { filter, replacement, rest } = split(options, 'filter', 'replacement');
    return target.replaceOne(filter, replacement, rest);
  },
  deleteOne: (target, options) => {
    const { filter, rest } = split(options, 'filter');
    return target.deleteOne(filter, rest);
  },
  deleteMany: (target, options) => {
    const { filter, rest } = split(options, 'filter');
    return target.deleteMany(filter, rest);
  },
  bulkWrite: (target, options) => {
    const { requests, rest } = split(options, 'requests');
    return target.bulkWrite(requests, rest);
  },
  findOneAndUpdate: (target, options) => {
    const { filter, update, rest } = split(options, 'filter', 'update');
    return target.findOneAndUpdate(filter, update, returning(rest));
  },
  findOneAndReplace: (target, options) => {
    const { filter, replacement, rest } = split(options, 'filter', 'replacement');
    return target.findOneAndReplace(filter, replacement, returning(rest));
  },
  findOneAndDelete: (target, options) => {
    const { filter, rest } = split(options, 'filter');
    return target.findOneAndDelete(filter, rest);
  },
  countDocuments: (target, options) => {
    const { filter, rest } = split(options, 'filter');
    return target.countDocuments(filter, rest);
  },
  count: (target, options) => {
    const { filter, rest } = split(options, 'filter');
    return target.count(filter, rest);
  },
  estimatedDocumentCount: (target, options) => target.estimatedDocumentCount(options),
  distinct: (target, options) => {
    const { fieldName, filter, rest } = split(options, 'fieldName', 'filter');
    return target.distinct(fieldName, filter, rest);
  },
  createIndex: (target, options) => {
    const { keys, rest } = split(options, 'keys');
    return target.createIndex(keys, rest);
  },
  dropIndex: (target, options) => {
    const { name, rest } = split(options, 'name');
    return target.dropIndex(name, rest);
  },
  dropIndexes: (target, options) => target.dropIndexes(options),
  listIndexes: (target, options) => list(target.listIndexes(options)),
  listIndexNames: async (target, options) =>
    (await target.listIndexes(options).toArray()).map(({ name }) => name as string),
  rename: (target, options) => {
    const { to, rest } = split(options, 'to');
    return target.rename(to, rest);
  },
};

const returning = (options: Document): Document => ({
  ...options,
  ...(options.returnDocument ? { returnDocument: String(options.returnDocument).toLowerCase() } : {}),
});

const databaseOperations: Record<string, (target: Db, options: Document, entities: Entities) => Promise<unknown>> = {
  runCommand: (target, options) => {
    const { command, commandName: _, rest } = split(options, 'command', 'commandName');
    return target.command(command, rest);
  },
  runCursorCommand: async (target, options) => list(commandCursor(target, options)),
  createCommandCursor: async (target, options) => {
    const cursor = commandCursor(target, options);
    await initialize(cursor);
    return cursor;
  },
  createCollection: (target, options) => {
    const { collection, rest } = split(options, 'collection');
    return target.createCollection(collection, rest);
  },
  dropCollection: (target, options) => {
    const { collection, rest } = split(options, 'collection');
    return target.dropCollection(collection, rest);
  },
  listCollections: (target, options) => {
    const { filter, rest } = split(options, 'filter');
    return list(target.listCollections(filter ?? {}, rest));
  },
  listCollectionNames: async (target, options) => {
    const { filter, rest } = split(options, 'filter');
    return (await target.listCollections(filter ?? {}, { nameOnly: true, ...rest }).toArray()).map(({ name }) => name);
  },
  modifyCollection: (target, options) => {
    const { collection, rest } = split(options, 'collection');
    const { session, ...command } = rest;
    return target.command({ collMod: collection, ...command }, session ? { session } : {});
  },
  dropDatabase: (target, options) => {
    const { databaseName, database, rest } = split(options, 'databaseName', 'database');
    const db = target instanceof MongoClient ? target.db((databaseName ?? database) as string) : target;
    return db.dropDatabase(rest);
  },
};

function commandCursor(target: Db, options: Document) {
  const {
    command,
    commandName: _,
    cursorType,
    timeoutMode: __,
    batchSize,
    comment,
    maxTimeMS,
    rest,
  } = split(options, 'command', 'commandName', 'cursorType', 'timeoutMode', 'batchSize', 'comment', 'maxTimeMS');
  const cursor = target.runCursorCommand(command, {
    ...rest,
    ...(cursorType ? { tailable: cursorType !== 'nonTailable', awaitData: cursorType === 'tailableAwait' } : {}),
  });
  if (batchSize !== undefined) cursor.setBatchSize(batchSize);
  if (comment !== undefined) cursor.setComment(comment);
  if (maxTimeMS !== undefined) cursor.setMaxTimeMS(maxTimeMS);
  return cursor;
}

const clientOperations: Record<string, (target: MongoClient, options: Document) => Promise<unknown>> = {
  listDatabases: (target, options) => target.db('admin').admin().listDatabases(options),
  listDatabaseNames: async (target, options) =>
    (
      await target
        .db('admin')
        .admin()
        .listDatabases({ ...options, nameOnly: true })
    ).databases.map(({ name }) => name),
  clientBulkWrite: (target, options) => {
    const { models, rest } = split(options, 'models');
    const flat = (models as Document[]).map((model) => {
      const [kind = ''] = Object.keys(model);
      return { name: kind, ...(model[kind] as Document) };
    });
    return target.bulkWrite(flat as never, rest);
  },
};

const bucketOperations: Record<string, (target: GridFSBucket, options: Document) => Promise<unknown>> = {
  upload: (target, options) => {
    const { source, filename, rest } = split(options, 'source', 'filename');
    const { contentType, metadata, ...others } = rest;
    const stream = target.openUploadStream(filename, {
      ...others,
      ...(contentType || metadata ? { metadata: { ...metadata, ...(contentType ? { contentType } : {}) } } : {}),
    });
    return new Promise((resolve, reject) => {
      Readable.from([Buffer.from(source.$$hexBytes, 'hex')])
        .pipe(stream)
        .on('error', reject)
        .on('finish', () => resolve(stream.gridFSFile?._id));
    });
  },
  download: (target, options) => readAll(target.openDownloadStream(options.id)),
  downloadByName: (target, options) => {
    const { filename, rest } = split(options, 'filename');
    return readAll(target.openDownloadStreamByName(filename, rest));
  },
  delete: (target, options) => target.delete(options.id),
  rename: (target, options) => target.rename(options.id, options.newFilename),
};

async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const sessionOperations: Record<
  string,
  (target: ClientSession, options: Document, entities: Entities) => Promise<unknown>
> = {
  startTransaction: async (target, options) => target.startTransaction(withPreference(options)),
  commitTransaction: (target, options) => target.commitTransaction(options),
  abortTransaction: (target, options) => target.abortTransaction(options),
  endSession: (target) => target.endSession(),
  getSnapshotTime: async () => {
    throw new NotSupported('snapshot sessions');
  },
};

const withPreference = (options: Document): Document =>
  typeof options.readPreference === 'string'
    ? { ...options, readPreference: ReadPreference.fromString(options.readPreference) }
    : options;

const streamOperations: Record<string, (target: AbstractCursor | ChangeStream) => Promise<unknown>> = {
  iterateUntilDocumentOrError: (target) => target.next(),
  iterateOnce: (target) => target.tryNext(),
  close: (target) => target.close(),
};

/** Operations several kinds of entities have are found by what the target is. */
const operations: Record<string, Runner> = {
  ...(collectionOperations as Record<string, Runner>),
  ...(databaseOperations as Record<string, Runner>),
  ...(clientOperations as Record<string, Runner>),
  ...(sessionOperations as Record<string, Runner>),
  ...(streamOperations as Record<string, Runner>),
  aggregate: async (target: Collection | Db, options: Document) => {
    const { pipeline, rest } = split(options, 'pipeline');
    return list(target.aggregate(pipeline, rest));
  },
  createChangeStream: async (target: Collection | Db | MongoClient, options: Document) => {
    const { pipeline, rest } = split(options, 'pipeline');
    const stream = target.watch(pipeline, rest);
    // Opens the cursor now: what happens next must be seen by it.
    await initialize(stream);
    return stream;
  },
  createFindCursor: async (target: Collection, options: Document) => {
    const { filter, rest } = split(options, 'filter');
    const cursor = target.find(filter, rest);
    await initialize(cursor);
    return cursor;
  },
  upload: bucketOperations.upload as Runner,
  download: bucketOperations.download as Runner,
  downloadByName: bucketOperations.downloadByName as Runner,
  delete: bucketOperations.delete as Runner,
  rename: (target: Collection | GridFSBucket, options: Document) =>
    target instanceof GridFSBucket
      ? (bucketOperations.rename as NonNullable<(typeof bucketOperations)[string]>)(target, options)
      : (collectionOperations.rename as NonNullable<(typeof collectionOperations)[string]>)(target, options),
  close: async (target: { close(): Promise<void> }) => target.close(),
};

async function initialize(source: ChangeStream | AbstractCursor): Promise<void> {
  const cursor =
    (source as unknown as { cursor?: { _initialize?: () => Promise<void>; cursorInit?: () => Promise<void> } })
      .cursor ?? source;
  const inner = cursor as { cursorInit?: () => Promise<void> };
  if (inner.cursorInit) await inner.cursorInit();
}
