import { Binary, Long } from 'bson';
import { encode } from '../bson/codec.js';
import { type Document, isDocument, isNumeric } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { compileCollation } from '../query/collation.js';
import { compileFilter } from '../query/match.js';
import { toBoolean, toInteger } from '../storage/integers.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import { allowOnly, namespaceOf, optionalDocument, requiredDocument, requiredString, writableNamespace } from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { ListSource } from './cursor-source.js';
import { refusePipelineOf } from './views.js';

const CREATE_OPTIONS = new Set([
  'capped', 'size', 'max', 'collation', 'validator', 'validationLevel', 'validationAction', 'viewOn', 'pipeline',
  'storageEngine', 'indexOptionDefaults', 'autoIndexId', 'idIndex', 'expireAfterSeconds', 'timeseries', 'clusteredIndex',
  'changeStreamPreAndPostImages', 'flags', 'temp', 'encryptedFields',
]); // prettier-ignore
/** Options that only steer the command or say nothing: they are not kept. */
const NOT_STORED = new Set(['autoIndexId', 'idIndex', 'storageEngine', 'indexOptionDefaults', 'flags', 'temp']);

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
    const type = options['viewOn'] !== undefined ? 'view' : options['timeseries'] !== undefined ? 'timeseries' : 'collection';
    names.create(ns, options, type);
    return { ok: 1 };
  });
}

function sameOptions(existing: CollectionInfo, options: Document): boolean {
  return encode(existing.options).equals(encode(options));
}

function checkedOptions(context: CommandContext): Document {
  const { command } = context;
  const options: Document = {};
  for (const [name, value] of Object.entries(command)) {
    if (CREATE_OPTIONS.has(name) && !NOT_STORED.has(name) && value !== undefined && value !== null) options[name] = value;
  }
  checkCapped(options);
  if (options['collation'] !== undefined) {
    const collation = compileCollation(options['collation']);
    if (collation) options['collation'] = { ...collation.spec, version: '57.1' };
    else delete options['collation'];
  }
  if (options['validator'] !== undefined) checkValidator(context, options);
  if (options['viewOn'] !== undefined) checkView(context, options);
  else if (options['pipeline'] !== undefined) throw new MongoError(72, "'pipeline' requires 'viewOn' to also be specified");
  checkClustered(options);
  checkTimeseries(options);
  return options;
}

function checkCapped(options: Document): void {
  const { capped, size, max } = options;
  if (capped !== undefined && !toBoolean(capped)) {
    delete options['capped'];
    delete options['size'];
    delete options['max'];
    return;
  }
  if (capped === undefined) {
    if (size !== undefined) throw new MongoError(72, "the 'capped' field needs to be true when either the 'size' or 'max' fields are present");
    if (max !== undefined) throw new MongoError(72, "the 'capped' field needs to be true when either the 'size' or 'max' fields are present");
    return;
  }
  if (size === undefined) throw new MongoError(72, "the 'size' field is required when 'capped' is true");
  if (!isNumeric(size)) throw new MongoError(14, "the 'size' field has to be a number");
  if (toInteger(size, 0) <= 0) throw new MongoError(51024, "BSON field 'size' value must be >= 1");
  options['capped'] = true;
}

function checkValidator(context: CommandContext, options: Document): void {
  const validator = requiredDocument(context, 'validator');
  if (Object.keys(validator).length > 0) compileFilter(validator, {});
  const { validationLevel: level, validationAction: action } = options;
  if (level !== undefined && !['off', 'strict', 'moderate'].includes(level as string)) {
    throw new MongoError(2, `Enumeration value '${String(level)}' for field 'validationLevel' is not a valid value.`);
  }
  if (action !== undefined && !['error', 'warn'].includes(action as string)) {
    throw new MongoError(2, `Enumeration value '${String(action)}' for field 'validationAction' is not a valid value.`);
  }
}

function checkView(context: CommandContext, options: Document): void {
  requiredString(context, 'viewOn');
  const { pipeline = [] } = options;
  if (!Array.isArray(pipeline) || !pipeline.every(isDocument)) throw new MongoError(14, "'pipeline' must be an array of objects");
  refusePipelineOf(pipeline);
  options['pipeline'] = pipeline;
}

function checkClustered(options: Document): void {
  const { clusteredIndex } = options;
  if (clusteredIndex === undefined) return;
  // Every collection is stored by its _id here, so a clustered index costs and changes nothing.
  if (!isDocument(clusteredIndex) || clusteredIndex['unique'] !== true) {
    throw new MongoError(67, "The 'clusteredIndex' option requires { key: { _id: 1 }, unique: true }");
  }
  options['clusteredIndex'] = { v: 2, key: { _id: 1 }, name: clusteredIndex['name'] ?? '_id_', unique: true };
}

function checkTimeseries(options: Document): void {
  const { timeseries } = options;
  if (timeseries === undefined) return;
  if (!isDocument(timeseries) || typeof timeseries['timeField'] !== 'string') {
    throw new MongoError(40414, "BSON field 'create.timeseries.timeField' is missing but a required field");
  }
  options['timeseries'] = { granularity: 'seconds', bucketMaxSpanSeconds: 3600, ...timeseries };
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
  const index = info.indexes.find(
    (candidate) =>
      candidate.name === name ||
      (isDocument(keyPattern) && encode(candidate.spec['key'] as Document).equals(encode(keyPattern))),
  );
  if (!index) throw new MongoError(27, `cannot find index ${String(name)} for ns ${info.ns}`);
  const reply: Document = {};
  const spec: Document = { ...index.spec };
  if (expireAfterSeconds !== undefined) {
    if (index.expireAfterSeconds !== undefined) reply['expireAfterSeconds_old'] = Long.fromNumber(index.expireAfterSeconds);
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
  for (const name of ['validator', 'validationLevel', 'validationAction', 'viewOn', 'pipeline', 'changeStreamPreAndPostImages']) {
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
  return server.cursors.open(context, { ns, source: new ListSource(documents) }, batchSize === undefined ? undefined : toInteger(batchSize, 0));
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
