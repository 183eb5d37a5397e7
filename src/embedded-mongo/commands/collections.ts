import { Binary, Long } from 'bson';
import { encode } from '../bson/codec.js';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { compileFilter } from '../query/match.js';
import { toBoolean, toInteger } from '../storage/integers.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import {
  allowOnly,
  namespaceOf,
  optionalDocument,
  requiredDocument,
  requiredString,
  writableNamespace,
} from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { ListSource } from './cursor-source.js';
import { checkedOptions, checkValidator, CREATE_OPTIONS } from './collection-options.js';

async function create(context: CommandContext): Promise<Reply> {
  allowOnly(context, CREATE_OPTIONS);
  const ns = writableNamespace(context.db, context.command[context.name] as string);
  const options = checkedOptions(context);
  const { server } = context;
  return server.transactions.structural(context, (names) => {
    const existing = names.find(ns);
    if (existing) {
      if (sameOptions(existing, options)) return { ok: 1 };
      throw new MongoError(48, `Collection ${ns} already exists.`);
    }
    const type =
      options['viewOn'] !== undefined ? 'view' : options['timeseries'] !== undefined ? 'timeseries' : 'collection';
    names.create(ns, options, type);
    return { ok: 1 };
  });
}

function sameOptions(existing: CollectionInfo, options: Document): boolean {
  return encode(existing.options).equals(encode(options));
}

async function drop(context: CommandContext): Promise<Reply> {
  const ns = namespaceOf(context);
  const { server } = context;
  return server.store.write(() => {
    const info = server.store.catalog.find(ns);
    if (!info) return { ok: 1 };
    server.transactions.refuseIfLocked(info);
    server.store.drop(info);
    server.store.feed.structural('drop', info.db, info.name);
    server.cursors.closeOfNamespace((other) => other === ns);
    return { ...(info.type === 'view' ? {} : { nIndexesWas: info.indexes.length + (info.capped ? 0 : 1) }), ns, ok: 1 };
  });
}

async function dropDatabase({ server, db }: CommandContext): Promise<Reply> {
  return server.store.write(() => {
    const infos = server.store.catalog.list(db);
    for (const info of infos) {
      server.transactions.refuseIfLocked(info);
      server.store.drop(info);
      server.store.feed.structural('drop', db, info.name);
    }
    if (infos.length > 0) server.store.feed.structural('dropDatabase', db, undefined);
    server.cursors.closeOfNamespace((ns) => ns.startsWith(`${db}.`));
    return { ...(infos.length > 0 ? { dropped: db } : {}), ok: 1 };
  });
}

async function renameCollection(context: CommandContext): Promise<Reply> {
  const { server, command } = context;
  const from = requiredString(context, context.name);
  const to = requiredString(context, 'to');
  const dot = to.indexOf('.');
  if (dot <= 0) throw new MongoError(73, `Invalid target namespace: ${to}`);
  writableNamespace(to.slice(0, dot), to.slice(dot + 1));
  return server.store.write(() => {
    const { catalog, feed } = server.store;
    const info = catalog.find(from);
    if (!info) throw new MongoError(26, `Source collection ${from} does not exist`);
    if (from === to) throw new MongoError(20, "Can't rename a collection to itself");
    if (info.type !== 'collection') throw new MongoError(166, `Namespace ${from} is a ${info.type}, not a collection`);
    server.transactions.refuseIfLocked(info);
    const target = catalog.find(to);
    if (target && !toBoolean(command['dropTarget'])) throw new MongoError(48, 'target namespace exists');
    if (target) server.store.drop(target);
    const source = { db: info.db, name: info.name };
    catalog.rename(info, to);
    feed.structural('rename', source.db, source.name, {
      to: { db: info.db, coll: info.name },
      ...(target ? { dropTarget: new Binary(target.uuid, Binary.SUBTYPE_UUID) } : {}),
    });
    server.cursors.closeOfNamespace((ns) => ns === from || ns === to);
    return { ok: 1 };
  });
}

async function collMod(context: CommandContext): Promise<Reply> {
  const ns = namespaceOf(context);
  const { server, command } = context;
  return server.store.write(() => {
    const { catalog, feed } = server.store;
    const info = catalog.find(ns);
    if (!info) throw new MongoError(26, `ns does not exist: ${ns}`);
    const reply: Reply = {};
    if (command['index'] !== undefined) Object.assign(reply, modifyIndex(info, requiredDocument(context, 'index')));
    modifyOptions(context, info);
    catalog.touch(info);
    feed.structural('modify', info.db, info.name);
    return { ...reply, ok: 1 };
  });
}

