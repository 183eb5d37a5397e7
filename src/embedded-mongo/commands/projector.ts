import { decode, encode, pickFields } from '../bson/codec.js';
import type { Document } from '../bson/values.js';
import { compileProjection } from '../query/project.js';
import type { Query } from './query.js';

/** Turns a stored document into what the client asked for. */
export type Projector = (raw: Buffer) => Buffer;

/**
 * Compiles the projection of find and findAndModify; null when the documents go out as they are.
 * @throws MongoError for projections MongoDB refuses
 */
export function makeProjector(spec: Document | undefined, query: Query | null, variables?: Document): Projector | null {
  if (!spec || Object.keys(spec).length === 0) return null;
  const projection = compileProjection(spec, {
    filter: query?.matcher,
    collation: query?.collation ?? null,
    let: variables,
    meta: (doc, name) => (name === 'textScore' ? (query?.textScore(doc as Document) ?? null) : null),
  });
  if (!projection) return null;
  const { fields } = projection;
  return (raw) => encode(projection.apply(fields ? pickFields(raw, fields) : decode(raw)));
}
