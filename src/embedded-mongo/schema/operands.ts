import { type Numeric, toNumber } from '../bson/numbers.js';
import { type Document, isDocument, isNumeric, typeName } from '../bson/values.js';
import { failedToParse, typeMismatch } from '../errors.js';

// Checks of keyword operands: 14 TypeMismatch for a wrong type, 9 FailedToParse for a wrong value.

export const numberOperand = (name: string, operand: unknown): Numeric => {
  if (!isNumeric(operand)) throw typeMismatch(`$jsonSchema keyword '${name}' must be a number`);
  return operand;
};
export const countOperand = (name: string, operand: unknown): number => {
  const value = toNumber(numberOperand(name, operand));
  if (!Number.isInteger(value) || value < 0)
    throw failedToParse(`$jsonSchema keyword '${name}' must be a non-negative integer`);
  return value;
};
export const stringsOperand = (name: string, operand: unknown): readonly string[] => {
  if (!Array.isArray(operand)) throw typeMismatch(`$jsonSchema keyword '${name}' must be an array`);
  for (const item of operand as unknown[]) {
    if (typeof item !== 'string') throw typeMismatch(`$jsonSchema keyword '${name}' must be an array of strings`);
  }
  return operand as string[];
};
export const objectOperand = (name: string, operand: unknown): Document => {
  if (!isDocument(operand))
    throw typeMismatch(`$jsonSchema keyword '${name}' must be an object, but found ${typeName(operand)}`);
  return operand;
};