function modifyIndex(info: CollectionInfo, change: Document): Document {
  const { name, keyPattern, expireAfterSeconds, hidden } = change;
  if (change['unique'] !== undefined || change['prepareUnique'] !== undefined) {
    throw new MongoError(
      115,
      'collMod cannot make an index unique in the embedded store: create a unique index instead',
    );
  }
  const index = info.indexes.find(
    (candidate) =>
      candidate.name === name ||
      (isDocument(keyPattern) && encode(candidate.spec['key'] as Document).equals(encode(keyPattern))),
  );
  if (!index) throw new MongoError(27, `cannot find index ${String(name)} for ns ${info.ns}`);
  const reply: Document = {};
  const spec: Document = { ...index.spec };
  if (expireAfterSeconds !== undefined) {
    if (index.expireAfterSeconds !== undefined)
      reply['expireAfterSeconds_old'] = Long.fromNumber(index.expireAfterSeconds);
    index.expireAfterSeconds = toInteger(expireAfterSeconds, 0);
    spec['expireAfterSeconds'] = index.expireAfterSeconds;
    reply['expireAfterSeconds_new'] = Long.fromNumber(index.expireAfterSeconds);
  }
  if (hidden !== undefined) {
    reply['hidden_old'] = index.hidden;
    index.hidden = toBoolean(hidden);
    reply['hidden_new'] = index.hidden;
    if (index.hidden) spec['hidden'] = true;
    else delete spec['hidden'];
  }
  index.spec = spec;
  return reply;
}

function modifyOptions(context: CommandContext, info: CollectionInfo): void {
  const options: Document = { ...info.options };
  for (const name of [
    'validator',
    'validationLevel',
    'validationAction',
    'viewOn',
    'pipeline',
    'changeStreamPreAndPostImages',
  ]) {
    if (context.command[name] !== undefined) options[name] = context.command[name];
  }
  if (context.command['validator'] !== undefined) checkValidator(context, options);
  const validator = options['validator'];
  if (isDocument(validator) && Object.keys(validator).length === 0) delete options['validator'];
  info.options = options;
}

async function listCollections(context: CommandContext): Promise<Reply> {
  const { server, db, command } = context;
  const filter = optionalDocument(context, 'filter') ?? {};
  const matcher = compileFilter(filter, {});
  const nameOnly = toBoolean(command['nameOnly']);
  const documents: Buffer[] = [];
  for (const info of server.transactions.read(context).names.list(db)) {
    const described = describe(info);
    if (!matcher.matches(described)) continue;
    documents.push(encode(nameOnly ? { name: info.name, type: info.type } : described));
  }
  const batchSize = optionalDocument(context, 'cursor')?.['batchSize'];
  const ns = `${db}.$cmd.listCollections`;
  return server.cursors.open(
    context,
    { ns, source: new ListSource(documents) },
    batchSize === undefined ? undefined : toInteger(batchSize, 0),
  );
}

function describe(info: CollectionInfo): Document {
  const isView = info.type === 'view';
  return {
    name: info.name,
    type: info.type,
    options: info.options,
    info: { readOnly: isView, ...(isView ? {} : { uuid: new Binary(info.uuid, Binary.SUBTYPE_UUID) }) },
    ...(isView ? {} : { idIndex: { v: 2, key: { _id: 1 }, name: '_id_' } }),
  };
}

function listDatabases(context: CommandContext): Reply {
  const { server, command, db } = context;
  if (db !== 'admin') throw new MongoError(13, 'listDatabases may only be run against the admin database.');
  const matcher = compileFilter(optionalDocument(context, 'filter') ?? {}, {});
  const nameOnly = toBoolean(command['nameOnly']);
  let totalSize = 0;
  const databases: Document[] = [];
  for (const name of server.store.catalog.databases()) {
    const infos = server.store.catalog.list(name);
    const sizeOnDisk = infos.reduce((sum, { stats }) => sum + stats.bytes, 0);
    const described: Document = { name, sizeOnDisk, empty: infos.every(({ stats }) => stats.count === 0) };
    if (!matcher.matches(described)) continue;
    totalSize += sizeOnDisk;
    databases.push(nameOnly ? { name } : described);
  }
  return { databases, ...(nameOnly ? {} : { totalSize, totalSizeMb: Math.floor(totalSize / 1024 / 1024) }), ok: 1 };
}

export const collectionCommands: CommandTable = {
  create: { run: create, stable: true, transaction: true },
  drop: { run: drop, stable: true },
  dropDatabase: { run: dropDatabase, stable: true },
  renameCollection: { run: renameCollection },
  collMod: { run: collMod, stable: true },
  listCollections: { run: listCollections, stable: true },
  listDatabases: { run: listDatabases, stable: true },
};
