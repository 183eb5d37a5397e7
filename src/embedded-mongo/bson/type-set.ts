import { badValue, failedToParse } from '../errors.js';
import { toNumber } from './numbers.js';
import { aliasOfType, BSON_TYPE, isNumeric, typeNumber } from './values.js';

const NUMBER_TYPES = [BSON_TYPE.double, BSON_TYPE.int, BSON_TYPE.long, BSON_TYPE.decimal];

/**
 * The type codes named by an operand of `$type` or `bsonType`: an alias, `"number"`, a numeric code, or an array of
 * those. Throws 2 BadValue for unknown ones, 9 FailedToParse for an empty array.
 */
export function parseTypeSet(operand: unknown, operator: string): ReadonlySet<number> {
  const names = Array.isArray(operand) ? (operand as unknown[]) : [operand];
  if (names.length === 0) throw failedToParse(`${operator} must match at least one type`);
  return new Set(names.flatMap((name) => typesNamed(name, operator)));
}

function typesNamed(name: unknown, operator: string): readonly number[] {
  if (typeof name === 'string') {
    if (name === 'number') return NUMBER_TYPES;
    const code = Object.hasOwn(BSON_TYPE, name) ? BSON_TYPE[name as keyof typeof BSON_TYPE] : undefined;
    if (code === undefined) throw badValue(`Unknown type name alias: ${name}`);
    return [code];
  }
  if (!isNumeric(name)) throw badValue(`${operator} must be represented as a number or a string`);
  const code = toNumber(name);
  if (aliasOfType(code) === undefined) throw badValue(`Invalid numerical type code: ${code}`);
  return [code];
}

/** Whether a present value has one of the types. */
export const hasTypeIn = (value: unknown, types: ReadonlySet<number>): boolean =>
  value !== undefined && types.has(typeNumber(value));
