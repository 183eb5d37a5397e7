import { randomBytes } from 'node:crypto';
import { ObjectId } from 'bson';
import type { MergeInstruction, OutInstruction } from '../aggregate/write-stage.js';
import { encode, ensureIdFirst } from '../bson/codec.js';
import { type Document, getField, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { DocumentWriter } from '../sessions/writer.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import { parseIndexSpec } from '../storage/index-spec.js';
import { DuplicateKeyError } from '../storage/duplicate-key-error.js';
import { toBoolean } from '../storage/integers.js';
import { writableNamespace } from './arguments.js';
import type { CommandContext } from './context.js';
import { checkSize } from './insert.js';
import { runUpdate } from './modify.js';
import type { PipelinePlan } from './pipeline-plan.js';
import { Query } from './query.js';
import { validatorOf } from './validation.js';
import { refuseView } from './views.js';

/** Documents written per commit. */
const CHUNK = 500;

/** Runs a pipeline that ends in `$out` or `$merge`. */
export async function writeResult(context: CommandContext, plan: PipelinePlan): Promise<void> {
  const instruction = plan.write as NonNullable<PipelinePlan['write']>;
  if (context.session?.autocommit === false) {
    throw new MongoError(
      263,
      `Operation not permitted in transaction :: caused by :: Aggregation stage ${instruction.stage} cannot run within a multi-document transaction`,
    );
  }
  const { readConcern } = context.command;
  if (isDocument(readConcern) && readConcern['level'] === 'linearizable') {
    throw new MongoError(72, `${instruction.stage} cannot be used with a 'linearizable' read concern level`);
  }
  const ns = writableNamespace(instruction.database ?? context.db, instruction.collection);
  if (instruction.stage === '$out') await new OutWriter(context, ns, instruction).run(plan.run());
  else await new MergeWriter(context, ns, instruction).run(plan.run());
}

async function inChunks(
  documents: AsyncGenerator<Document, void, undefined>,
  write: (chunk: Document[]) => Promise<void>,
): Promise<void> {
  let chunk: Document[] = [];
  for await (const doc of documents) {
    chunk.push(doc);
    if (chunk.length < CHUNK) continue;
    await write(chunk);
    chunk = [];
  }
  if (chunk.length > 0) await write(chunk);
}

/** `$out`: the result goes into a collection nobody sees, which then takes the place of the target at once. */
class OutWriter {
  private readonly temporary: string;

  constructor(
    private readonly context: CommandContext,
    private readonly ns: string,
    { database }: OutInstruction,
  ) {
    this.temporary = `${database ?? context.db}.tmp.agg_out.${randomBytes(8).toString('hex')}`;
  }

  async run(documents: AsyncGenerator<Document, void, undefined>): Promise<void> {
    const { store } = this.context.server;
    const { transactions } = this.context.server;
    const unnumbered = { ...this.context, session: null };
    await store.write(() => this.prepare());
    try {
      await inChunks(documents, async (chunk) => {
        await transactions.write(unnumbered, (writer) => this.insert(writer, chunk));
      });
      await store.write(() => this.replaceTarget());
    } catch (error) {
      await store.write(() => {
        const info = store.catalog.find(this.temporary);
        if (info) store.drop(info);
      });
      throw error;
    }
  }

  private prepare(): void {
    const { catalog } = this.context.server.store;
    const target = catalog.find(this.ns);
    refuseView(target);
    if (target?.capped) throw new MongoError(17152, `namespace '${this.ns}' is capped so it can't be used for $out`);
    const info = catalog.prepare(this.temporary, target?.options ?? {});
    info.indexes = (target?.indexes ?? []).map(({ spec }) => parseIndexSpec(spec, catalog.takeId()));
    catalog.add(info);
  }

  private insert(writer: DocumentWriter, chunk: Document[]): Document {
    const info = writer.names.find(this.temporary) as CollectionInfo;
    const validator = validatorOf(info, toBoolean(this.context.command['bypassDocumentValidation']));
    for (const doc of chunk) {
      const raw = ensureIdFirst(encode(doc), () => new ObjectId());
      validator.check(doc);
      checkSize(raw);
      writer.insert(info, raw);
    }
    return {};
  }

  private replaceTarget(): void {
    const { store, transactions } = this.context.server;
    const target = store.catalog.find(this.ns);
    if (target) {
      transactions.refuseIfLocked(target);
      store.drop(target);
    }
    store.catalog.rename(store.catalog.find(this.temporary) as CollectionInfo, this.ns);
  }
}

/** `$merge`: each document is matched with one of the target by the `on` fields. */
class MergeWriter {
  constructor(
    private readonly context: CommandContext,
    private readonly ns: string,
    private readonly instruction: MergeInstruction,
  ) {}

  async run(documents: AsyncGenerator<Document, void, undefined>): Promise<void> {
    const unnumbered = { ...this.context, session: null };
    await this.context.server.store.write(() => this.checkTarget());
    await inChunks(documents, async (chunk) => {
      await this.context.server.transactions.write(unnumbered, (writer) => {
        for (const doc of chunk) this.merge(writer, doc);
        return {};
      });
    });
  }

  private checkTarget(): void {
    const { on } = this.instruction;
    const info = this.context.server.store.catalog.find(this.ns);
    refuseView(info);
    if (on.length === 1 && on[0] === '_id') return;
    const wanted = new Set(on);
    const isUnique = info?.indexes.some(
      ({ unique, partialFilter, sparse, fields }) =>
        unique &&
        !partialFilter &&
        !sparse &&
        fields.length === wanted.size &&
        fields.every(([path]) => wanted.has(path)),
    );
    if (!isUnique) throw new MongoError(51183, 'Cannot find index to verify that join fields will be unique');
  }

  private merge(writer: DocumentWriter, given: Document): void {
    const { on, whenMatched, whenNotMatched } = this.instruction;
    const doc = getField(given, '_id') === undefined ? { _id: new ObjectId(), ...given } : given;
    const filter = Object.fromEntries(on.map((path) => [path, { $eq: this.joinValue(doc, path) }]));
    const exists = this.exists(writer, filter);
    if (!exists) {
      if (whenNotMatched === 'discard') return;
      if (whenNotMatched === 'fail')
        throw new MongoError(
          13113,
          '$merge could not find a matching document in the target collection for at least one document in the source collection',
        );
      const info = writer.names.find(this.ns) ?? writer.names.create(this.ns, {});
      validatorOf(info, toBoolean(this.context.command['bypassDocumentValidation'])).check(doc);
      const raw = ensureIdFirst(encode(doc), () => new ObjectId());
      checkSize(raw);
      writer.insert(info, raw);
      return;
    }
    if (whenMatched === 'keepExisting') return;
    if (whenMatched === 'fail') {
      throw this.duplicate(filter);
    }
    this.update(writer, filter, doc, whenMatched);
  }

  private duplicate(filter: Record<string, Document>): DuplicateKeyError {
    const paths = Object.keys(filter);
    const index = paths.length === 1 && paths[0] === '_id' ? '_id_' : paths.map((path) => `${path}_1`).join('_');
    return new DuplicateKeyError(
      this.ns,
      index,
      Object.fromEntries(paths.map((path) => [path, 1])),
      Object.fromEntries(paths.map((path) => [path, filter[path]?.['$eq']])),
    );
  }

  private joinValue(doc: Document, path: string): unknown {
    const value = path.split('.').reduce<unknown>((inner, part) => (inner as Document | undefined)?.[part], doc);
    if (value === undefined || value === null || Array.isArray(value)) {
      throw new MongoError(51132, "$merge write error: 'on' field cannot be missing, null, undefined or an array");
    }
    return value;
  }

  private exists(writer: DocumentWriter, filter: Document): boolean {
    const info = writer.names.find(this.ns);
    if (!info) return false;
    const query = new Query({ info, filter, limit: 1 }, writer.view);
    for (const row of query.rows(this.context.slice.uninterrupted())) if (typeof row !== 'symbol') return true;
    return false;
  }

  private update(
    writer: DocumentWriter,
    filter: Document,
    doc: Document,
    mode: 'replace' | 'merge' | readonly Document[],
  ): void {
    const { _id: _, ...rest } = doc;
    const byId = '_id' in filter;
    const update = mode === 'replace' ? (byId ? doc : rest) : mode === 'merge' ? { $set: byId ? doc : rest } : mode;
    if (mode === 'merge' && Object.keys(byId ? doc : rest).length === 0) return;
    const variables = Array.isArray(mode) ? { new: doc, ...(this.instruction.variables ?? {}) } : undefined;
    runUpdate(
      writer,
      this.ns,
      {
        filter,
        update,
        multi: false,
        upsert: false,
        let: variables,
        bypassValidation: toBoolean(this.context.command['bypassDocumentValidation']),
      },
      this.context.slice.uninterrupted(),
    );
  }
}
