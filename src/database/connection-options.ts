import type { ConnectOptions } from 'mongoose';

/** Longest a single command may run, in milliseconds: a runaway query must not hold a pool connection. */
const SOCKET_TIMEOUT_MS = 60_000;

/**
 * How every process talks to the store. Writes are acknowledged by a majority and the journal, so that what a step saved
 * survives a crash and a change of primary; state is read from the primary.
 */
export const connectionOptions = {
  writeConcern: { w: 'majority', j: true, wtimeoutMS: 10_000 },
  readPreference: 'primary',
  maxPoolSize: 20,
  serverSelectionTimeoutMS: 5_000,
  socketTimeoutMS: SOCKET_TIMEOUT_MS,
  autoIndex: false,
  autoCreate: false,
  bufferCommands: false,
  sanitizeFilter: false,
  appName: 'mailwright',
} as const satisfies ConnectOptions;

/** The URI without user and password: for logs and messages. */
export function withoutCredentials(uri: string): string {
  return uri.replace(/\/\/[^@/]*@/, '//');
}

/** The database of the URI, or `mailwright` when it names none. */
export function databaseName(uri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(uri)?.[1];
  return path ? decodeURIComponent(path) : 'mailwright';
}
