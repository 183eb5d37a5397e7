import { type Decimal128 } from 'bson';

import { compareValues, type StringOrder } from '../bson/compare.js';
import {
  addNumbers,
  divideNumbers,
  makeDouble,
  NUMBER_KIND,
  numberKind,
  type Numeric,
  toNumber,
} from '../bson/numbers.js';
import { isNumeric } from '../bson/values.js';
import { isNullish } from './arguments.js';
import { mergeObjects } from './operators/object.js';
import { equalityKeys } from './order.js';

/** Collects the values of one group. */
export interface Accumulator {
  add(value: unknown): void;
  result(): unknown;
}

export interface AccumulatorContext {
  readonly collation?: StringOrder | null;
}

/** How an accumulator without further operands is made; those with operands are in group-accumulators.ts. */
export interface AccumulatorKind {
  readonly create: (context: AccumulatorContext) => Accumulator;
  /** Whether it keeps all its input (counted against the memory limit). */
  readonly keepsInput?: boolean;
}

export const accumulators: Readonly<Record<string, AccumulatorKind>> = {
  $sum: { create: () => new Sum() },
  $avg: { create: () => new Average() },
  $min: { create: ({ collation }) => new Extreme(-1, collation) },
  $max: { create: ({ collation }) => new Extreme(1, collation) },
  $first: { create: () => new First() },
  $last: { create: () => new Last() },
  $push: { create: () => new Push(), keepsInput: true },
  $addToSet: { create: ({ collation }) => new AddToSet(collation), keepsInput: true },
  $mergeObjects: { create: () => new MergeObjects() },
  $stdDevPop: { create: () => new StandardDeviation(0) },
  $stdDevSamp: { create: () => new StandardDeviation(1) },
};

/** Typed sum: int32, int64 (a double beyond it), double with compensation, decimal. Other types count as nothing. */
class Sum implements Accumulator {
  private integers: Numeric = 0;
  private decimals: Decimal128 | null = null;
  private doubles = 0;
  private lost = 0; // Neumaier compensation: [0.1, 0.2, 0.3] sums to 0.6
  private hasDoubles = false;

  add(value: unknown): void {
    if (!isNumeric(value)) return;
    const kind = numberKind(value);
    if (kind === NUMBER_KIND.decimal) {
      this.decimals = this.decimals ? (addNumbers(this.decimals, value) as Decimal128) : (value as Decimal128);
    } else if (kind === NUMBER_KIND.double) {
      this.addDouble(toNumber(value));
    } else {
      const sum = addNumbers(this.integers, value);
      if (sum !== null) this.integers = sum;
      else this.addDouble(toNumber(value));
    }
  }

  private addDouble(value: number): void {
    this.hasDoubles = true;
    const sum = this.doubles + value;
    if (Number.isFinite(sum)) {
      this.lost += Math.abs(this.doubles) >= Math.abs(value) ? this.doubles - sum + value : value - sum + this.doubles;
    }
    this.doubles = sum;
  }

  result(): Numeric {
    const doubles = Number.isFinite(this.doubles) ? this.doubles + this.lost : this.doubles;
    if (this.decimals) {
      const whole = addNumbers(this.decimals, this.integers) as Numeric;
      return this.hasDoubles ? (addNumbers(whole, makeDouble(doubles)) as Numeric) : whole;
    }
    return this.hasDoubles ? makeDouble(doubles + toNumber(this.integers)) : this.integers;
  }
}

class Average implements Accumulator {
  private readonly sum = new Sum();
  private count = 0;

  add(value: unknown): void {
    if (!isNumeric(value)) return;
    this.sum.add(value);
    this.count++;
  }

  result(): unknown {
    return this.count === 0 ? null : divideNumbers(this.sum.result(), this.count);
  }
}

/** Null and missing do not take part. */
class Extreme implements Accumulator {
  private best: unknown = null;

  constructor(
    private readonly direction: 1 | -1,
    private readonly collation?: StringOrder | null,
  ) {}

  add(value: unknown): void {
    if (isNullish(value)) return;
    if (this.best === null || compareValues(value, this.best, this.collation) * this.direction > 0) this.best = value;
  }

  result(): unknown {
    return this.best;
  }
}

class First implements Accumulator {
  private value: unknown;
  private isSet = false;

  add(value: unknown): void {
    if (this.isSet) return;
    this.value = value;
    this.isSet = true;
  }

  result(): unknown {
    return this.value ?? null;
  }
}

class Last implements Accumulator {
  private value: unknown;

  add(value: unknown): void {
    this.value = value;
  }

  result(): unknown {
    return this.value ?? null;
  }
}

class Push implements Accumulator {
  private readonly values: unknown[] = [];

  add(value: unknown): void {
    if (value !== undefined) this.values.push(value);
  }

  result(): unknown {
    return this.values;
  }
}

class AddToSet implements Accumulator {
  private readonly values = new Map<string, unknown>();
  private readonly keyOf: (value: unknown) => string;

  constructor(collation?: StringOrder | null) {
    this.keyOf = equalityKeys(collation);
  }

  add(value: unknown): void {
    if (value === undefined) return;
    const key = this.keyOf(value);
    if (!this.values.has(key)) this.values.set(key, value);
  }

  result(): unknown {
    return [...this.values.values()];
  }
}

class MergeObjects implements Accumulator {
  private merged = {};

  add(value: unknown): void {
    this.merged = mergeObjects([this.merged, value]);
  }

  result(): unknown {
    return this.merged;
  }
}

/** Welford's running variance. */
class StandardDeviation implements Accumulator {
  private count = 0;
  private mean = 0;
  private squares = 0;

  constructor(private readonly lessDegrees: 0 | 1) {}

  add(value: unknown): void {
    if (!isNumeric(value)) return;
    const number = toNumber(value);
    const delta = number - this.mean;
    this.mean += delta / ++this.count;
    this.squares += delta * (number - this.mean);
  }

  result(): unknown {
    const degrees = this.count - this.lessDegrees;
    if (degrees <= 0) return null;
    return makeDouble(Math.sqrt(this.squares / degrees));
  }
}
