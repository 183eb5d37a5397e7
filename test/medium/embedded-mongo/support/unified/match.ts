import {
  Binary,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  BSONRegExp,
  BSONSymbol,
  Code,
  type Document,
} from 'mongodb';
import type { Entities } from './entities.js';

const isPlain = (value: unknown): value is Document =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value as { _bsontype?: string })._bsontype &&
  !(value instanceof Date) &&
  !(value instanceof RegExp) &&
  !Buffer.isBuffer(value) &&
  !(value instanceof Map);

/** Compares a result with what a test expects; throws an Error that names the path where they differ. */
export class ResultMatcher {
  constructor(private readonly entities: Entities) {}

  /** @param isRoot documents at the root may have fields the expectation does not name */
  match(expected: unknown, actual: unknown, path = 'result', isRoot = true): void {
    if (isPlain(expected)) {
      const [first] = Object.keys(expected);
      if (first?.startsWith('$$') && Object.keys(expected).length === 1) {
        this.special(first, expected[first], actual, path, isRoot);
        return;
      }
      this.document(expected, actual, path, isRoot);
    } else if (Array.isArray(expected)) {
      if (!Array.isArray(actual)) throw different(path, expected, actual);
      if (actual.length !== expected.length) throw different(`${path}.length`, expected, actual);
      expected.forEach((item, i) => this.match(item, actual[i], `${path}[${i}]`, isRoot && isPlain(item)));
    } else {
      scalar(expected, actual, path);
    }
  }

  private document(expected: Document, actual: unknown, path: string, isRoot: boolean): void {
    const given = actual instanceof Map ? Object.fromEntries(actual) : actual;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw different(path, expected, actual);
    const fields = given as Document;
    for (const [name, value] of Object.entries(expected)) {
      const at = `${path}.${name}`;
      if (isPlain(value) && '$$exists' in value) {
        if ((fields[name] !== undefined) !== value.$$exists) throw different(at, value, fields[name]);
      } else if (isPlain(value) && '$$unsetOrMatches' in value) {
        if (fields[name] !== undefined) this.match(value.$$unsetOrMatches, fields[name], at, false);
      } else {
        if (fields[name] === undefined) throw different(at, value, undefined);
        this.match(value, fields[name], at, false);
      }
    }
    if (isRoot) return;
    for (const name of Object.keys(fields)) {
      if (!(name in expected) && fields[name] !== undefined)
        throw different(`${path}.${name}`, undefined, fields[name]);
    }
  }

  private special(operator: string, operand: unknown, actual: unknown, path: string, isRoot: boolean): void {
    switch (operator) {
      case '$$exists':
        if ((actual !== undefined) !== operand) throw different(path, { [operator]: operand }, actual);
        return;
      case '$$type': {
        const types = Array.isArray(operand) ? (operand as string[]) : [operand as string];
        if (!types.some((type) => isOfType(actual, type))) throw different(path, { [operator]: operand }, actual);
        return;
      }
      case '$$matchesEntity':
        this.match(this.entities.get(operand as string), actual, path, isRoot);
        return;
      case '$$unsetOrMatches':
        if (actual !== undefined && actual !== null) this.match(operand, actual, path, isRoot);
        return;
      case '$$sessionLsid':
        this.match(this.entities.lsid(operand as string), actual, path, false);
        return;
      case '$$matchesHexBytes':
        if (Buffer.from(actual as Buffer).toString('hex') !== operand) throw different(path, operand, actual);
        return;
      case '$$lte':
        if (!(Number(actual) <= Number(operand))) throw different(path, { [operator]: operand }, actual);
        return;
      case '$$matchAsDocument':
      case '$$matchAsRoot':
        this.match(operand, actual, path, true);
        return;
      default:
        throw new Error(`unknown special operator ${operator}`);
    }
  }
}

const TYPES: Record<string, (value: unknown) => boolean> = {
  double: (v) => typeof v === 'number' || v instanceof Double,
  string: (v) => typeof v === 'string',
  object: isPlain,
  array: Array.isArray,
  binData: (v) => v instanceof Binary || Buffer.isBuffer(v),
  objectId: (v) => v instanceof ObjectId,
  bool: (v) => typeof v === 'boolean',
  date: (v) => v instanceof Date,
  null: (v) => v === null,
  regex: (v) => v instanceof RegExp || v instanceof BSONRegExp,
  javascript: (v) => v instanceof Code,
  symbol: (v) => v instanceof BSONSymbol,
  int: (v) => Number.isInteger(v) || v instanceof Int32,
  timestamp: (v) => v instanceof Timestamp,
  long: (v) => Number.isInteger(v) || typeof v === 'bigint' || Long.isLong(v),
  number: (v) => typeof v === 'number' || Long.isLong(v),
  decimal: (v) => v instanceof Decimal128,
  minKey: (v) => v instanceof MinKey,
  maxKey: (v) => v instanceof MaxKey,
};

function isOfType(value: unknown, type: string): boolean {
  const test = TYPES[type];
  if (!test) throw new Error(`unknown $$type ${type}`);
  return test(value);
}

function scalar(expected: unknown, actual: unknown, path: string): void {
  if (expected === undefined) return;
  if (expected === null) {
    if (actual !== null && actual !== undefined) throw different(path, expected, actual);
    return;
  }
  const isNumber = (v: unknown): boolean =>
    typeof v === 'number' || typeof v === 'bigint' || Long.isLong(v) || v instanceof Int32 || v instanceof Double;
  if (isNumber(expected) && isNumber(actual)) {
    if (Number(expected) !== Number(actual)) throw different(path, expected, actual);
    return;
  }
  const text = (v: unknown): string => {
    if (typeof v === 'bigint') return `number ${v}`;
    if (v instanceof Date) return `date ${v.getTime()}`;
    if (v instanceof Binary) return `binary ${v.sub_type} ${v.toString('hex')}`;
    if (v instanceof ObjectId) return `oid ${v.toHexString()}`;
    if (v instanceof RegExp) return `regex ${v.source} ${v.flags}`;
    if (v instanceof BSONRegExp) return `regex ${v.pattern} ${v.options}`;
    return JSON.stringify(v);
  };
  if (text(expected) !== text(actual)) throw different(path, expected, actual);
}

function different(path: string, expected: unknown, actual: unknown): Error {
  const show = (value: unknown): string => {
    try {
      return JSON.stringify(value)?.slice(0, 400) ?? 'undefined';
    } catch {
      return String(value);
    }
  };
  return new Error(`${path}: expected ${show(expected)}, got ${show(actual)}`);
}
