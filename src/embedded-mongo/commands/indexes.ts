import { encode } from '../bson/codec.js';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { compileCollation } from '../query/collation.js';
import { compileFilter } from '../query/match.js';
import { isNewCollection } from '../sessions/transaction.js';
import type { DocumentWriter } from '../sessions/writer.js';
import type { CollectionInfo, IndexInfo } from '../storage/catalog-types.js';
import { IndexBuilder } from './index-builder.js';
import { normalizeIndexSpec, parseIndexSpec } from '../storage/index-spec.js';
import { toInteger } from '../storage/integers.js';
import { sameKey } from '../storage/planner.js';
import { namespaceOf, optionalArray, optionalDocument, writableNamespace } from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { ListSource } from './cursor-source.js';
import { refuseView } from './views.js';

const MAX_INDEXES = 64;
const ID_INDEX: Document = { v: 2, key: { _id: 1 }, name: '_id_' };

async function createIndexes(context: CommandContext): Promise<Reply> {
  const { server, db, command } = context;
  namespaceOf(context);
  const ns = writableNamespace(db, command[context.name] as string);
  const given = optionalArray(context, 'indexes');
  if (!given || given.length === 0) throw new MongoError(2, 'Must specify at least one index to create');
  const specs = given.map((spec) => {
    if (!isDocument(spec)) throw new MongoError(14, 'indexes must be documents');
    return checkedSpec(spec);
  });
  if (context.session?.autocommit === false) return inTransaction(context, ns, specs);
  const builder = new IndexBuilder(server.store);
  return builder.build((writer) => prepare(writer, ns, specs, server.store.catalog));
}

function checkedSpec(given: Document): Document {
  const spec = normalizeIndexSpec(given);
  if (isDocument(spec['partialFilterExpression'])) compileFilter(spec['partialFilterExpression']);
  if (spec['collation'] !== undefined) {
    const collation = compileCollation(spec['collation']);
    spec['collation'] = { ...collation?.spec, version: '57.1' };
  }
  return spec;
}

/** The indexes of a command that do not exist yet, and what the reply says about before. */
export interface PreparedIndexes {
  info: CollectionInfo;
  added: IndexInfo[];
  reply: Document;
}

function prepare(
  writer: Pick<DocumentWriter, 'names'>,
  ns: string,
  specs: Document[],
  ids: { takeId(): number },
): PreparedIndexes {
  const known = writer.names.find(ns);
  refuseView(known);
  const info = known ?? writer.names.create(ns, {});
  const before = countIndexes(info);
  const added: IndexInfo[] = [];
  for (const given of specs) {
    const spec = withDefaultCollation(given, info);
    if (isSameAsExisting([...info.indexes, ...added], spec)) continue;
    added.push(parseIndexSpec(spec, ids.takeId()));
  }
  if (before + added.length > MAX_INDEXES) throw new MongoError(67, `add index fails, too many indexes for ${ns}`);
  const reply: Document = {
    numIndexesBefore: before,
    numIndexesAfter: before + added.length,
    createdCollectionAutomatically: known === undefined,
    ...(added.length === 0 ? { note: 'all indexes already exist' } : {}),
    ok: 1,
  };
  return { info, added, reply };
}

function withDefaultCollation(spec: Document, info: CollectionInfo): Document {
  const inherited = info.options['collation'];
  if (spec['collation'] !== undefined || !isDocument(inherited) || spec['name'] === '_id_') return spec;
  return { ...spec, collation: inherited };
}

/**
 * True when the very index exists already.
 * @throws MongoError 85 IndexOptionsConflict, 86 IndexKeySpecsConflict
 */
function isSameAsExisting(indexes: IndexInfo[], spec: Document): boolean {
  if (sameKey(spec['key'] as Document, { _id: 1 })) return true;
  if (sameKey(spec['key'] as Document, { _id: -1 }) && spec['name'] === '_id_') return true;
  for (const { spec: other, name, text } of indexes) {
    const sameName = name === spec['name'];
    const sameFields = sameKey(other['key'] as Document, spec['key'] as Document) && sameVariant(other, spec);
    if (sameName && sameFields) {
      if (sameOptions(other, spec)) return true;
      throw new MongoError(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${JSON.stringify(spec)}, existing index: ${JSON.stringify(other)}`,
      );
    }
    if (sameFields) {
      if (sameOptions(other, spec)) {
        throw new MongoError(85, `Index already exists with a different name: ${name}`);
      }
      throw new MongoError(
        85,
        `An equivalent index already exists with the same name but different options. Requested index: ${JSON.stringify(spec)}, existing index: ${JSON.stringify(other)}`,
      );
    }
    if (sameName) {
      throw new MongoError(
        86,
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${JSON.stringify(spec)}, existing index: ${JSON.stringify(other)}`,
      );
    }
    if (text && spec['weights'] !== undefined) throw new MongoError(85, 'only one text index per collection allowed');
  }
  return false;
}

