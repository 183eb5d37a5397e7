import type { Document } from '../bson/values.js';
import { isDocument, isNumeric } from '../bson/values.js';
import { MongoError } from '../errors.js';
import type { IndexField, IndexInfo, TextOptions } from './catalog-types.js';
import { toBoolean, toInteger, toNumber } from './integers.js';

const KNOWN_OPTIONS = new Set([
  'key', 'name', 'v', 'unique', 'sparse', 'hidden', 'partialFilterExpression', 'expireAfterSeconds', 'collation',
  'background', 'weights', 'default_language', 'language_override', 'textIndexVersion', 'dropDups', 'ns', 'clustered',
  'storageEngine', 'prepareUnique', 'wildcardProjection', 'bits', 'min', 'max', '2dsphereIndexVersion',
]); // prettier-ignore
const REFUSED_KINDS = new Set(['2d', '2dsphere', 'geoHaystack', 'columnstore']);
/** MongoDB's largest TTL; above it dates would overflow. */
const MAX_TTL_SECONDS = 0x7fffffff;

/** MongoDB's default name: fields and kinds joined by underscores. */
export function defaultIndexName(key: Document): string {
  return Object.entries(key)
    .map(([path, kind]) => `${path}_${typeof kind === 'string' ? kind : toNumber(kind, 1)}`)
    .join('_');
}

/**
 * Checks an index of `createIndexes` and returns the spec as it is stored and listed (`v`, `key`, `name` and the
 * options that say something).
 *
 * @throws MongoError 67 CannotCreateIndex, 197 InvalidIndexSpecificationOption, 14, 9, 2
 */
export function normalizeIndexSpec(given: Document): Document {
  const { key } = given;
  if (!isDocument(key)) throw new MongoError(9, "The 'key' field is a required property of an index specification");
  const name = given['name'] ?? defaultIndexName(key);
  if (typeof name !== 'string') throw new MongoError(14, "The field 'name' must be a string");
  if (name === '') throw new MongoError(67, 'index name cannot be empty');
  for (const option of Object.keys(given)) {
    if (!KNOWN_OPTIONS.has(option)) {
      throw new MongoError(197, `The field '${option}' is not valid for an index specification.`);
    }
  }
  checkKey(key);
  const isId = isIdKey(key);
  const spec: Document = { v: 2, key, name: isId ? '_id_' : name };
  if (isId) return spec;
  copyOptions(given, spec);
  return spec;
}

const isIdKey = (key: Document): boolean => Object.keys(key).length === 1 && isNumeric(key['_id']);

function checkKey(key: Document): void {
  const entries = Object.entries(key);
  if (entries.length === 0) throw new MongoError(67, 'Index keys cannot be an empty object.');
  if (entries.length > 32) throw new MongoError(13103, 'too many compound keys');
  for (const [path, kind] of entries) {
    if (path === '') throw new MongoError(67, 'Index keys cannot be an empty field.');
    if (path.split('.').includes('')) throw new MongoError(67, `Index keys cannot contain an empty field: ${path}`);
    if (typeof kind === 'string') checkKind(path, kind, entries.length);
    else checkDirection(kind);
    if (path.startsWith('$') && !(path === '$**' && kind === 'text')) {
      throw new MongoError(67, `Index key contains an illegal field name: field name starts with '$': ${path}`);
    }
    if (path.endsWith('$**') && kind !== 'text') throw new MongoError(67, 'Wildcard indexes are not supported');
  }
}

function checkDirection(kind: unknown): void {
  if (!isNumeric(kind)) {
    throw new MongoError(
      67,
      'Values in v:2 index key pattern cannot be of this type. Only numbers and strings are allowed.',
    );
  }
  const direction = toNumber(kind, 0);
  if (direction === 0 || Number.isNaN(direction)) {
    throw new MongoError(67, 'Values in the index key pattern cannot be 0.');
  }
}

function checkKind(path: string, kind: string, fields: number): void {
  if (REFUSED_KINDS.has(kind)) throw new MongoError(67, `Geospatial and columnar indexes (${kind}) are not supported`);
  if (kind !== 'text' && kind !== 'hashed') throw new MongoError(67, `Unknown index plugin '${kind}'`);
  if (kind === 'hashed' && fields > 1 && path === '') throw new MongoError(67, 'hashed index needs a field');
}

