import { Binary, Long } from 'bson';
import { decode } from '../bson/codec.js';
import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { ChangeEvent } from './change-feed.js';
import { encodeToken } from './resume-token.js';
import { describeUpdate } from './update-description.js';

export type FullDocument = 'default' | 'updateLookup' | 'whenAvailable' | 'required';
export type BeforeChange = 'off' | 'whenAvailable' | 'required';

/** How a stream wants its events, and where it looks up the current state of a document. */
export interface EventOptions {
  fullDocument: FullDocument;
  beforeChange: BeforeChange;
  expanded: boolean;
  /** The run of the feed, part of every token. */
  run: Buffer;
  /** Current state, for `updateLookup`. */
  lookUp(event: ChangeEvent): Document | null;
  /** Whether the collection keeps pre- and post-images. */
  keepsImages(event: ChangeEvent): boolean;
  uuidOf(event: ChangeEvent): Buffer | undefined;
}

/** The document a change stream gives for an event; field order as MongoDB's. */
export function eventDocument(event: ChangeEvent, options: EventOptions): Document {
  const { kind, db, collection, time, wallTime, id } = event;
  const isDocumentEvent = id !== undefined;
  const uuid = options.expanded ? options.uuidOf(event) : undefined;
  return {
    _id: encodeToken({ sequence: event.sequence, invalidate: false }, options.run),
    operationType: kind,
    clusterTime: time,
    ...(uuid ? { collectionUUID: new Binary(uuid, Binary.SUBTYPE_UUID) } : {}),
    wallTime,
    ...(event.transaction
      ? { txnNumber: Long.fromBigInt(event.transaction.txnNumber), lsid: event.transaction.lsid }
      : {}),
    ...fullDocumentOf(event, options),
    ns: collection === undefined ? { db } : { db, coll: collection },
    ...(kind === 'rename' ? { to: event.detail?.['to'] } : {}),
    ...(isDocumentEvent ? { documentKey: { _id: id } } : {}),
    ...(kind === 'update' ? { updateDescription: descriptionOf(event, options) } : {}),
    ...(options.expanded && event.detail && !isDocumentEvent ? { operationDescription: event.detail } : {}),
    ...beforeOf(event, options),
  };
}

/** The event that closes a stream whose collection (or database) is gone. */
export function invalidateDocument(event: ChangeEvent, run: Buffer): Document {
  return {
    _id: encodeToken({ sequence: event.sequence, invalidate: true }, run),
    operationType: 'invalidate',
    clusterTime: event.time,
    wallTime: event.wallTime,
  };
}

function descriptionOf(event: ChangeEvent, options: EventOptions): Document {
  const { disambiguatedPaths, ...description } = describeUpdate(
    decode(event.before as Buffer),
    decode(event.after as Buffer),
  );
  return { ...description, ...(options.expanded ? { disambiguatedPaths } : {}) };
}

function fullDocumentOf(event: ChangeEvent, options: EventOptions): Document {
  const { kind, after } = event;
  if (kind === 'insert' || kind === 'replace') return { fullDocument: decode(after as Buffer) };
  if (kind !== 'update' || options.fullDocument === 'default') return {};
  if (options.fullDocument === 'updateLookup') return { fullDocument: options.lookUp(event) };
  if (options.keepsImages(event)) return { fullDocument: decode(after as Buffer) };
  if (options.fullDocument === 'whenAvailable') return { fullDocument: null };
  throw imageMissing('post-image');
}

function beforeOf(event: ChangeEvent, options: EventOptions): Document {
  const { kind, before } = event;
  if (options.beforeChange === 'off' || !['update', 'replace', 'delete'].includes(kind)) return {};
  if (options.keepsImages(event)) return { fullDocumentBeforeChange: decode(before as Buffer) };
  if (options.beforeChange === 'whenAvailable') return { fullDocumentBeforeChange: null };
  throw imageMissing('pre-image');
}

const imageMissing = (what: string): MongoError =>
  new MongoError(
    47,
    `Change stream was configured to require a ${what} for all update, delete and replace events, but the ${what} was not found for event`,
    { labels: ['NonResumableChangeStreamError'] },
  );
