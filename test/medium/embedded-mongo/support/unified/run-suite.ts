import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientSession, type Document, MongoClient, MongoServerError } from 'mongodb';
import { Entities, type RecordedEvent } from './entities.js';
import { ResultMatcher } from './match.js';
import { NotSupported, runOperation } from './operations.js';
import type { UnifiedOperation, UnifiedSuite, UnifiedTest } from './types.js';

const FAIL_POINTS = ['failCommand', 'failGetMoreAfterCursorCheckout', 'onPrimaryTransactionalWrite'];

/** Runs one case of a unified test file against a server. Rejects with what was wrong. */
export async function runCase(uri: string, suite: UnifiedSuite, test: UnifiedTest): Promise<void> {
  const admin = new MongoClient(uri);
  const entities = new Entities(uri);
  try {
    await prepareData(admin, suite);
    for (const description of suite.createEntities ?? []) await entities.create(description);
    const run = new CaseRun(admin, entities);
    for (const operation of test.operations) await run.operation(operation);
    for (const expectation of test.expectEvents ?? []) run.events(expectation);
    for (const outcome of test.outcome ?? []) await checkOutcome(admin, outcome);
  } finally {
    for (const configureFailPoint of FAIL_POINTS) await admin.db('admin').command({ configureFailPoint, mode: 'off' });
    await admin.db('admin').command({ killAllSessions: [] });
    await entities.close().finally(() => admin.close());
  }
}

async function prepareData(admin: MongoClient, suite: UnifiedSuite): Promise<void> {
  for (const { databaseName, collectionName, documents, createOptions } of suite.initialData ?? []) {
    const db = admin.db(databaseName);
    await db.dropCollection(collectionName).catch(() => undefined);
    await db.createCollection(collectionName, createOptions ?? {});
    if (documents.length > 0) await db.collection(collectionName).insertMany(documents);
  }
}

async function checkOutcome(admin: MongoClient, outcome: NonNullable<UnifiedTest['outcome']>[number]): Promise<void> {
  const documents = await admin
    .db(outcome.databaseName)
    .collection(outcome.collectionName)
    .find()
    .sort({ _id: 1 })
    .toArray();
  new ResultMatcher(new Entities('')).match(outcome.documents, documents, 'outcome', false);
}

class CaseRun {
  private readonly matcher: ResultMatcher;

  constructor(
    private readonly admin: MongoClient,
    private readonly entities: Entities,
  ) {
    this.matcher = new ResultMatcher(entities);
  }

  /** Answers the error where one was expected and came. */
  async operation(operation: UnifiedOperation, inTransaction = false): Promise<unknown> {
    if (operation.object === 'testRunner') return void (await this.special(operation));
    if (operation.name === 'withTransaction') return void (await this.withTransaction(operation));
    let result: unknown;
    try {
      result = await runOperation(operation, this.entities);
    } catch (error) {
      if (error instanceof NotSupported || operation.ignoreResultAndError) {
        if (error instanceof NotSupported) throw error;
        return inTransaction ? error : undefined;
      }
      if (!operation.expectError) throw new Error(`${operation.name}: ${describe(error)}`, { cause: error });
      this.expectedError(operation.expectError, error, operation.name);
      return error;
    }
    if (operation.expectError) throw new Error(`${operation.name} was expected to fail`);
    if (operation.expectResult !== undefined && !operation.ignoreResultAndError) {
      this.matcher.match(operation.expectResult, result === null ? null : normalize(result), operation.name);
    }
    if (operation.saveResultAsEntity) this.entities.set(operation.saveResultAsEntity, result);
    return undefined;
  }

  events({ client, events, eventType, ignoreExtraEvents }: NonNullable<UnifiedTest['expectEvents']>[number]): void {
    const isWanted = (name: string): boolean =>
      eventType === 'cmap' ? !name.startsWith('command') : name.startsWith('command');
    const recorded = this.entities.events(client).filter(({ name }) => isWanted(name));
    if (ignoreExtraEvents ? recorded.length < events.length : recorded.length !== events.length) {
      throw new Error(
        `events of ${client}: expected ${events.map(nameOf).join(', ')}, got ${recorded.map(({ name, event }) => `${name}(${event.commandName ?? ''})`).join(', ')}`,
      );
    }
    events.forEach((expected, i) => this.event(expected, recorded[i] as RecordedEvent, `event ${i}`));
  }

