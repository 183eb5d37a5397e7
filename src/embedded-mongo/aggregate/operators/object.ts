import { type Document, getField, isDocument, setField, typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { isNullish, namedOperands, operandList, unaryOrNull } from '../arguments.js';
import { type ExpressionCompiler, type OperatorTable } from '../expression-types.js';

/** `$mergeObjects $objectToArray $getField $setField $unsetField`. */
export const objectOperators: OperatorTable = {
  $mergeObjects: (operand, compiler) => {
    const evaluators = operandList(operand).map((each) => compiler.compile(each));
    return (scope) => mergeObjects(evaluators.map((evaluate) => evaluate(scope)));
  },
  $objectToArray: unaryOrNull((value) => {
    if (!isDocument(value))
      throw new MongoError(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
    return Object.keys(value).map((k) => ({ k, v: value[k] }));
  }),
  $getField: (operand, compiler) => {
    const isShort = !isDocument(operand) || !('field' in operand);
    const operands: Document = isShort
      ? { field: operand }
      : namedOperands(operand, '$getField', ['field', 'input'], [], 3041702);
    const name = fieldName(operands.field, '$getField', 3041704);
    if (isShort) {
      compiler.readsWholeDocument();
      return (scope) => (isDocument(scope.root) ? getField(scope.root, name) : undefined);
    }
    const input = compiler.compile(operands.input);
    return (scope) => {
      const value = input(scope);
      return isDocument(value) ? getField(value, name) : value === null ? null : undefined;
    };
  },
  $setField: (operand, compiler) => {
    const operands = namedOperands(operand, '$setField', ['field', 'input', 'value'], [], 4161100);
    return writeField(operands.field, operands.input, operands.value, compiler, '$setField');
  },
  $unsetField: (operand, compiler) => {
    const operands = namedOperands(operand, '$unsetField', ['field', 'input'], [], 4161100);
    return writeField(operands.field, operands.input, '$$REMOVE', compiler, '$unsetField');
  },
};

/** Fields of all documents, later ones win; null and missing are skipped. */
export function mergeObjects(values: readonly unknown[]): Document {
  const merged: Document = {};
  for (const value of values) {
    if (isNullish(value)) continue;
    if (!isDocument(value))
      throw new MongoError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`);
    for (const name of Object.keys(value)) setField(merged, name, value[name]);
  }
  return merged;
}

/** The field must be a constant string, perhaps as `{ $literal: "$price" }`. */
function fieldName(operand: unknown, operator: string, code: number): string {
  const name = isDocument(operand) && '$literal' in operand ? operand.$literal : operand;
  if (typeof name !== 'string' || (name === operand && name.startsWith('$'))) {
    throw new MongoError(
      code,
      `${operator} requires 'field' to evaluate to a constant String, but got ${typeName(name)}`,
    );
  }
  return name;
}

function writeField(
  field: unknown,
  input: unknown,
  value: unknown,
  compiler: ExpressionCompiler,
  operator: string,
): ReturnType<OperatorTable[string]> {
  const name = fieldName(field, operator, 4161107);
  const readInput = compiler.compile(input);
  const readValue = compiler.compile(value);
  return (scope) => {
    const doc = readInput(scope);
    if (isNullish(doc)) return null;
    if (!isDocument(doc)) throw new MongoError(4161105, `${operator} requires 'input' to evaluate to type Object`);
    const copy: Document = { ...doc };
    const next = readValue(scope);
    if (next === undefined) delete copy[name];
    else setField(copy, name, next);
    return copy;
  };
}
