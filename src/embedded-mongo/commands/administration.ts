import { hostname, totalmem, cpus, type, release } from 'node:os';
import { Long } from 'bson';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { sessionKey } from '../sessions/session.js';
import { namespaceOf, optionalArray, optionalDocument, requiredString } from './arguments.js';
import { Binary } from 'bson';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { replicaSetStatus, SERVER_VERSION } from './handshake.js';
import { countIndexes } from './indexes.js';

function endSessions(context: CommandContext): Reply {
  const { server, connection } = context;
  for (const lsid of optionalArray(context, context.name) ?? []) {
    const id = isDocument(lsid) ? lsid['id'] : undefined;
    if (!(id instanceof Binary)) continue;
    const key = sessionKey(id, connection.user);
    server.transactions.endSession(key);
    server.cursors.closeOfSession(key);
  }
  return { ok: 1 };
}

function configureFailPoint(context: CommandContext): Reply {
  const { server, command } = context;
  if (!server.options.testCommands) {
    throw new MongoError(59, "no such command: 'configureFailPoint' (start the server with --test-commands)");
  }
  const name = requiredString(context, context.name);
  return server.failPoints.configure(name, command['mode'], optionalDocument(context, 'data') ?? {});
}

function collStats(context: CommandContext): Reply {
  const ns = namespaceOf(context);
  const info = context.server.store.catalog.find(ns);
  if (!info)
    return {
      ns,
      size: 0,
      count: 0,
      storageSize: 0,
      totalSize: 0,
      nindexes: 0,
      totalIndexSize: 0,
      indexSizes: {},
      scaleFactor: 1,
      ok: 1,
    };
  const { count, bytes } = info.stats;
  return {
    ns,
    size: bytes,
    count,
    avgObjSize: count > 0 ? Math.floor(bytes / count) : 0,
    storageSize: bytes,
    totalSize: bytes,
    freeStorageSize: 0,
    capped: info.capped !== undefined,
    ...(info.capped ? { max: info.capped.max ?? -1, maxSize: info.capped.size } : {}),
    nindexes: countIndexes(info),
    indexDetails: {},
    indexBuilds: info.indexes.filter(({ building }) => building).map(({ name }) => name),
    totalIndexSize: 0,
    indexSizes: Object.fromEntries(['_id_', ...info.indexes.map(({ name }) => name)].map((name) => [name, 0])),
    scaleFactor: 1,
    ok: 1,
  };
}

function dbStats({ server, db }: CommandContext): Reply {
  const infos = server.store.catalog.list(db);
  const objects = infos.reduce((sum, { stats }) => sum + stats.count, 0);
  const dataSize = infos.reduce((sum, { stats }) => sum + stats.bytes, 0);
  const views = infos.filter((info) => info.type === 'view').length;
  return {
    db,
    collections: infos.length - views,
    views,
    objects,
    avgObjSize: objects > 0 ? dataSize / objects : 0,
    dataSize,
    storageSize: dataSize,
    indexes: infos.reduce((sum, info) => sum + countIndexes(info), 0),
    indexSize: 0,
    totalSize: dataSize,
    scaleFactor: 1,
    fsUsedSize: 0,
    fsTotalSize: 0,
    ok: 1,
  };
}

function serverStatus(context: CommandContext): Reply {
  const { server, connection } = context;
  const uptime = (Date.now() - server.startedAt.getTime()) / 1000;
  const memory = process.memoryUsage();
  return {
    host: connection.local,
    version: SERVER_VERSION,
    process: 'embedded-mongo',
    pid: Long.fromNumber(process.pid),
    uptime,
    uptimeMillis: Long.fromNumber(Math.floor(uptime * 1000)),
    localTime: new Date(),
    connections: {
      current: server.connections.current,
      available: server.options.maxConnections - server.connections.current,
      totalCreated: server.connections.total,
    },
    mem: {
      bits: 64,
      resident: Math.round(memory.rss / 1048576),
      virtual: Math.round(memory.rss / 1048576),
      supported: true,
    },
    metrics: { cursor: { open: { total: Long.fromNumber(server.cursors.size) } } },
    transactions: { currentOpen: Long.fromNumber(server.transactions.openCount) },
    // Says plainly what it is: tools must not take it for a mongod.
    storageEngine: { name: 'embedded-lmdb', supportsCommittedReads: true, persistent: true, readOnly: false },
    repl: { setName: 'rs0', isWritablePrimary: true, hosts: [connection.local], me: connection.local },
    ok: 1,
  };
}

function getParameter({ command }: CommandContext): Reply {
  const known: Document = {
    featureCompatibilityVersion: { version: '7.0' },
    enableTestCommands: false,
    transactionLifetimeLimitSeconds: 60,
    authenticationMechanisms: ['SCRAM-SHA-256'],
  };
  if (command['getParameter'] === '*') return { ...known, ok: 1 };
  const wanted = Object.keys(command).filter((name) => name in known);
  if (wanted.length === 0) throw new MongoError(72, 'no option found to get');
  return { ...Object.fromEntries(wanted.map((name) => [name, known[name]])), ok: 1 };
}

