import { mkdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { deriveCredentials } from './auth/scram.js';
import { serveClient } from './client.js';
import { Dispatcher } from './commands/dispatcher.js';
import { ServerState } from './commands/server-state.js';
import { commandTable } from './commands/table.js';
import { Sweeper } from './commands/sweeper.js';
import { copyStore } from './storage/backup.js';
import { DocumentStore } from './storage/document-store.js';
import { lockDirectory } from './storage/lock-file.js';
import { Listener } from './wire/listener.js';

export interface StartOptions {
  /** Directory of the data; made if it does not exist. */
  dir: string;
  /** 0 takes any free port. */
  port: number;
  /** Default 127.0.0.1. Another address needs credentials. */
  host?: string;
  /** The one user; SCRAM-SHA-256 is required when it is set. */
  credentials?: { username: string; password: string };
  /** Enables `configureFailPoint`. */
  testCommands?: boolean;
  /** Default 1,000. */
  maxConnections?: number;
  /** How often expired documents are removed; default once a minute, as MongoDB does. */
  ttlIntervalMs?: number;
}

export interface EmbeddedServer {
  host: string;
  port: number;
  /** Connection string without credentials. */
  uri: string;
  /** Copies the data, as of now, into an empty directory; a server can be started on it. */
  backup(target: string): Promise<void>;
  /** Stops accepting, answers what is running, flushes and closes. */
  stop(): Promise<void>;
}

const DEFAULT_MAX_CONNECTIONS = 1000;
/** How long a stop waits for commands that are running. */
const STOP_GRACE_MS = 5000;

/**
 * Starts a server on a directory.
 *
 * @throws DirectoryInUseError, CorruptStoreError, or Error when the address cannot be used
 */
export async function startServer(options: StartOptions): Promise<EmbeddedServer> {
  const { dir, port, host = '127.0.0.1', credentials, testCommands = false } = options;
  const maxConnections = options.maxConnections ?? DEFAULT_MAX_CONNECTIONS;
  if (!credentials && !isLoopback(host)) {
    throw new Error(`refusing to listen on ${host} without credentials: anyone could read the data`);
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(dir);
  try {
    const store = DocumentStore.open(dir);
    const derived = credentials ? deriveCredentials(credentials.username, credentials.password) : null;
    const server = new RunningServer(
      new ServerState(store, derived, { testCommands, maxConnections }),
      unlock,
      options.ttlIntervalMs,
    );
    try {
      await server.listen(host, port);
    } catch (error) {
      await store.close();
      throw error;
    }
    return server;
  } catch (error) {
    unlock();
    throw error;
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

class RunningServer implements EmbeddedServer {
  private readonly clients = new Set<ReturnType<typeof serveClient>>();
  private readonly dispatcher: Dispatcher;
  private readonly sweeper: Sweeper;
  private listener: Listener | undefined;
  private nextId = 1;
  private stopped: Promise<void> | undefined;
  host = '';
  port = 0;

  constructor(
    private readonly state: ServerState,
    private readonly unlock: () => void,
    ttlIntervalMs: number | undefined,
  ) {
    this.dispatcher = new Dispatcher(state, commandTable);
    this.sweeper = new Sweeper(state, ttlIntervalMs);
  }

  get uri(): string {
    return `mongodb://${this.address}/?replicaSet=rs0`;
  }

  async listen(host: string, port: number): Promise<void> {
    this.listener = await Listener.open(host, port, (socket) => this.accept(socket));
    this.host = host;
    this.port = this.listener.port;
    this.sweeper.start();
  }

  backup(target: string): Promise<void> {
    return copyStore(this.state.store.env.root, target);
  }

  stop(): Promise<void> {
    this.stopped ??= this.shutDown();
    return this.stopped;
  }

  private get address(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }

  private accept(socket: Socket): void {
    const { connections, options, credentials } = this.state;
    if (connections.current >= options.maxConnections) {
      socket.destroy();
      return;
    }
    connections.current++;
    connections.total++;
    const client = serveClient(socket, this.nextId++, this.address, this.dispatcher, credentials === null, () => {
      if (this.clients.delete(client)) connections.current--;
    });
    this.clients.add(client);
  }

  private async shutDown(): Promise<void> {
    this.listener?.stopAccepting();
    this.sweeper.stop();
    this.state.cursors.closeAll();
    const deadline = Date.now() + STOP_GRACE_MS;
    while ([...this.clients].some(({ busy }) => busy) && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.state.transactions.abortAll();
    for (const client of [...this.clients]) client.close();
    await this.state.store.close();
    this.unlock();
  }
}
