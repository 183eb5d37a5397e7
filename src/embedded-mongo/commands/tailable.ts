import { MongoError } from '../errors.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import { afterPrefix, endOfOwner, ownedKey } from '../storage/keys.js';
import { ReadView } from '../storage/read-view.js';
import { PAUSE } from '../storage/time-slice.js';
import type { CommandContext, Reply } from './context.js';
import type { Batch, CursorSource, FillOptions } from './cursor-source.js';
import { ListSource } from './cursor-source.js';
import type { FindRequest } from './find-request.js';
import { makeProjector, type Projector } from './projector.js';
import { Query } from './query.js';
import type { ServerState } from './server-state.js';

/**
 * A cursor that stays at the end of a capped collection and gives what is added.
 * @throws MongoError 2 where the collection is not capped
 */
export async function openTailable(
  context: CommandContext,
  request: FindRequest,
  info: CollectionInfo | undefined,
): Promise<Reply> {
  const { server } = context;
  const { ns, awaitData, batchSize } = request;
  if (request.sort && !('$natural' in request.sort))
    throw new MongoError(2, 'error processing query: tailable cursors cannot be sorted');
  if (!info) return server.cursors.open(context, { ns, source: new ListSource([]) }, batchSize);
  if (!info.capped) {
    throw new MongoError(2, `error processing query: ns=${ns} tailable cursor requested on non capped collection`);
  }
  const query = new Query({ ...request, sort: undefined, info }, new ReadView(server.store.env));
  const projector = makeProjector(request.projection, query, request.let);
  const source = new TailableSource(server, info, query, projector);
  return server.cursors.open(context, { ns, source, tailable: true, awaitData }, batchSize);
}

class TailableSource implements CursorSource {
  private from: Buffer;
  private readonly view: ReadView;

  constructor(
    private readonly server: ServerState,
    private readonly info: CollectionInfo,
    private readonly query: Query,
    private readonly projector: Projector | null,
  ) {
    this.from = ownedKey(info.id);
    this.view = new ReadView(server.store.env);
  }

  async fill(options: FillOptions): Promise<Batch> {
    const deadline = performance.now() + options.waitMs;
    for (;;) {
      if (!this.server.store.catalog.findById(this.info.id)) {
        throw new MongoError(175, 'collection dropped between getMore calls');
      }
      const documents = await this.read(options);
      const left = deadline - performance.now();
      if (documents.length > 0 || left <= 0 || options.signal.aborted) return { documents, done: false };
      await this.server.store.feed.waitForCommit(left, options.signal);
    }
  }

  close(): void {
    this.from = endOfOwner(this.info.id);
  }

  private async read({ limit, slice }: FillOptions): Promise<Buffer[]> {
    const documents: Buffer[] = [];
    const range = { start: this.from, end: endOfOwner(this.info.id) };
    for (const row of this.view.records(this.info, range, false, slice)) {
      if (row === PAUSE) {
        await slice.pause();
        continue;
      }
      const { recordKey, raw } = row;
      if (documents.length >= limit) break;
      this.from = afterPrefix(ownedKey(this.info.id, recordKey));
      if (this.query.accepts(raw)) documents.push(this.projector ? this.projector(raw) : raw);
    }
    return documents;
  }
}