function hostInfo(): Reply {
  return {
    system: {
      currentTime: new Date(),
      hostname: hostname(),
      cpuAddrSize: 64,
      memSizeMB: Math.round(totalmem() / 1048576),
      numCores: cpus().length,
      cpuArch: process.arch,
    },
    os: { type: type(), name: type(), version: release() },
    extra: {},
    ok: 1,
  };
}

function getLog({ command }: CommandContext): Reply {
  if (command['getLog'] === '*') return { names: ['global', 'startupWarnings'], ok: 1 };
  return { totalLinesWritten: 0, log: [], ok: 1 };
}

/** Kills by session; what MongoDB's tests use to clean up between cases. */
function killAllSessions({ server }: CommandContext): Reply {
  server.transactions.abortAll();
  return { ok: 1 };
}

const refused = (sentence: string) => (): never => {
  throw new MongoError(115, sentence);
};

export const administrationCommands: CommandTable = {
  endSessions: { run: endSessions, stable: true },
  startSession: { run: ({ server }) => ({ id: server.newSessionId(), timeoutMinutes: 30, ok: 1 }) },
  refreshSessions: { run: () => ({ ok: 1 }) },
  killSessions: { run: endSessions },
  killAllSessions: { run: killAllSessions },
  killAllSessionsByPattern: { run: killAllSessions },
  configureFailPoint: { run: configureFailPoint },
  collStats: { run: collStats },
  dbStats: { run: dbStats },
  serverStatus: { run: serverStatus },
  getParameter: { run: getParameter },
  setParameter: { run: () => ({ was: null, ok: 1 }) },
  getCmdLineOpts: { run: () => ({ argv: ['embedded-mongo'], parsed: {}, ok: 1 }) },
  getLog: { run: getLog },
  hostInfo: { run: hostInfo },
  whatsmyuri: { run: ({ connection }) => ({ you: connection.remote, ok: 1 }) },
  replSetGetStatus: { run: replicaSetStatus },
  replSetGetConfig: {
    run: ({ connection }) => ({
      config: {
        _id: 'rs0',
        version: 1,
        term: 1,
        protocolVersion: Long.ONE,
        members: [{ _id: 0, host: connection.local, priority: 1, votes: 1 }],
      },
      ok: 1,
    }),
  },
  usersInfo: {
    run: ({ server }) => ({
      users: server.credentials
        ? [
            {
              _id: `admin.${server.credentials.username}`,
              user: server.credentials.username,
              db: 'admin',
              roles: [{ role: 'root', db: 'admin' }],
              mechanisms: ['SCRAM-SHA-256'],
            },
          ]
        : [],
      ok: 1,
    }),
  },
  rolesInfo: { run: () => ({ roles: [], ok: 1 }) },
  getDefaultRWConcern: {
    run: () => ({ defaultReadConcern: { level: 'local' }, defaultWriteConcern: { w: 'majority', wtimeout: 0 }, ok: 1 }),
  },
  fsync: { run: () => ({ numFiles: 1, ok: 1 }) },
  validate: {
    run: (context) => {
      const ns = namespaceOf(context);
      const info = context.server.store.catalog.find(ns);
      if (!info) throw new MongoError(26, `Collection '${ns}' does not exist to validate.`);
      return {
        ns,
        nInvalidDocuments: 0,
        nrecords: info.stats.count,
        nIndexes: countIndexes(info),
        valid: true,
        errors: [],
        warnings: [],
        ok: 1,
      };
    },
  },
  currentOp: { run: () => ({ inprog: [], ok: 1 }) },
  killOp: { run: () => ({ info: 'attempting to kill op', ok: 1 }) },
  top: { run: () => ({ totals: {}, ok: 1 }) },
  listCommands: { run: () => ({ commands: {}, ok: 1 }) },
  features: { run: () => ({ ok: 1 }) },
  atlasVersion: { run: refused('the embedded store is not Atlas') },
  getShardMap: { run: refused('the embedded store is not sharded') },
  createSearchIndexes: { run: refused('Atlas Search is not available in the embedded store') },
  updateSearchIndex: { run: refused('Atlas Search is not available in the embedded store') },
  dropSearchIndex: { run: refused('Atlas Search is not available in the embedded store') },
  mapReduce: {
    run: refused('mapReduce needs server-side JavaScript, which the embedded store does not run; use aggregate'),
  },
  eval: { run: refused('server-side JavaScript is not available in the embedded store') },
  createUser: { run: refused('users are set by the credentials file of the embedded store') },
  shardCollection: { run: refused('the embedded store is not sharded') },
};