  private event(expected: Document, { name, event }: RecordedEvent, path: string): void {
    const [wanted = ''] = Object.keys(expected);
    if (wanted !== name) throw new Error(`${path}: expected ${wanted}, got ${name}`);
    const { command, commandName, databaseName, reply } = expected[wanted] as Document;
    if (commandName && event.commandName !== commandName)
      throw new Error(`${path}: expected ${commandName}, got ${event.commandName}`);
    if (databaseName && (event.databaseName ?? event.command?.$db) !== databaseName)
      throw new Error(`${path}: database ${event.databaseName}`);
    if (command) this.matcher.match(command, withoutAddedTimeout(command, event.command), `${path}.command`);
    if (reply) this.matcher.match(reply, event.reply, `${path}.reply`);
  }

  private expectedError(expected: Document, error: unknown, path: string): void {
    const given = error as Document & Error;
    const fail = (what: string): never => {
      throw new Error(`${path}: ${what}, got ${describe(error)}`);
    };
    const server = error instanceof MongoServerError;
    if (expected.isClientError === true && server) fail('expected a client error');
    if (expected.isClientError === false && !server) fail('expected a server error');
    if (expected.errorContains && !given.message.toLowerCase().includes(String(expected.errorContains).toLowerCase())) {
      fail(`expected a message with "${expected.errorContains}"`);
    }
    if (expected.errorCode !== undefined && given.code !== expected.errorCode)
      fail(`expected code ${expected.errorCode}`);
    if (expected.errorCodeName && given.codeName !== expected.errorCodeName) fail(`expected ${expected.errorCodeName}`);
    const labels = given as { hasErrorLabel?: (label: string) => boolean };
    for (const label of (expected.errorLabelsContain ?? []) as string[])
      if (!labels.hasErrorLabel?.(label)) fail(`expected label ${label}`);
    for (const label of (expected.errorLabelsOmit ?? []) as string[]) {
      if (labels.hasErrorLabel?.(label)) fail(`expected no label ${label}`);
    }
    if (expected.errorResponse)
      this.matcher.match(expected.errorResponse, given.errorResponse ?? given, `${path}.errorResponse`);
    if (expected.expectResult !== undefined) {
      const result = given.result ?? given.partialResult ?? {};
      this.matcher.match(expected.expectResult, normalize(result), `${path}.expectResult`);
    }
  }

  private async withTransaction(operation: UnifiedOperation): Promise<void> {
    const session = this.entities.get<ClientSession>(operation.object);
    const { callback, ...options } = operation.arguments as Document;
    let inner: unknown;
    try {
      await session.withTransaction(async () => {
        for (const each of callback as UnifiedOperation[]) {
          try {
            const failure = await this.operation(each, true);
            // An expected error still ends the callback: withTransaction has to see it.
            if (failure instanceof Error) throw failure;
          } catch (error) {
            inner = (error as Error).cause ? error : undefined;
            throw (error as Error).cause ?? error;
          }
        }
      }, options);
    } catch (error) {
      if (operation.expectError) this.expectedError(operation.expectError, error, 'withTransaction');
      else throw inner ?? error;
    }
  }

