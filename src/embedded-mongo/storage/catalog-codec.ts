import { Binary } from 'bson';
import type { Document } from '../bson/values.js';
import { type CollectionInfo, type CollectionStats, splitNamespace } from './catalog-types.js';
import { parseIndexSpec } from './index-spec.js';
import { toInteger } from './integers.js';

/** The limits of a capped collection, undefined for others. */
export function cappedOptions(options: Document): CollectionInfo['capped'] {
  if (options['capped'] !== true) return undefined;
  const max = toInteger(options['max'], 0);
  return { size: toInteger(options['size'], 0), ...(max > 0 ? { max } : {}) };
}

/** A collection as it is written to the catalog. */
export function stored(info: CollectionInfo): Document {
  return {
    id: info.id,
    ns: info.ns,
    type: info.type,
    uuid: new Binary(info.uuid, Binary.SUBTYPE_UUID),
    options: info.options,
    longIds: info.longIds,
    indexes: info.indexes.map(({ id, spec, multikey, longKeys, building }) => ({
      id,
      spec,
      multikey,
      longKeys,
      building,
    })),
  };
}

/** A collection read from the catalog; its counts are read apart. */
export function loaded(doc: Document): CollectionInfo {
  const { id, ns, type, uuid, options, longIds, indexes } = doc as {
    id: number;
    ns: string;
    type: CollectionInfo['type'];
    uuid: Binary;
    options: Document;
    longIds: boolean;
    indexes: Array<{ id: number; spec: Document; multikey: boolean; longKeys: boolean; building: boolean }>;
  };
  return {
    id,
    ns,
    ...splitNamespace(ns),
    type,
    uuid: Buffer.from(uuid.buffer.subarray(0, 16)),
    options,
    capped: cappedOptions(options),
    longIds,
    indexes: indexes.map(({ spec, ...state }) => ({ ...parseIndexSpec(spec, state.id), ...state })),
    stats: { count: 0, bytes: 0, next: 1 },
  };
}

export function loadedStats(doc: Document): CollectionStats {
  return {
    count: toInteger(doc['count'], 0),
    bytes: toInteger(doc['bytes'], 0),
    next: toInteger(doc['next'], 1),
  };
}
