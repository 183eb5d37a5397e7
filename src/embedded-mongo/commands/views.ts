import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { Catalog } from '../storage/catalog.js';
import type { CollectionInfo } from '../storage/catalog-types.js';

const MAX_DEPTH = 20;

/** Stages a view must not contain. */
export function refusePipelineOf(pipeline: Document[]): void {
  for (const stage of pipeline) {
    const [name] = Object.keys(stage);
    if (name === '$out' || name === '$merge' || name === '$changeStream') {
      throw new MongoError(
        167,
        `The aggregation stage ${name} in location 0 of the pipeline cannot be used in a view definition`,
      );
    }
  }
}

/** The collection behind a namespace, and the stages of the views in between (outermost last). */
export interface ResolvedView {
  ns: string;
  info: CollectionInfo | undefined;
  pipeline: Document[];
  /** Collation of the outermost view. */
  collation?: Document;
}

/** @throws MongoError 160 ViewDepthLimitExceeded */
export function resolveView(catalog: Pick<Catalog, 'find'>, ns: string): ResolvedView {
  const pipeline: Document[] = [];
  let collation: Document | undefined;
  let current = ns;
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    const info = catalog.find(current);
    if (info?.type !== 'view') return { ns: current, info, pipeline, collation };
    pipeline.unshift(...((info.options['pipeline'] as Document[] | undefined) ?? []));
    collation ??= info.options['collation'] as Document | undefined;
    current = `${info.db}.${String(info.options['viewOn'])}`;
  }
  throw new MongoError(160, `View depth too deep or view cycle detected on ${ns}`);
}

/** @throws MongoError 166 for writes and index commands on a view */
export function refuseView(info: CollectionInfo | undefined): void {
  if (info?.type === 'view') throw new MongoError(166, `Namespace ${info.ns} is a view, not a collection`);
}
