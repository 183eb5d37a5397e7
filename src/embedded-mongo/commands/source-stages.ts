import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { lsidWithUser } from '../sessions/session.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import type { CommandContext } from './context.js';

type Documents = AsyncIterable<Document>;

async function* list(documents: Document[]): AsyncGenerator<Document> {
  yield* documents;
}

/** Stages that say something about the server instead of reading documents; null for any other name. */
export function openSource(
  context: CommandContext,
  ns: string,
  info: CollectionInfo | undefined,
  name: string,
  spec: unknown,
): Documents | null {
  switch (name) {
    case '$collStats':
      return list([collStats(context, ns, info, spec)]);
    case '$indexStats':
      return list(indexStats(context, info));
    case '$listLocalSessions':
      return list(ownSession(context));
    case '$currentOp':
    case '$listSessions':
    case '$planCacheStats':
    case '$querySettings':
      return list([]);
    case '$search':
    case '$searchMeta':
    case '$vectorSearch':
    case '$listSearchIndexes':
      throw new MongoError(115, `${name} is a stage of Atlas Search, which the embedded store does not have`);
    case '$geoNear':
      throw new MongoError(115, '$geoNear is not supported by the embedded store');
    default:
      return null;
  }
}

/** The one session that is surely alive: the client's own. */
function ownSession({ session, connection }: CommandContext): Document[] {
  return session ? [{ _id: lsidWithUser(session.lsid, connection.user), lastUse: new Date() }] : [];
}

function collStats(
  { connection }: CommandContext,
  ns: string,
  info: CollectionInfo | undefined,
  spec: unknown,
): Document {
  if (!isDocument(spec)) throw new MongoError(5447000, '$collStats must take a nested object');
  if (!info)
    throw new MongoError(
      26,
      `Unable to retrieve storageStats in $collStats stage :: caused by :: Collection [${ns}] not found.`,
    );
  const { count, bytes } = info.stats;
  return {
    ns,
    host: connection.local,
    localTime: new Date(),
    ...(spec['count'] ? { count } : {}),
    ...(spec['storageStats']
      ? {
          storageStats: {
            size: bytes,
            count,
            avgObjSize: count > 0 ? Math.floor(bytes / count) : 0,
            storageSize: bytes,
            freeStorageSize: 0,
            capped: info.capped !== undefined,
            nindexes: info.indexes.length + (info.capped ? 0 : 1),
            totalIndexSize: 0,
            totalSize: bytes,
            indexSizes: {},
          },
        }
      : {}),
    ...(spec['latencyStats'] ? { latencyStats: {} } : {}),
  };
}

function indexStats({ connection, server }: CommandContext, info: CollectionInfo | undefined): Document[] {
  if (!info) return [];
  const accesses = { ops: 0, since: server.startedAt };
  const own = info.indexes.map(({ name, spec }) => ({
    name,
    key: spec['key'],
    host: connection.local,
    accesses,
    spec,
  }));
  const id = {
    name: '_id_',
    key: { _id: 1 },
    host: connection.local,
    accesses,
    spec: { v: 2, key: { _id: 1 }, name: '_id_' },
  };
  return info.capped ? own : [id, ...own];
}
