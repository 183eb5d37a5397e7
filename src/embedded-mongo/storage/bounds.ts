import { encodeKey, keyPrefix, prefixEnd } from '../bson/key.js';
import { shellText } from './duplicate-key-error.js';
import type { Condition } from './conditions.js';

/** A stretch of one field's encoded values: from `from` (inclusive) to `to` (exclusive), in ascending byte order. */
export interface Stretch {
  from: Buffer;
  to: Buffer;
  /** All keys in it have one and the same value for the field. */
  point: boolean;
  /** As `explain` prints it; made when it is asked for. */
  text(): string;
}

const ANY: Stretch = { from: Buffer.alloc(0), to: Buffer.from([0xff]), point: false, text: () => '[MinKey, MaxKey]' };
export const anyValue = (direction: 1 | -1): Stretch =>
  direction === 1 ? ANY : { ...ANY, text: () => '[MaxKey, MinKey]' };

/**
 * The stretches of an index field a condition allows, ascending in byte order. Values whose encoding was cut stand for
 * everything with the same beginning.
 */
export function stretchesOf(condition: Condition, direction: 1 | -1): Stretch[] {
  const stretches =
    condition.kind === 'points'
      ? condition.values.map((value) => pointOf(value, direction))
      : [rangeOf(condition, direction)];
  return disjoint(stretches.sort((a, b) => Buffer.compare(a.from, b.from)));
}

function pointOf(value: unknown, direction: 1 | -1): Stretch {
  const from = keyPrefix([value], [direction]);
  return { from, to: after(from), point: true, text: () => pointText(value) };
}

function pointText(value: unknown): string {
  const text = typeof value === 'symbol' ? '[]' : shellText(value);
  return `[${text}, ${text}]`;
}

const after = (prefix: Buffer): Buffer => prefixEnd(prefix) ?? Buffer.concat([prefix, Buffer.from([0xff])]);

function rangeOf(condition: Extract<Condition, { kind: 'range' }>, direction: 1 | -1): Stretch {
  const { bracketOf, lower, upper, prefix } = condition;
  const bracket = keyPrefix([bracketOf], [1]).subarray(0, 1);
  // Ascending bytes first; a descending field has the complement, so its ends change places.
  let from = lower ? limitKey(lower.value, lower.inclusive ? 'before' : 'behind') : bracket;
  let to = upper ? limitKey(upper.value, upper.inclusive ? 'behind' : 'before') : after(bracket);
  if (prefix !== undefined) {
    const start = stringStart(prefix);
    if (Buffer.compare(start, from) > 0) from = start;
    const end = after(start);
    if (Buffer.compare(end, to) < 0) to = end;
  }
  const text = (): string => rangeText(condition);
  if (direction === 1) return { from, to, point: false, text };
  return { from: complementEnd(to), to: complementEnd(from), point: false, text };
}

function rangeText({ bracketOf, lower, upper, prefix }: Extract<Condition, { kind: 'range' }>): string {
  const [low, high] = bracketLimits(bracketOf);
  return (
    `${lower && !lower.inclusive ? '(' : '['}${lower ? shellText(lower.value) : (prefix ?? low)}, ` +
    `${upper ? shellText(upper.value) : high}${upper?.inclusive ? ']' : ')'}`
  );
}

const limitKey = (value: unknown, side: 'before' | 'behind'): Buffer => {
  const key = keyPrefix([value], [1]);
  return side === 'before' ? key : after(key);
};

/** Encoded strings end with two zero bytes; a prefix of strings must not. */
function stringStart(prefix: string): Buffer {
  const key = encodeKey([prefix], [1]);
  return key.length > 1000 ? key.subarray(0, 900) : key.subarray(0, -2);
}

/**
 * A bound under complemented bytes. Ascending bounds are half open, `[from, to)`, and all of them end a whole prefix, so
 * every key at or above `~to` complemented lies in the range: the complement of a prefix bound is the first key behind
 * the complemented prefix of its predecessor.
 */
function complementEnd(bound: Buffer): Buffer {
  const flipped = Buffer.from(bound.map((byte) => ~byte & 0xff));
  return after(flipped);
}

function bracketLimits(value: unknown): [string, string] {
  switch (typeof value) {
    case 'number':
      return ['-inf', 'inf'];
    case 'string':
      return ['""', '{}'];
    default:
      return ['MinKey', 'MaxKey'];
  }
}

function disjoint(sorted: Stretch[]): Stretch[] {
  const result: Stretch[] = [];
  for (const stretch of sorted) {
    if (Buffer.compare(stretch.from, stretch.to) >= 0) continue;
    const last = result.at(-1);
    if (!last || Buffer.compare(stretch.from, last.to) >= 0) {
      result.push(stretch);
    } else if (Buffer.compare(stretch.to, last.to) > 0) {
      last.to = stretch.to;
      last.point = false;
    }
  }
  return result;
}
