import {
  GridFSBucket,
  MongoClient,
  ReadConcern,
  ReadPreference,
  type ChangeStream,
  type ClientSession,
  type Db,
  type Document,
} from 'mongodb';

/** An event a client emitted, under the name tests use for it. */
export interface RecordedEvent {
  name: string;
  event: Document;
}

const COMMAND_EVENTS = ['commandStarted', 'commandSucceeded', 'commandFailed'] as const;
const POOL_EVENTS = [
  'connectionCheckOutStarted',
  'connectionCheckedOut',
  'connectionCheckedIn',
  'connectionReady',
  'connectionPoolCleared',
  'connectionClosed',
] as const;
/** Commands whose events no test wants unless it asks for them. */
const QUIET = new Set([
  'configureFailPoint',
  'saslStart',
  'saslContinue',
  'getnonce',
  'authenticate',
  'hello',
  'ismaster',
  'isMaster',
]);

interface ClientEntity {
  client: MongoClient;
  events: RecordedEvent[];
}

/** The named things a test works with. */
export class Entities {
  private readonly byName = new Map<string, unknown>();
  private readonly clients = new Map<string, ClientEntity>();
  private readonly sessionIds = new Map<string, Document>();

  constructor(private readonly uri: string) {}

  get<T = unknown>(name: string): T {
    if (!this.byName.has(name)) throw new Error(`no entity called ${name}`);
    return this.byName.get(name) as T;
  }

  set(name: string, value: unknown): void {
    this.byName.set(name, value);
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** Session ids stay known after their session ended. */
  lsid(name: string): Document {
    const session = this.byName.get(name) as ClientSession | undefined;
    return (session?.id as Document | undefined) ?? this.sessionIds.get(name) ?? {};
  }

  events(client: string): RecordedEvent[] {
    return this.clients.get(client)?.events ?? [];
  }

  async create(description: Document): Promise<void> {
    const [kind = ''] = Object.keys(description);
    const spec = description[kind] as Document;
    switch (kind) {
      case 'client':
        await this.createClient(spec);
        return;
      case 'database':
        this.set(spec.id, this.get<MongoClient>(spec.client).db(spec.databaseName, concerns(spec.databaseOptions)));
        return;
      case 'collection':
        this.set(
          spec.id,
          this.get<Db>(spec.database).collection(spec.collectionName, concerns(spec.collectionOptions)),
        );
        return;
      case 'session': {
        const options = spec.sessionOptions ?? {};
        const session = this.get<MongoClient>(spec.client).startSession({
          ...options,
          ...(options.defaultTransactionOptions
            ? { defaultTransactionOptions: concerns(options.defaultTransactionOptions) }
            : {}),
        });
        this.set(spec.id, session);
        this.sessionIds.set(spec.id, session.id as Document);
        return;
      }
      case 'bucket':
        this.set(spec.id, new GridFSBucket(this.get<Db>(spec.database), concerns(spec.bucketOptions)));
        return;
      default:
        throw new Error(`entities of kind ${kind} are not supported by the runner`);
    }
  }

  /** Closes everything; what a test has closed already, or broken, is no reason to leave the rest open. */
  async close(): Promise<void> {
    for (const entity of this.byName.values()) {
      if (typeof entity !== 'object' || entity === null || entity instanceof MongoClient) continue;
      const closable = entity as Partial<ChangeStream> & Partial<ClientSession>;
      const closing = typeof closable.endSession === 'function' ? closable.endSession() : closable.close?.();
      await closing?.catch(() => undefined);
    }
    for (const { client } of this.clients.values()) await client.close();
  }

  private async createClient(spec: Document): Promise<void> {
    const { useMultipleMongoses: _, ...uriOptions } = spec.uriOptions ?? {};
    const observed: string[] = spec.observeEvents ?? [];
    const ignored = new Set<string>(spec.ignoreCommandMonitoringEvents ?? []);
    const client = new MongoClient(this.uri, {
      ...concerns(uriOptions),
      monitorCommands: observed.some((name) => name.startsWith('command')),
      ...(spec.serverApi ? { serverApi: spec.serverApi } : {}),
      serverSelectionTimeoutMS: uriOptions.serverSelectionTimeoutMS ?? 5000,
    });
    const events: RecordedEvent[] = [];
    for (const name of COMMAND_EVENTS) {
      if (!observed.includes(`${name}Event`)) continue;
      client.on(name, (event: Document) => {
        const hidden = !spec.observeSensitiveCommands && QUIET.has(event.commandName);
        if (!hidden && !ignored.has(event.commandName)) events.push({ name: `${name}Event`, event: snapshot(event) });
      });
    }
    for (const name of POOL_EVENTS) {
      if (observed.includes(`${name}Event`))
        client.on(name as 'connectionReady', (event: Document) => events.push({ name: `${name}Event`, event }));
    }
    await client.connect();
    this.set(spec.id, client);
    this.clients.set(spec.id, { client, events });
  }
}

/** A copy of what the event says now: the driver goes on to use, and change, the command it holds. */
function snapshot(value: unknown): Document {
  const copy = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(copy);
    if (item instanceof Map) return copy(Object.fromEntries(item));
    const isValue =
      typeof item !== 'object' ||
      item === null ||
      '_bsontype' in item ||
      item instanceof Date ||
      Buffer.isBuffer(item) ||
      item instanceof RegExp;
    return !isValue ? Object.fromEntries(Object.entries(item).map(([name, field]) => [name, copy(field)])) : item;
  };
  const { command, reply, commandName, databaseName } = value as Document;
  return { command: copy(command), reply: copy(reply), commandName, databaseName };
}

/** Options of tests name concerns and preferences as documents; the driver wants its own classes in some places. */
export function concerns(options: Document | undefined): Document {
  if (!options) return {};
  const { readConcern, writeConcern, readPreference, w, wTimeoutMS, journal, readConcernLevel, ...rest } = options;
  return {
    ...rest,
    ...(readConcern ? { readConcern: ReadConcern.fromOptions(readConcern) } : {}),
    ...(writeConcern ? { writeConcern } : {}),
    ...(readPreference ? { readPreference: toPreference(readPreference) } : {}),
    ...(w !== undefined ? { w } : {}),
    ...(wTimeoutMS !== undefined ? { wtimeoutMS: wTimeoutMS } : {}),
    ...(journal !== undefined ? { journal } : {}),
    ...(readConcernLevel !== undefined ? { readConcernLevel } : {}),
  };
}

const toPreference = (preference: string | Document) =>
  typeof preference === 'string'
    ? ReadPreference.fromString(preference)
    : ReadPreference.fromOptions({ readPreference: preference as never });
