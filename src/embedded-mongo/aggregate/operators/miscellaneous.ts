import { encode } from '../../bson/codec.js';
import { binaryParts, BSON_TYPE, isDocument, isNumeric, typeName, typeNumber } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { isNullish, unary } from '../arguments.js';
import { type OperatorCompiler, type OperatorTable } from '../expression-types.js';

const refuse =
  (sentence: string): OperatorCompiler =>
  () => {
    throw new MongoError(31264, sentence);
  };

/** `$literal $type $isNumber $rand $meta $bsonSize $binarySize`; scripts are refused. */
export const miscellaneousOperators: OperatorTable = {
  $literal: (operand) => () => operand,
  $const: (operand) => () => operand,
  $expr: (operand, compiler) => compiler.compile(operand),
  $type: unary((value) => typeName(value)),
  $isNumber: unary((value) => isNumeric(value)),
  $rand: () => () => Math.random(),
  $meta: (operand, compiler) => {
    compiler.readsWholeDocument();
    return (scope) => compiler.context.meta?.(scope.root, String(operand));
  },
  $bsonSize: unary((value) => {
    if (isNullish(value)) return null;
    if (!isDocument(value))
      throw new MongoError(31393, `$bsonSize requires a document input, found: ${typeName(value)}`);
    return encode(value).length;
  }),
  $binarySize: unary((value) => {
    if (isNullish(value)) return null;
    if (typeof value === 'string') return Buffer.byteLength(value, 'utf8');
    if (typeNumber(value) === BSON_TYPE.binData) return binaryParts(value).bytes.length;
    throw new MongoError(51276, `$binarySize requires a string or BinData argument, found: ${typeName(value)}`);
  }),
  $function: refuse('Cannot run server-side javascript without the javascript engine enabled: $function'),
  $accumulator: refuse('Cannot run server-side javascript without the javascript engine enabled: $accumulator'),
};
