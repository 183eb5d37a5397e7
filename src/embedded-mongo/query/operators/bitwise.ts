import { integerOf, NUMBER_KIND, numberKind, type Numeric, toNumber } from '../../bson/numbers.js';
import { binaryParts, BSON_TYPE, isNumeric, typeNumber } from '../../bson/values.js';
import { badValue, failedToParse } from '../../errors.js';
import { type PredicateCompiler } from '../predicate.js';

/** `$bitsAllSet $bitsAllClear $bitsAnySet $bitsAnyClear`. */
export const bitwiseOperators: Record<string, PredicateCompiler> = {
  $bitsAllSet: bitTest('$bitsAllSet', (bits, positions) => positions.every((position) => bits(position))),
  $bitsAllClear: bitTest('$bitsAllClear', (bits, positions) => positions.every((position) => !bits(position))),
  $bitsAnySet: bitTest('$bitsAnySet', (bits, positions) => positions.some((position) => bits(position))),
  $bitsAnyClear: bitTest('$bitsAnyClear', (bits, positions) => positions.some((position) => !bits(position))),
};

type Bits = (position: number) => boolean;

function bitTest(operator: string, accepts: (bits: Bits, positions: readonly number[]) => boolean): PredicateCompiler {
  return (operand, _context, path) => {
    const positions = readPositions(operand, operator, path);
    return {
      leafs: 'elements',
      test: (value) => {
        const bits = bitsOf(value);
        return bits !== null && accepts(bits, positions);
      },
    };
  };
}

/** Bit positions from a mask number, a binary mask or a list of positions. */
function readPositions(operand: unknown, operator: string, path: string): readonly number[] {
  if (Array.isArray(operand)) return (operand as unknown[]).map(readPosition);
  if (typeNumber(operand) === BSON_TYPE.binData) {
    const { bytes } = binaryParts(operand);
    return positionsWhere(bytes.length * 8, (bit) => binaryBit(bytes, bit));
  }
  if (!isNumeric(operand))
    throw badValue(`${path} takes an Array, a number, or a BinData but received: ${String(operand)}`);
  const mask = integralValue(operand);
  if (mask === null) throw failedToParse(`Expected an integer: ${operator}: ${String(operand)}`);
  if (mask < 0n) throw failedToParse(`Expected a non-negative number in: ${operator}: ${mask}`);
  return positionsWhere(64, (bit) => ((mask >> BigInt(bit)) & 1n) === 1n);
}

function readPosition(item: unknown): number {
  const position = isNumeric(item) ? toNumber(item) : NaN;
  if (!Number.isInteger(position))
    throw failedToParse(`Failed to parse bit position. Expected a number in: ${String(item)}`);
  if (position < 0) throw failedToParse(`Failed to parse bit position. Expected a non-negative number in: ${position}`);
  return position;
}

const positionsWhere = (count: number, isSet: Bits): number[] =>
  Array.from({ length: count }, (_, bit) => bit).filter(isSet);

const binaryBit = (bytes: Uint8Array, bit: number): boolean => (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;

/** Bits of a value: of integers (sign-extended without end) and binaries (zero-extended); null for all else. */
function bitsOf(value: unknown): Bits | null {
  if (typeNumber(value) === BSON_TYPE.binData) {
    const { bytes } = binaryParts(value);
    return (bit) => binaryBit(bytes, bit);
  }
  const integer = isNumeric(value) ? integralValue(value) : null;
  return integer === null ? null : (bit) => ((integer >> BigInt(bit)) & 1n) === 1n;
}

function integralValue(value: Numeric): bigint | null {
  if (numberKind(value) <= NUMBER_KIND.long) return integerOf(value);
  if (numberKind(value) === NUMBER_KIND.decimal) return null;
  const number = toNumber(value);
  return Number.isInteger(number) && Math.abs(number) < 2 ** 63 ? BigInt(number) : null;
}
