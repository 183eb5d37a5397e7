import { type Document, isDocument, typeName } from '../bson/values.js';
import { failedToParse, MongoError } from '../errors.js';

export interface OutInstruction {
  readonly stage: '$out';
  /** Null: the database of the command. */
  readonly database: string | null;
  readonly collection: string;
}

export interface MergeInstruction {
  readonly stage: '$merge';
  readonly database: string | null;
  readonly collection: string;
  /** Fields that identify a document of the target; `['_id']` unless given. */
  readonly on: readonly string[];
  /** An array is an update pipeline with the new document as `$$new`. */
  readonly whenMatched: 'replace' | 'keepExisting' | 'merge' | 'fail' | readonly Document[];
  readonly whenNotMatched: 'insert' | 'discard' | 'fail';
  readonly variables: Document | null;
}

/** What to do with the result of a pipeline. */
export type WriteInstruction = OutInstruction | MergeInstruction;

/** Reads a final `$out` or `$merge`; null for any other stage. */
export function parseWriteStage(name: string, spec: unknown): WriteInstruction | null {
  if (name === '$out') return parseOut(spec);
  return name === '$merge' ? parseMerge(spec) : null;
}

function parseOut(spec: unknown): OutInstruction {
  if (typeof spec === 'string') return { stage: '$out', database: null, collection: spec };
  if (!isDocument(spec))
    throw new MongoError(16990, `$out only supports a string or object argument, but found ${typeName(spec)}`);
  const { db, coll } = spec;
  if (typeof coll !== 'string' || (db !== undefined && typeof db !== 'string')) {
    throw new MongoError(16994, "$out must specify both 'db' and 'coll' as strings");
  }
  return { stage: '$out', database: db ?? null, collection: coll };
}

const WHEN_MATCHED = ['replace', 'keepExisting', 'merge', 'fail'] as const;
const WHEN_NOT_MATCHED = ['insert', 'discard', 'fail'] as const;

function parseMerge(spec: unknown): MergeInstruction {
  if (typeof spec !== 'string' && !isDocument(spec)) {
    throw new MongoError(51182, `$merge requires a string or object argument, but found ${typeName(spec)}`);
  }
  const options: Document = typeof spec === 'string' ? { into: spec } : spec;
  const { into, on, whenMatched = 'merge', whenNotMatched = 'insert' } = options;
  const { db, coll } = isDocument(into) ? into : { db: undefined, coll: into };
  if (typeof coll !== 'string')
    throw new MongoError(51178, "$merge 'into' field must be specified as a string or an object with 'coll'");
  if (db !== undefined && typeof db !== 'string') throw new MongoError(51178, "$merge 'into.db' must be a string");
  return {
    stage: '$merge',
    database: db ?? null,
    collection: coll,
    on: readOn(on),
    whenMatched: Array.isArray(whenMatched)
      ? (whenMatched as Document[])
      : oneOf(whenMatched, WHEN_MATCHED, 'whenMatched'),
    whenNotMatched: oneOf(whenNotMatched, WHEN_NOT_MATCHED, 'whenNotMatched'),
    variables: isDocument(options.let) ? options.let : null,
  };
}

function readOn(on: unknown): readonly string[] {
  if (on === undefined) return ['_id'];
  const fields = typeof on === 'string' ? [on] : on;
  if (!Array.isArray(fields) || fields.length === 0 || !fields.every((field) => typeof field === 'string')) {
    throw new MongoError(
      51186,
      `$merge 'on' field  must be either a string or an array of strings, but found ${typeName(on)}`,
    );
  }
  return fields;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], field: string): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined)
    throw failedToParse(`Enumeration value '${String(value)}' for field '$merge.${field}' is not a valid value.`);
  return found;
}
