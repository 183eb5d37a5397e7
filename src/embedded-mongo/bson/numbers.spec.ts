import { Decimal128, Double, Long } from 'bson';

import {
  addNumbers,
  compareNumbers,
  divideNumbers,
  multiplyNumbers,
  type Numeric,
  remainderNumbers,
  subtractNumbers,
} from './numbers.js';

const dec = (text: string): Decimal128 => Decimal128.fromString(text);
const long = (text: string): Long => Long.fromString(text);

describe('typed arithmetic', () => {
  test.each<readonly [string, unknown, unknown]>([
    ['int + int', addNumbers(1, 2), 3],
    ['int overflow', addNumbers(2147483647, 1), long('2147483648')],
    ['long + int', addNumbers(long('1'), 2), long('3')],
    ['long overflow', addNumbers(Long.MAX_VALUE, 1), null],
    ['int + double', addNumbers(1, new Double(2)), new Double(3)],
    ['double fraction', addNumbers(0.1, 0.2), 0.1 + 0.2],
    ['decimal', addNumbers(dec('0.1'), dec('0.2')), dec('0.3')],
    ['decimal keeps trailing zeros', addNumbers(dec('1.10'), dec('2.20')), dec('3.30')],
    ['decimal + double uses 15 digits', addNumbers(dec('0'), 0.1), dec('0.100000000000000')],
    [
      'decimal rounds half to even at 34 digits',
      addNumbers(dec('9999999999999999999999999999999999'), dec('0.5')),
      dec('1.000000000000000000000000000000000E+34'),
    ],
    ['decimal infinity', addNumbers(dec('Infinity'), dec('-Infinity')), dec('NaN')],
    ['far apart', addNumbers(dec('1E+6000'), dec('1E-6000')), dec('1E+6000')],
    ['subtract', subtractNumbers(dec('1'), dec('0.9')), dec('0.1')],
    ['multiply', multiplyNumbers(dec('1.5'), 2), dec('3.0')],
    ['int multiply overflow', multiplyNumbers(65536, 65536), long('4294967296')],
    ['decimal overflow', multiplyNumbers(dec('1E+6000'), dec('1E+6000')), dec('Infinity')],
    ['divide ints', divideNumbers(1, 4), 0.25],
    ['divide decimals', divideNumbers(dec('1'), dec('3')), dec('0.3333333333333333333333333333333333')],
    ['divide decimals evenly', divideNumbers(dec('1'), dec('4')), dec('0.25')],
    ['decimal by zero', divideNumbers(dec('1'), dec('0')), dec('Infinity')],
    ['remainder keeps the sign', remainderNumbers(-7, 3), -1],
    ['remainder of decimals', remainderNumbers(dec('7.5'), dec('2')), dec('1.5')],
  ])('%s', (_what, actual, expected) => {
    expect(String(actual)).toBe(String(expected));
    expect(typeof actual).toBe(typeof expected);
  });

  test('orders numbers that share a nearest double', () => {
    const ascending: Numeric[] = [
      dec('0.1'),
      0.1,
      dec('0.10000000000000001'),
      9007199254740992,
      long('9007199254740993'),
      dec('9007199254740993.5'),
      long('9007199254740994'),
    ];
    for (let i = 1; i < ascending.length; i++) {
      expect(compareNumbers(ascending[i - 1] as Numeric, ascending[i] as Numeric)).toBeLessThan(0);
    }
  });
});
