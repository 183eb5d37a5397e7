import { randomBytes } from 'node:crypto';
import { Binary } from 'bson';
import type { Credentials } from '../auth/scram.js';
import type { Document } from '../bson/values.js';
import { RetryableWrites } from '../sessions/retryable-writes.js';
import { Transactions } from '../sessions/transactions.js';
import type { DocumentStore } from '../storage/document-store.js';
import { CursorRegistry } from './cursors.js';
import { FailPoints } from './fail-points.js';

export interface ServerOptions {
  /** `configureFailPoint` and other commands that exist for tests. */
  testCommands: boolean;
  maxConnections: number;
}

/** Everything commands share. */
export class ServerState {
  readonly failPoints = new FailPoints();
  readonly cursors = new CursorRegistry(this.failPoints);
  readonly retries: RetryableWrites;
  readonly transactions: Transactions;
  readonly startedAt = new Date();
  readonly connections = { current: 0, total: 0 };

  /** @param credentials null when the server accepts everybody (loopback only) */
  constructor(
    readonly store: DocumentStore,
    readonly credentials: Credentials | null,
    readonly options: ServerOptions,
  ) {
    this.retries = new RetryableWrites(store.env.sessions);
    store.onUndone = () => this.retries.forget();
    this.transactions = new Transactions(store, this.retries, (session) =>
      this.cursors.closeOfSession(session.key, session.txnNumber ?? undefined),
    );
  }

  newSessionId(): Document {
    return { id: new Binary(randomBytes(16), Binary.SUBTYPE_UUID) };
  }
}
