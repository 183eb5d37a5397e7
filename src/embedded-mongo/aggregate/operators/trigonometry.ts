import { makeDouble, type Numeric, toNumber } from '../../bson/numbers.js';
import { isNumeric, typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { binary, isNullish } from '../arguments.js';
import { type OperatorTable } from '../expression-types.js';
import { numeric, realFunction } from './arithmetic.js';

/** `$sin $cos $tan $asin $acos $atan $atan2 $sinh ... $degreesToRadians $radiansToDegrees`. */
export const trigonometryOperators: OperatorTable = {
  $sin: numeric(bounded('$sin', Math.sin, Number.isFinite)),
  $cos: numeric(bounded('$cos', Math.cos, Number.isFinite)),
  $tan: numeric(bounded('$tan', Math.tan, Number.isFinite)),
  $asin: numeric(bounded('$asin', Math.asin, (value) => value >= -1 && value <= 1)),
  $acos: numeric(bounded('$acos', Math.acos, (value) => value >= -1 && value <= 1)),
  $atan: numeric(realFunction(Math.atan)),
  $sinh: numeric(realFunction(Math.sinh)),
  $cosh: numeric(realFunction(Math.cosh)),
  $tanh: numeric(realFunction(Math.tanh)),
  $asinh: numeric(realFunction(Math.asinh)),
  $acosh: numeric(bounded('$acosh', Math.acosh, (value) => value >= 1)),
  $atanh: numeric(bounded('$atanh', Math.atanh, (value) => value >= -1 && value <= 1)),
  $degreesToRadians: numeric(realFunction((value) => (value * Math.PI) / 180)),
  $radiansToDegrees: numeric(realFunction((value) => (value * 180) / Math.PI)),
  $atan2: binary((y, x) => {
    if (isNullish(y) || isNullish(x)) return null;
    if (!isNumeric(y) || !isNumeric(x)) {
      throw new MongoError(51044, `$atan2 only supports numeric types, not ${typeName(y)} and ${typeName(x)}`);
    }
    return makeDouble(Math.atan2(toNumber(y), toNumber(x)));
  }),
};

function bounded(
  name: string,
  compute: (value: number) => number,
  accepts: (value: number) => boolean,
): (value: Numeric) => Numeric {
  return (value) => {
    const number = toNumber(value);
    if (!Number.isNaN(number) && !accepts(number)) {
      throw new MongoError(50989, `cannot apply ${name} to ${number}, value must be in its domain`);
    }
    return realFunction(compute)(value);
  };
}
