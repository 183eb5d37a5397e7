import { Int32, Long, ObjectId } from 'bson';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { SESSION_TIMEOUT_MINUTES } from '../sessions/session.js';
import { ANNOUNCED_WRITE_BATCH, MAX_BSON_BYTES, MAX_MESSAGE_BYTES } from '../wire/limits.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { speculativeAuthentication } from './authentication.js';

/** MongoDB 7.0. Drivers choose what they send by the wire version. */
export const SERVER_VERSION = '7.0.24';
export const VERSION_ARRAY = [7, 0, 24, 0];
const WIRE_VERSION = 21;
const SET_NAME = 'rs0';
const ELECTION_ID = new ObjectId('7fffffff0000000000000001');

/**
 * Answers as a replica set of one, because drivers use retryable writes, transactions and change streams with replica
 * sets only. `me` is the address the client reached: it connects to `hosts` next. No `topologyVersion`: the driver then
 * polls instead of expecting streamed answers.
 */
async function hello(context: CommandContext): Promise<Reply> {
  const { connection, server, command } = context;
  const now = new Date();
  rememberClient(context);
  const opTime = { ts: server.store.clock.now(), t: Long.ONE };
  const reply: Reply = {
    helloOk: true,
    ...(context.name === 'hello' ? { isWritablePrimary: true } : { ismaster: true, isWritablePrimary: true }),
    setName: SET_NAME,
    setVersion: 1,
    secondary: false,
    hosts: [connection.local],
    primary: connection.local,
    me: connection.local,
    electionId: ELECTION_ID,
    lastWrite: { opTime, lastWriteDate: now, majorityOpTime: opTime, majorityWriteDate: now },
    maxBsonObjectSize: new Int32(MAX_BSON_BYTES),
    maxMessageSizeBytes: new Int32(MAX_MESSAGE_BYTES),
    maxWriteBatchSize: new Int32(ANNOUNCED_WRITE_BATCH),
    localTime: now,
    logicalSessionTimeoutMinutes: SESSION_TIMEOUT_MINUTES,
    connectionId: connection.id,
    minWireVersion: 0,
    maxWireVersion: WIRE_VERSION,
    readOnly: false,
  };
  const offered = command['compression'];
  if (Array.isArray(offered) && offered.includes('zlib')) reply['compression'] = ['zlib'];
  if (typeof command['saslSupportedMechs'] === 'string') reply['saslSupportedMechs'] = ['SCRAM-SHA-256'];
  const speculative = speculativeAuthentication(context);
  if (speculative) reply['speculativeAuthenticate'] = speculative;
  return { ...reply, ok: 1 };
}

function rememberClient({ connection, command }: CommandContext): void {
  const { client } = command;
  if (client === undefined) return;
  if (!isDocument(client)) throw new MongoError(14, "'client' must be an object");
  connection.client = client;
}

function buildInfo(): Reply {
  return {
    version: SERVER_VERSION,
    gitVersion: 'embedded',
    modules: [],
    allocator: 'node',
    javascriptEngine: 'none',
    sysInfo: 'deprecated',
    versionArray: VERSION_ARRAY,
    openssl: { running: 'none', compiled: 'none' },
    buildEnvironment: {},
    bits: 64,
    debug: false,
    maxBsonObjectSize: new Int32(MAX_BSON_BYTES),
    storageEngines: ['embedded-lmdb'],
    ok: 1,
  };
}

const run = hello;

export const handshakeCommands: CommandTable = {
  hello: { run, open: true, stable: true },
  isMaster: { run, open: true, stable: true },
  ping: { run: () => ({ ok: 1 }), open: true, stable: true },
  buildInfo: { run: buildInfo, open: true },
};

export const replicaSetStatus = (context: CommandContext): Document => {
  const opTime = { ts: context.server.store.clock.now(), t: Long.ONE };
  return {
    set: SET_NAME,
    date: new Date(),
    myState: 1,
    term: Long.ONE,
    members: [
      {
        _id: 0,
        name: context.connection.local,
        health: 1,
        state: 1,
        stateStr: 'PRIMARY',
        uptime: Math.floor((Date.now() - context.server.startedAt.getTime()) / 1000),
        optime: opTime,
        self: true,
      },
    ],
    ok: 1,
  };
};
