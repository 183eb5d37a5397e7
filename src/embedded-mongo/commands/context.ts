import type { Document } from '../bson/values.js';
import type { Session } from '../sessions/session.js';
import type { Request } from '../wire/message.js';
import type { TimeSlice } from '../storage/time-slice.js';
import type { ServerState } from './server-state.js';

/** What the server knows about one client connection. */
export interface ConnectionState {
  id: number;
  /** User that authenticated, if any. */
  user: string | null;
  /** A SCRAM conversation that is under way. */
  conversation: unknown;
  /** What the client told about itself in `hello`. */
  client?: Document;
  /** Host and port the client reached us at. */
  local: string;
  remote: string;
  /** Aborted when the socket closes: long polls and scans of this client end. */
  closed: AbortSignal;
  /** Close the socket instead of answering (fail points). */
  hangUp(): void;
  trust(): void;
}

/** One command on its way: everything a handler needs. */
export interface CommandContext {
  server: ServerState;
  connection: ConnectionState;
  /** Name as the client wrote it. */
  name: string;
  db: string;
  command: Document;
  request: Request;
  slice: TimeSlice;
  session: Session | null;
}

export type Reply = Document;

export interface CommandDefinition {
  run(context: CommandContext): Promise<Reply> | Reply;
  /** May be sent before authentication. */
  open?: boolean;
  /** May be part of a transaction. */
  transaction?: boolean;
  /** Its reply is remembered under lsid and txnNumber. */
  retryable?: boolean;
  /** Part of the Stable API, version 1. */
  stable?: boolean;
}

export type CommandTable = Record<string, CommandDefinition>;
