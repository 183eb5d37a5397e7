import { valuesEqual } from '../bson/compare.js';
import { compareNumbers, type Numeric, remainderNumbers, toNumber } from '../bson/numbers.js';
import { hasTypeIn, parseTypeSet } from '../bson/type-set.js';
import { BSON_TYPE, type Document, getField, isDocument, isNumeric } from '../bson/values.js';
import { failedToParse, typeMismatch } from '../errors.js';
import { compileRegex } from '../query/operators/regex.js';
import { countOperand, numberOperand, objectOperand, stringsOperand } from './operands.js';
import { encodeKey } from '../bson/key.js';

type Check = (value: unknown) => boolean;

/**
 * Compiles a `$jsonSchema` (MongoDB's dialect of JSON Schema draft 4: `bsonType`, no `$ref`, `default`, `definitions`,
 * `format`, `id`). Keywords only constrain values of the type they are about. Throws 9 FailedToParse for unknown
 * keywords, 14 TypeMismatch for operands of the wrong type.
 */
export function compileSchema(schema: Document): (doc: Document) => boolean {
  return compileCheck(schema);
}

type KeywordCompiler = (operand: unknown, schema: Document) => Check | null;

const schemaList = (name: string, operand: unknown): Check[] => {
  if (!Array.isArray(operand)) throw typeMismatch(`$jsonSchema keyword '${name}' must be an array`);
  if (operand.length === 0) throw failedToParse(`$jsonSchema keyword '${name}' must be a non-empty array`);
  return (operand as unknown[]).map((each) => compileCheck(objectOperand(name, each)));
};

// Each helper limits a keyword to the values it is about.
const ofNumbers =
  (check: (value: Numeric) => boolean): Check =>
  (value) =>
    !isNumeric(value) || check(value);
const ofStrings =
  (check: (value: string) => boolean): Check =>
  (value) =>
    typeof value !== 'string' || check(value);
const ofArrays =
  (check: (items: readonly unknown[]) => boolean): Check =>
  (value) =>
    !Array.isArray(value) || check(value);
const ofObjects =
  (check: (doc: Document) => boolean): Check =>
  (value) =>
    !isDocument(value) || check(value);

const areDistinct = (items: readonly unknown[]): boolean =>
  new Set(items.map((item) => encodeKey([item], [1]).toString('latin1'))).size === items.length;
const codePoints = (text: string): number => [...text].length;
const ignored: KeywordCompiler = () => null;

/** JSON Schema's own type names. */
const JSON_TYPES: Record<string, ReadonlySet<number>> = {
  object: new Set([BSON_TYPE.object]),
  array: new Set([BSON_TYPE.array]),
  number: new Set([BSON_TYPE.int, BSON_TYPE.long, BSON_TYPE.double, BSON_TYPE.decimal]),
  boolean: new Set([BSON_TYPE.bool]),
  string: new Set([BSON_TYPE.string]),
  null: new Set([BSON_TYPE.null]),
};

