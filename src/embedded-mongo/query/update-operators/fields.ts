import { Timestamp } from 'bson';

import { compareValues } from '../../bson/compare.js';
import { cloneValue, isDocument, typeName } from '../../bson/values.js';
import { badValue } from '../../errors.js';
import { type Modifier, type ModifierCompiler, REMOVE } from './modifier.js';
import { checkStorable } from './storable.js';

/** `$set $setOnInsert $unset $min $max $currentDate`; `$rename` touches two paths and lives in update.ts. */
export const fieldModifiers: Record<string, ModifierCompiler> = {
  $set: (operand, path) => setTo(operand, path),
  $setOnInsert: (operand, path) => ({ ...setTo(operand, path), onInsertOnly: true }),
  $unset: () => ({ creates: false, apply: () => REMOVE }),
  $min: extreme(-1),
  $max: extreme(1),
  $currentDate: (operand) => {
    const kind = currentDateType(operand);
    return {
      creates: true,
      apply: (_current, { now }) => (kind === 'date' ? now : timestampOf(now)),
    };
  },
};

function setTo(operand: unknown, path: string): Modifier {
  checkStorable(operand, path);
  // Each document gets its own copy: later updates of the same batch write into it.
  return { creates: true, apply: () => cloneValue(operand) };
}

function extreme(wanted: 1 | -1): ModifierCompiler {
  return (operand, path, { collation }) => {
    checkStorable(operand, path);
    return {
      creates: true,
      apply: (current) =>
        current === undefined || compareValues(operand, current, collation) * wanted > 0
          ? cloneValue(operand)
          : current,
    };
  };
}

function currentDateType(operand: unknown): 'date' | 'timestamp' {
  if (typeof operand === 'boolean') return 'date';
  if (!isDocument(operand)) {
    throw badValue(
      `${typeName(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
    );
  }
  for (const name of Object.keys(operand))
    if (name !== '$type') throw badValue(`Unrecognized $currentDate option: ${name}`);
  const { $type } = operand;
  if ($type === 'date' || $type === 'timestamp') return $type;
  throw badValue(
    "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
  );
}

let timestampCounter = 0;

function timestampOf(now: Date): Timestamp {
  timestampCounter = (timestampCounter + 1) >>> 0 || 1;
  return new Timestamp({ t: Math.floor(now.getTime() / 1000) >>> 0, i: timestampCounter });
}