  private async special({ name, arguments: given = {} }: UnifiedOperation): Promise<void> {
    switch (name) {
      case 'failPoint':
        await this.admin.db('admin').command(given.failPoint as Document);
        return;
      case 'targetedFailPoint':
        throw new NotSupported('targetedFailPoint needs mongos');
      case 'createEntities':
        for (const description of given.entities as Document[]) await this.entities.create(description);
        return;
      case 'wait':
        await sleep(given.ms as number);
        return;
      case 'assertSessionTransactionState': {
        const session = this.entities.get<ClientSession & { transaction: { state: string } }>(given.session as string);
        const states: Record<string, string> = {
          none: 'NO_TRANSACTION',
          starting: 'STARTING_TRANSACTION',
          in_progress: 'TRANSACTION_IN_PROGRESS',
          committed: 'TRANSACTION_COMMITTED',
          aborted: 'TRANSACTION_ABORTED',
        };
        this.equal(session.transaction.state, states[given.state as string], name);
        return;
      }
      case 'assertSessionDirty':
      case 'assertSessionNotDirty': {
        const session = this.entities.get<ClientSession & { serverSession: { isDirty: boolean } }>(
          given.session as string,
        );
        this.equal(session.serverSession.isDirty, name === 'assertSessionDirty', name);
        return;
      }
      case 'assertSessionUnpinned':
      case 'assertSessionPinned':
        this.equal(
          this.entities.get<ClientSession>(given.session as string).isPinned,
          name === 'assertSessionPinned',
          name,
        );
        return;
      case 'assertSameLsidOnLastTwoCommands':
      case 'assertDifferentLsidOnLastTwoCommands': {
        const [first, second] = this.entities
          .events(given.client as string)
          .filter((event) => event.name === 'commandStartedEvent')
          .slice(-2)
          .map(({ event }) => JSON.stringify(event.command.lsid));
        this.equal(first === second, name.startsWith('assertSame'), name);
        return;
      }
      case 'assertCollectionExists':
      case 'assertCollectionNotExists': {
        const found = await this.admin
          .db(given.databaseName as string)
          .listCollections({ name: given.collectionName })
          .toArray();
        this.equal(found.length > 0, name === 'assertCollectionExists', name);
        return;
      }
      case 'assertIndexExists':
      case 'assertIndexNotExists': {
        const collection = this.admin.db(given.databaseName as string).collection(given.collectionName as string);
        const indexes = await collection
          .listIndexes()
          .toArray()
          .catch(() => []);
        this.equal(
          indexes.some((index) => index.name === given.indexName),
          name === 'assertIndexExists',
          name,
        );
        return;
      }
      case 'assertNumberConnectionsCheckedOut':
        return; // the driver does not tell
      case 'assertEventCount': {
        const [event = ''] = Object.keys(given.event as Document);
        const count = this.entities.events(given.client as string).filter((each) => each.name === event).length;
        this.equal(count, given.count, name);
        return;
      }
      default:
        throw new NotSupported(`operation ${name}`);
    }
  }

  private equal(actual: unknown, expected: unknown, what: string): void {
    if (actual !== expected) throw new Error(`${what}: expected ${String(expected)}, got ${String(actual)}`);
  }
}

/** The driver adds `wtimeout: 10000` when it ends a transaction, which no specification asks for. */
function withoutAddedTimeout(expected: Document, command: Document): Document {
  const ends = 'commitTransaction' in command || 'abortTransaction' in command;
  if (!ends || expected.writeConcern?.wtimeout !== undefined || command.writeConcern?.wtimeout !== 10_000)
    return command;
  const { wtimeout: _, ...writeConcern } = command.writeConcern;
  return { ...command, writeConcern };
}

const nameOf = (event: Document): string =>
  `${Object.keys(event)[0]}(${(Object.values(event)[0] as Document).commandName ?? Object.keys((Object.values(event)[0] as Document).command ?? {})[0] ?? ''})`;

function describe(error: unknown): string {
  const { name, message, code, errorLabels, errorLabelSet } = error as Document;
  const labels = errorLabels ?? (errorLabelSet ? [...(errorLabelSet as Set<string>)] : []);
  return `${name} ${code ?? ''} ${message} [${labels}]`;
}

/** Results of the driver under the names the specifications use. */
function normalize(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || Array.isArray(result) || Buffer.isBuffer(result)) return result;
  const { constructor } = Object.getPrototypeOf(result) as { constructor: { name: string } };
  if (constructor.name === 'BulkWriteResult' || constructor.name === 'MongoBulkWriteError') {
    const r = result as Document;
    return {
      insertedCount: r.insertedCount,
      matchedCount: r.matchedCount,
      modifiedCount: r.modifiedCount,
      deletedCount: r.deletedCount,
      upsertedCount: r.upsertedCount,
      insertedIds: r.insertedIds,
      upsertedIds: r.upsertedIds,
    };
  }
  return mapsToObjects(result);
}

function mapsToObjects(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [key, mapsToObjects(item)]));
  return value;
}
