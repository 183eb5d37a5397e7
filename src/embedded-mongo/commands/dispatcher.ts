import { decode } from '../bson/codec.js';
import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { sessionOf, type Session } from '../sessions/session.js';
import { toInteger } from '../storage/integers.js';
import { TimeSlice } from '../storage/time-slice.js';
import type { Request } from '../wire/message.js';
import { ReplyBuffer } from '../wire/reply-buffer.js';
import { checkApiVersion } from './api-version.js';
import type { CommandContext, CommandDefinition, CommandTable, ConnectionState, Reply } from './context.js';
import { deadlineOf } from './cursors.js';
import { errorReply, labelsFor } from './error-reply.js';
import type { FailAction } from './fail-points.js';
import type { ServerState } from './server-state.js';
import { checkConcerns, unsatisfiedConcern } from './concerns.js';

/**
 * Runs commands: decodes them, checks who asks and in which session, and turns whatever happens into a reply.
 * Nothing a client sends makes it throw.
 */
export class Dispatcher {
  private readonly names: Map<string, { name: string; definition: CommandDefinition }>;

  constructor(
    private readonly server: ServerState,
    table: CommandTable,
  ) {
    // MongoDB knows some commands in two spellings; both mean the same here.
    this.names = new Map(
      Object.entries(table).flatMap(([name, definition]) => [
        [name, { name, definition }] as const,
        [name.toLowerCase(), { name, definition }] as const,
      ]),
    );
  }

  async answer(request: Request, connection: ConnectionState): Promise<ReplyBuffer | null> {
    let command: Document;
    try {
      command = decode(request.body);
    } catch (error) {
      return this.encode(errorReply(error, []));
    }
    const given = Object.keys(command)[0] ?? '';
    const known = this.names.get(given);
    let session: Session | null = null;
    try {
      if (!known) throw new MongoError(59, `no such command: '${given}'`);
      checkAccess(this.server, connection, given, known.definition, request);
      session = sessionOf(command, connection.user);
      const action = this.server.failPoints.beforeCommand(known.name, appNameOf(connection));
      if (action) await disturb(action, connection, session, known.name);
      const context = this.context(request, connection, command, given, session);
      const reply = await this.run(context, known.name, known.definition);
      if (action?.writeConcernError) addWriteConcernError(reply, action);
      return request.moreToCome ? null : this.encode(reply);
    } catch (error) {
      if (error instanceof HangUp) return null;
      if (session && known && !(error instanceof ArrangedError))
        this.server.transactions.abortAfterError(known.name, { session, connection });
      const labels = error instanceof ArrangedError ? error.arranged : labelsFor(error, known?.name ?? given, session);
      return this.encode(errorReply(error, labels));
    }
  }

  private async run(context: CommandContext, name: string, definition: CommandDefinition): Promise<Reply> {
    const { command, session } = context;
    checkApiVersion(command, name, definition);
    checkConcerns(command, session);
    if (session?.autocommit === false && !definition.transaction) {
      throw new MongoError(263, `Cannot run '${context.name}' in a multi-document transaction.`);
    }
    const reply = await (definition.retryable && session?.txnNumber != null && session.autocommit !== false
      ? this.runRetryable(context, definition)
      : definition.run(context));
    const unsatisfied = unsatisfiedConcern(command['writeConcern']);
    if (unsatisfied && reply['ok'] === 1 && reply['writeConcernError'] === undefined) {
      reply['writeConcernError'] = unsatisfied;
    }
    return reply;
  }

  private async runRetryable(context: CommandContext, definition: CommandDefinition): Promise<Reply> {
    // A command that is only answered from memory writes nothing, so nothing can go wrong in it.
    const isRepeated = this.server.retries.peek(context.session as Session);
    const accident = isRepeated ? null : this.server.failPoints.onRetryableWrite();
    const reply = accident?.failWith == null ? await definition.run(context) : null;
    if (!accident) return reply as Reply;
    if (accident.closeConnection) {
      context.connection.hangUp();
      throw new HangUp();
    }
    if (accident.failWith !== null)
      throw new MongoError(accident.failWith, 'failing through onPrimaryTransactionalWrite');
    return reply as Reply;
  }

  private context(
    request: Request,
    connection: ConnectionState,
    command: Document,
    name: string,
    session: Session | null,
  ): CommandContext {
    const db = request.legacyDatabase ?? command['$db'];
    if (typeof db !== 'string') throw new MongoError(40571, 'OP_MSG requests require a $db argument');
    checkDatabaseName(db);
    // On getMore maxTimeMS is how long to wait for data, not how long it may take.
    const maxTime = name === 'getMore' ? 0 : maxTimeOf(command);
    return {
      server: this.server,
      connection,
      name,
      db,
      command,
      request,
      slice: new TimeSlice(deadlineOf(maxTime)),
      session,
    };
  }

  private encode(reply: Reply): ReplyBuffer {
    return ReplyBuffer.encode(reply, this.server.store.clock.encodedFields());
  }
}

/** The connection was closed on purpose instead of an answer. */
class HangUp extends Error {}

/** An error of a fail point that says itself which labels it has. */
class ArrangedError extends MongoError {
  constructor(
    code: number,
    readonly arranged: string[],
  ) {
    super(code, "Failing command via 'failCommand' failpoint");
  }
}

async function disturb(
  action: FailAction,
  connection: ConnectionState,
  session: Session | null,
  command: string,
): Promise<void> {
  if (action.blockMs > 0) await new Promise((resolve) => setTimeout(resolve, action.blockMs));
  if (action.closeConnection) {
    connection.hangUp();
    throw new HangUp();
  }
  if (action.errorCode === undefined) return;
  const plain = new MongoError(action.errorCode, '');
  throw new ArrangedError(action.errorCode, action.errorLabels ?? labelsFor(plain, command, session));
}

/** Names that were found in order: a client sends the same ones again and again. */
const goodNames = new Set<string>();
const MAX_GOOD_NAMES = 1000;

function checkDatabaseName(db: string): void {
  if (goodNames.has(db)) return;
  if (db === '' || /[/\\. "\0$]/.test(db.replace(/^\$external$/, 'external')) || Buffer.byteLength(db) > 63) {
    throw new MongoError(73, `Invalid database name: '${db}'`);
  }
  if (goodNames.size < MAX_GOOD_NAMES) goodNames.add(db);
}

function addWriteConcernError(reply: Reply, { writeConcernError, errorLabels }: FailAction): void {
  const { errorLabels: own, ...error } = writeConcernError as Document;
  reply['writeConcernError'] = error;
  const labels = errorLabels ?? own;
  if (Array.isArray(labels)) reply['errorLabels'] = labels;
}

function checkAccess(
  server: ServerState,
  connection: ConnectionState,
  name: string,
  definition: CommandDefinition,
  request: Request,
): void {
  if (request.legacy && !/^(ismaster|hello)$/i.test(name)) {
    throw new MongoError(5739101, `OP_QUERY is no longer supported. The client driver may require an upgrade: ${name}`);
  }
  if (server.credentials && connection.user === null && !definition.open) {
    throw new MongoError(13, `Command ${name} requires authentication`);
  }
}

function maxTimeOf(command: Document): number {
  const given = command['maxTimeMS'];
  if (given === undefined) return 0;
  const ms = toInteger(given, -1);
  if (ms < 0 || ms > 0x7fffffff) throw new MongoError(2, `maxTimeMS has an invalid value: ${JSON.stringify(given)}`);
  return ms;
}

function appNameOf(connection: ConnectionState): string | undefined {
  const application = connection.client?.['application'];
  return isDocument(application) ? (application['name'] as string | undefined) : undefined;
}
