import { toNumber } from '../../bson/numbers.js';
import { type Document, isDocument, isNumeric, setField, typeName } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { compileFilter } from '../../query/match.js';
import { compileExpression, type Expression } from '../expressions.js';
import { type Batches, collectAll, filterBatches, flatMapBatches, NO_FIELDS, type StageTable } from '../stage.js';

/** Stages that let documents through or not: `$match $skip $limit $count $sample $redact`. */
export const filterStages: StageTable = {
  $match: (spec, { context }, name) => {
    if (!isDocument(spec)) throw new MongoError(15959, 'the match filter must be an expression in an object');
    const { let: variables, collation, now, text } = context;
    const matcher = compileFilter(spec, { let: variables, collation, now, text });
    return {
      name,
      reads: matcher.fields,
      replaces: false,
      run: (input) => filterBatches(input, (doc) => matcher.matches(doc)),
    };
  },
  $limit: (spec, _tools, name) => {
    const limit = countOperand(spec, name, 15957);
    if (limit === 0) throw new MongoError(15958, 'the limit must be positive');
    return { name, reads: NO_FIELDS, replaces: false, run: (input) => takeFirst(input, limit) };
  },
  $skip: (spec, _tools, name) => {
    const skip = countOperand(spec, name, 15972);
    return { name, reads: NO_FIELDS, replaces: false, run: (input) => dropFirst(input, skip) };
  },
  $count: (spec, _tools, name) => {
    if (typeof spec !== 'string' || spec === '')
      throw new MongoError(40156, 'the count field must be a non-empty string');
    if (spec.startsWith('$')) throw new MongoError(40158, 'the count field cannot be a $-prefixed path');
    if (spec.includes('.')) throw new MongoError(40160, "the count field cannot contain '.'");
    return { name, reads: NO_FIELDS, replaces: true, run: (input) => countAll(input, spec) };
  },
  $sample: (spec, { memory }, name) => {
    const size = isDocument(spec) && isNumeric(spec.size) ? toNumber(spec.size) : NaN;
    if (!isDocument(spec)) throw new MongoError(28745, 'the $sample stage specification must be an object');
    if (!(size >= 0)) throw new MongoError(28747, 'size argument to $sample must not be negative');
    return {
      name,
      reads: NO_FIELDS,
      replaces: false,
      run: async function* (input) {
        yield sample(await collectAll(input, memory), Math.trunc(size));
      },
    };
  },
  $redact: (spec, { context }, name) => {
    const expression = compileExpression(spec, context);
    return {
      name,
      reads: null,
      replaces: false,
      run: (input) => flatMapBatches(input, (doc) => redact(doc, expression) ?? []),
    };
  },
};

/** Operand of `$skip` and `$limit`: a non-negative 64-bit integer. */
export function countOperand(spec: unknown, name: string, code: number): number {
  const count = isNumeric(spec) ? toNumber(spec) : NaN;
  if (Number.isInteger(count) && count >= 0) return count;
  const problem = Number.isInteger(count) ? `Expected a non-negative number` : `Expected an integer`;
  throw new MongoError(
    Number.isNaN(count) ? code : 5107201,
    `invalid argument to ${name} stage: ${problem} in: ${name}: ${String(spec)} (${typeName(spec)})`,
  );
}

async function* takeFirst(input: Batches, limit: number): Batches {
  let left = limit;
  for await (const batch of input) {
    yield batch.length <= left ? batch : batch.slice(0, left);
    left -= batch.length;
    if (left <= 0) return; // ends the scan
  }
}

async function* dropFirst(input: Batches, skip: number): Batches {
  let left = skip;
  for await (const batch of input) {
    if (left >= batch.length) left -= batch.length;
    else {
      yield left === 0 ? batch : batch.slice(left);
      left = 0;
    }
  }
}

async function* countAll(input: Batches, field: string): Batches {
  let count = 0;
  for await (const batch of input) count += batch.length;
  if (count > 0) yield [{ [field]: count }];
}

/** The first `size` steps of a Fisher-Yates shuffle. */
function sample(docs: Document[], size: number): Document[] {
  const count = Math.min(size, docs.length);
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(Math.random() * (docs.length - i));
    [docs[i], docs[other]] = [docs[other] as Document, docs[i] as Document];
  }
  return docs.slice(0, count);
}

/** Judges a document and, on `$$DESCEND`, the documents inside it. Answers a list of it, or null if it is pruned. */
function redact(doc: Document, expression: Expression): Document[] | null {
  const verdict = expression.evaluate(doc);
  if (verdict === 'prune') return null;
  if (verdict === 'keep') return [doc];
  if (verdict !== 'descend') {
    throw new MongoError(17053, '$redact must evaluate to one of $$DESCEND, $$PRUNE, or $$KEEP');
  }
  const result: Document = {};
  for (const name of Object.keys(doc)) {
    const value = redactValue(doc[name], expression);
    if (value !== undefined) setField(result, name, value);
  }
  return [result];
}

function redactValue(value: unknown, expression: Expression): unknown {
  if (isDocument(value)) return redact(value, expression)?.[0];
  if (!Array.isArray(value)) return value;
  return (value as unknown[]).map((item) => redactValue(item, expression)).filter((item) => item !== undefined);
}