const keywords: Record<string, KeywordCompiler> = {
  title: ignored,
  description: ignored,
  exclusiveMinimum: ignored, // read by minimum and maximum
  exclusiveMaximum: ignored,
  additionalProperties: (operand, schema) => {
    const known = new Set(Object.keys(isDocument(schema.properties) ? schema.properties : {}));
    const patterns = Object.keys(isDocument(schema.patternProperties) ? schema.patternProperties : {}).map((pattern) =>
      compileRegex(pattern, ''),
    );
    const isExtra = (name: string): boolean => !known.has(name) && !patterns.some((pattern) => pattern.test(name));
    if (typeof operand === 'boolean') {
      return operand ? null : ofObjects((doc) => !Object.keys(doc).some(isExtra));
    }
    const check = compileCheck(objectOperand('additionalProperties', operand));
    return ofObjects((doc) => Object.keys(doc).every((name) => !isExtra(name) || check(doc[name])));
  },
  additionalItems: (operand, schema) => {
    if (!Array.isArray(schema.items)) return null;
    const { length } = schema.items;
    if (typeof operand === 'boolean') return operand ? null : ofArrays((items) => items.length <= length);
    const check = compileCheck(objectOperand('additionalItems', operand));
    return ofArrays((items) => items.slice(length).every(check));
  },
  allOf: (operand) => {
    const checks = schemaList('allOf', operand);
    return (value) => checks.every((check) => check(value));
  },
  anyOf: (operand) => {
    const checks = schemaList('anyOf', operand);
    return (value) => checks.some((check) => check(value));
  },
  oneOf: (operand) => {
    const checks = schemaList('oneOf', operand);
    return (value) => checks.filter((check) => check(value)).length === 1;
  },
  not: (operand) => {
    const check = compileCheck(objectOperand('not', operand));
    return (value) => !check(value);
  },
  bsonType: (operand) => {
    const types = parseTypeSet(operand, '$jsonSchema');
    return (value) => hasTypeIn(value, types);
  },
  type: (operand) => {
    const names = typeof operand === 'string' ? [operand] : stringsOperand('type', operand);
    const types = new Set(
      names.flatMap((name) => {
        const known = Object.hasOwn(JSON_TYPES, name) ? JSON_TYPES[name] : undefined;
        if (!known) throw failedToParse(`$jsonSchema type '${name}' is not currently supported.`);
        return [...known];
      }),
    );
    return (value) => hasTypeIn(value, types);
  },
  enum: (operand) => {
    if (!Array.isArray(operand)) throw typeMismatch("$jsonSchema keyword 'enum' must be an array");
    if (operand.length === 0) throw failedToParse("$jsonSchema keyword 'enum' cannot be an empty array");
    return (value) => operand.some((allowed) => valuesEqual(allowed, value));
  },
  required: (operand) => {
    const names = stringsOperand('required', operand);
    if (names.length === 0) throw failedToParse("$jsonSchema keyword 'required' cannot be an empty array");
    return ofObjects((doc) => names.every((name) => getField(doc, name) !== undefined));
  },
  properties: (operand) => {
    const properties = objectOperand('properties', operand);
    const checks = Object.keys(properties).map(
      (name) => [name, compileCheck(objectOperand(name, properties[name]))] as const,
    );
    return ofObjects((doc) =>
      checks.every(([name, check]) => {
        const value = getField(doc, name);
        return value === undefined || check(value);
      }),
    );
  },
  patternProperties: (operand) => {
    const patterns = objectOperand('patternProperties', operand);
    const checks = Object.keys(patterns).map(
      (pattern) => [compileRegex(pattern, ''), compileCheck(objectOperand(pattern, patterns[pattern]))] as const,
    );
    return ofObjects((doc) =>
      Object.keys(doc).every((name) => checks.every(([pattern, check]) => !pattern.test(name) || check(doc[name]))),
    );
  },
  dependencies: (operand) => {
    const dependencies = objectOperand('dependencies', operand);
    const checks = Object.keys(dependencies).map((name) => {
      const needs = dependencies[name];
      if (!Array.isArray(needs)) return [name, compileCheck(objectOperand('dependencies', needs))] as const;
      const others = stringsOperand('dependencies', needs);
      return [name, ofObjects((doc) => others.every((other) => getField(doc, other) !== undefined))] as const;
    });
    return ofObjects((doc) => checks.every(([name, check]) => getField(doc, name) === undefined || check(doc)));
  },
  items: (operand) => {
    if (Array.isArray(operand)) {
      const checks = (operand as unknown[]).map((each) => compileCheck(objectOperand('items', each)));
      return ofArrays((items) => checks.every((check, i) => i >= items.length || check(items[i])));
    }
    const check = compileCheck(objectOperand('items', operand));
    return ofArrays((items) => items.every(check));
  },
  uniqueItems: (operand) => {
    if (typeof operand !== 'boolean') throw typeMismatch("$jsonSchema keyword 'uniqueItems' must be a boolean");
    return operand ? ofArrays(areDistinct) : null;
  },
  minItems: (operand) => {
    const min = countOperand('minItems', operand);
    return ofArrays((items) => items.length >= min);
  },
  maxItems: (operand) => {
    const max = countOperand('maxItems', operand);
    return ofArrays((items) => items.length <= max);
  },
  minProperties: (operand) => {
    const min = countOperand('minProperties', operand);
    return ofObjects((doc) => Object.keys(doc).length >= min);
  },
  maxProperties: (operand) => {
    const max = countOperand('maxProperties', operand);
    return ofObjects((doc) => Object.keys(doc).length <= max);
  },
  minLength: (operand) => {
    const min = countOperand('minLength', operand);
    return ofStrings((text) => codePoints(text) >= min);
  },
  maxLength: (operand) => {
    const max = countOperand('maxLength', operand);
    return ofStrings((text) => codePoints(text) <= max);
  },
  pattern: (operand) => {
    if (typeof operand !== 'string') throw typeMismatch("$jsonSchema keyword 'pattern' must be a string");
    const regex = compileRegex(operand, '');
    return ofStrings((text) => regex.test(text));
  },
  minimum: (operand, schema) => {
    const limit = numberOperand('minimum', operand);
    const isExclusive = schema.exclusiveMinimum === true;
    return ofNumbers((value) => compareNumbers(value, limit) >= (isExclusive ? 1 : 0));
  },
  maximum: (operand, schema) => {
    const limit = numberOperand('maximum', operand);
    const isExclusive = schema.exclusiveMaximum === true;
    return ofNumbers((value) => compareNumbers(value, limit) <= (isExclusive ? -1 : 0));
  },
  multipleOf: (operand) => {
    const factor = numberOperand('multipleOf', operand);
    if (toNumber(factor) <= 0) throw failedToParse("$jsonSchema keyword 'multipleOf' must have a positive value");
    return ofNumbers((value) => isMultiple(value, factor));
  },
};

const REFUSED = new Set(['$ref', '$schema', 'default', 'definitions', 'format', 'id']);

function compileCheck(schema: Document): Check {
  const checks = Object.keys(schema).flatMap((name) => {
    const compile = Object.hasOwn(keywords, name) ? keywords[name] : undefined;
    if (!compile) {
      throw failedToParse(
        REFUSED.has(name)
          ? `$jsonSchema keyword '${name}' is not currently supported`
          : `Unknown $jsonSchema keyword: ${name}`,
      );
    }
    return compile(schema[name], schema) ?? [];
  });
  if ('type' in schema && 'bsonType' in schema) {
    throw failedToParse("Cannot specify both $jsonSchema keywords 'type' and 'bsonType'");
  }
  return (value) => checks.every((check) => check(value));
}

function isMultiple(value: Numeric, factor: Numeric): boolean {
  if (!Number.isFinite(toNumber(value))) return false;
  const remainder = remainderNumbers(value, factor);
  return remainder !== null && toNumber(remainder) === 0;
}