/** Indexes over the same fields may coexist when their filter or collation differ. */
function sameVariant(a: Document, b: Document): boolean {
  return ['partialFilterExpression', 'collation'].every((name) => sameOption(a, b, name));
}

function sameOptions(a: Document, b: Document): boolean {
  return ['unique', 'sparse', 'expireAfterSeconds', 'weights', 'default_language'].every((name) =>
    sameOption(a, b, name),
  );
}

const sameOption = (a: Document, b: Document, name: string): boolean =>
  encode({ value: a[name] ?? null }).equals(encode({ value: b[name] ?? null }));

/** Inside a transaction indexes can be made on empty collections only, as in MongoDB. */
async function inTransaction(context: CommandContext, ns: string, specs: Document[]): Promise<Reply> {
  const { server } = context;
  return server.transactions.write(context, (writer) => {
    const { info, added, reply } = prepare(writer, ns, specs, server.store.catalog);
    if (added.length > 0 && !isNewCollection(writer, info)) {
      throw new MongoError(
        263,
        `Cannot create new indexes on existing collection ${ns} in a multi-document transaction.`,
      );
    }
    info.indexes = [...info.indexes, ...added];
    return reply;
  });
}

async function dropIndexes(context: CommandContext): Promise<Reply> {
  const ns = namespaceOf(context);
  const { server, command } = context;
  return server.store.write(() => {
    const info = server.store.catalog.find(ns);
    if (!info) throw new MongoError(26, `ns not found ${ns}`);
    refuseView(info);
    const nIndexesWas = countIndexes(info);
    const names = namesToDrop(info, command['index']);
    const dropped = info.indexes.filter(({ name }) => names.includes(name)).map(({ spec }) => spec);
    server.store.dropIndexes(info, names);
    if (dropped.length > 0) server.store.feed.structural('dropIndexes', info.db, info.name, { indexes: dropped });
    return {
      nIndexesWas,
      ...(command['index'] === '*' ? { msg: 'non-_id indexes dropped for collection' } : {}),
      ok: 1,
    };
  });
}

function namesToDrop(info: CollectionInfo, wanted: unknown): string[] {
  if (wanted === '*') return info.indexes.map(({ name }) => name).filter((name) => name !== '_id_');
  if (isDocument(wanted)) {
    if (sameKey(wanted, { _id: 1 })) throw new MongoError(72, 'cannot drop _id index');
    const found = info.indexes.filter(({ spec }) => sameKey(spec['key'] as Document, wanted));
    const byText = info.indexes.filter(({ text }) => text && Object.values(wanted).includes('text'));
    const [index] = found.length > 0 ? found : byText;
    if (!index) throw new MongoError(27, `can't find index with key: ${JSON.stringify(wanted)}`);
    return [index.name];
  }
  const names = Array.isArray(wanted) ? (wanted as unknown[]) : [wanted];
  return names.map((name) => {
    if (typeof name !== 'string') throw new MongoError(14, "BSON field 'dropIndexes.index' is the wrong type");
    if (name === '_id_') throw new MongoError(72, 'cannot drop _id index');
    if (!info.indexes.some((index) => index.name === name))
      throw new MongoError(27, `index not found with name [${name}]`);
    return name;
  });
}

async function listIndexes(context: CommandContext): Promise<Reply> {
  const { server } = context;
  const ns = namespaceOf(context);
  const info = server.transactions.read(context).names.find(ns);
  if (!info) throw new MongoError(26, `ns does not exist: ${ns}`);
  refuseView(info);
  const specs = [
    ...(info.capped ? [] : [idSpec(info)]),
    ...info.indexes.filter(({ building }) => !building).map(({ spec }) => spec),
  ];
  const documents = specs.map((spec) => encode(spec));
  const batchSize = optionalDocument(context, 'cursor')?.['batchSize'];
  return server.cursors.open(
    context,
    { ns, source: new ListSource(documents) },
    batchSize === undefined ? undefined : toInteger(batchSize, 0),
  );
}

function idSpec(info: CollectionInfo): Document {
  const { clusteredIndex, collation } = info.options;
  if (isDocument(clusteredIndex)) return { ...clusteredIndex, clustered: true };
  return isDocument(collation) ? { ...ID_INDEX, collation } : ID_INDEX;
}

/** The index on `_id` is the order of storage itself; only capped collections list a real one. */
export const countIndexes = (info: CollectionInfo): number => info.indexes.length + (info.capped ? 0 : 1);

export const indexCommands: CommandTable = {
  createIndexes: { run: createIndexes, stable: true, transaction: true },
  dropIndexes: { run: dropIndexes, stable: true },
  deleteIndexes: { run: dropIndexes },
  listIndexes: { run: listIndexes, stable: true },
};