function copyOptions(given: Document, spec: Document): void {
  for (const flag of ['unique', 'sparse', 'hidden'] as const) if (toBoolean(given[flag])) spec[flag] = true;
  const { partialFilterExpression: partial, expireAfterSeconds: ttl, collation } = given;
  if (partial !== undefined) {
    if (!isDocument(partial)) throw new MongoError(14, "'partialFilterExpression' must be an object");
    if (spec['sparse']) throw new MongoError(67, 'cannot mix "partialFilterExpression" and "sparse" options');
    spec['partialFilterExpression'] = partial;
  }
  if (ttl !== undefined) spec['expireAfterSeconds'] = ttlSeconds(ttl, spec['key'] as Document);
  if (isDocument(collation) && collation['locale'] !== 'simple') spec['collation'] = collation;
  if (Object.values(spec['key'] as Document).includes('text')) addText(given, spec);
}

function ttlSeconds(ttl: unknown, key: Document): number {
  if (!isNumeric(ttl)) throw new MongoError(67, "TTL index 'expireAfterSeconds' option must be numeric");
  const seconds = toNumber(ttl, 0);
  if (seconds < 0) throw new MongoError(67, "TTL index 'expireAfterSeconds' option cannot be less than 0");
  if (Object.keys(key).length !== 1)
    throw new MongoError(67, 'TTL indexes are single-field indexes, compound indexes do not support TTL.');
  return Number.isNaN(seconds) ? MAX_TTL_SECONDS : Math.min(Math.trunc(seconds), MAX_TTL_SECONDS);
}

/** MongoDB lists a text index with `_fts`/`_ftsx` in the key and the fields as weights. */
function addText(given: Document, spec: Document): void {
  const key: Document = {};
  const weights: Document = {};
  for (const [path, kind] of Object.entries(spec['key'] as Document)) {
    if (kind === 'text' && path !== '_fts') weights[path] = 1;
    if (kind === 'text') Object.assign(key, { _fts: 'text', _ftsx: 1 });
    else if (path !== '_ftsx') key[path] = kind;
  }
  for (const [path, weight] of Object.entries((given['weights'] as Document | undefined) ?? {})) {
    weights[path] = toNumber(weight, 1);
  }
  spec['key'] = key;
  spec['weights'] = Object.fromEntries(Object.entries(weights).sort(([a], [b]) => (a < b ? -1 : 1)));
  spec['default_language'] = given['default_language'] ?? 'english';
  spec['language_override'] = given['language_override'] ?? 'language';
  spec['textIndexVersion'] = 3;
}

/** The index of a stored spec. */
export function parseIndexSpec(spec: Document, id: number): IndexInfo {
  const key = spec['key'] as Document;
  const isId = isIdKey(key);
  const expire = spec['expireAfterSeconds'];
  return {
    id,
    name: spec['name'] as string,
    fields: Object.entries(key)
      .filter(([path]) => path !== '_ftsx')
      .map(([path, kind]): IndexField => [path, fieldKind(kind)]),
    unique: isId || toBoolean(spec['unique']),
    sparse: toBoolean(spec['sparse']),
    hidden: toBoolean(spec['hidden']),
    partialFilter: spec['partialFilterExpression'] as Document | undefined,
    expireAfterSeconds: expire === undefined ? undefined : toInteger(expire, 0),
    collation: spec['collation'] as Document | undefined,
    text: spec['weights'] === undefined ? undefined : textOptions(spec),
    multikey: false,
    longKeys: false,
    building: false,
    spec: isId ? { v: 2, key: spec['key'], name: '_id_' } : spec,
  };
}

const fieldKind = (kind: unknown): IndexField[1] => {
  if (kind === 'text' || kind === 'hashed') return kind;
  return toNumber(kind, 1) < 0 ? -1 : 1;
};

function textOptions(spec: Document): TextOptions {
  const weights = Object.entries(spec['weights'] as Document).map(([path, weight]) => [path, toNumber(weight, 1)]);
  return {
    weights: Object.fromEntries(weights) as Record<string, number>,
    defaultLanguage: spec['default_language'] as string,
    languageOverride: spec['language_override'] as string,
  };
}
