import { pickFields } from '../bson/codec.js';
import { valuesEqual } from '../bson/compare.js';
import { encodeKey } from '../bson/key.js';
import { valuesAtPath } from '../bson/path.js';
import type { Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { toInteger } from '../storage/integers.js';
import { drain } from '../storage/time-slice.js';
import { MAX_BSON_BYTES } from '../wire/limits.js';
import { aggregateToArray } from './aggregate.js';
import { namespaceOf, optionalDocument, requiredString } from './arguments.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { Query } from './query.js';
import { resolveView } from './views.js';

async function count(context: CommandContext): Promise<Reply> {
  const { server, command } = context;
  const ns = namespaceOf(context);
  const { names, view } = server.transactions.read(context);
  const filter = optionalDocument(context, 'query') ?? {};
  const skip = toInteger(command['skip'], 0);
  const limit = Math.abs(toInteger(command['limit'], 0));
  if (skip < 0) throw new MongoError(51024, `BSON field 'skip' value must be >= 0, actual value '${skip}'`);
  const resolved = resolveView(names, ns);
  if (names.find(ns)?.type === 'view') return countView(context, filter, skip, limit);
  const { info } = resolved;
  if (!info) return { n: 0, ok: 1 };
  const cut = (total: number): number => Math.min(Math.max(0, total - skip), limit || Infinity);
  // The number of documents is kept with the collection.
  if (Object.keys(filter).length === 0 && !view.overlay(info)) return { n: cut(info.stats.count), ok: 1 };
  const collation = optionalDocument(context, 'collation');
  const query = new Query({ info, filter, collation, hint: command['hint'], skip, limit }, view);
  let n = 0;
  await drain(query.rows(context.slice, true), context.slice, () => n++);
  return { n, ok: 1 };
}

async function countView(context: CommandContext, filter: Document, skip: number, limit: number): Promise<Reply> {
  const stages: Document[] = [{ $match: filter }];
  if (skip > 0) stages.push({ $skip: skip });
  if (limit > 0) stages.push({ $limit: limit });
  const [result] = await aggregateToArray(context, namespaceOf(context), [...stages, { $count: 'n' }]);
  return { n: toInteger(result?.['n'], 0), ok: 1 };
}

async function distinct(context: CommandContext): Promise<Reply> {
  const { server } = context;
  const ns = namespaceOf(context);
  const key = requiredString(context, 'key');
  if (key === '' || key.startsWith('$')) throw new MongoError(31032, 'distinct needs a field path');
  const filter = optionalDocument(context, 'query') ?? {};
  const { names, view } = server.transactions.read(context);
  const values = new DistinctValues(key);
  if (names.find(ns)?.type === 'view') {
    for (const doc of await aggregateToArray(context, ns, [{ $match: filter }])) values.add(doc);
    return { values: values.list, ok: 1 };
  }
  const info = names.find(ns);
  if (!info) return { values: [], ok: 1 };
  const query = new Query(
    { info, filter, collation: optionalDocument(context, 'collation'), hint: context.command['hint'] },
    view,
  );
  values.equals = (a, b) => valuesEqual(a, b, query.collation);
  if (query.collation) values.byCollation = true;
  const roots = new Set([key.split('.', 1)[0] as string]);
  await drain(query.rows(context.slice, true), context.slice, ({ raw }) => values.add(pickFields(raw, roots)));
  return { values: values.list, ok: 1 };
}

/** Values seen once; arrays count by their elements. */
class DistinctValues {
  readonly list: unknown[] = [];
  byCollation = false;
  equals: (a: unknown, b: unknown) => boolean = valuesEqual;
  private readonly seen = new Set<string>();
  private bytes = 0;

  constructor(private readonly path: string) {}

  add(doc: Document): void {
    for (const value of this.valuesOf(doc)) {
      if (value !== undefined) this.addValue(value);
    }
  }

  /** The elements of an array, not the array; of an array in an array only the inner array. */
  private valuesOf(doc: Document): unknown[] {
    const all = valuesAtPath(doc, this.path);
    const last = all.at(-1);
    const isArray = Array.isArray(last) && all.length === last.length + 1;
    return isArray
      ? all.slice(0, -1)
      : all.filter((value) =>
          !Array.isArray(value) || all.length > 1 || value.length === 0 ? !Array.isArray(value) : true,
        );
  }

  private addValue(value: unknown): void {
    if (this.byCollation) {
      if (this.list.some((known) => this.equals(known, value))) return;
    } else {
      const key = encodeKey([value], [1]).toString('latin1');
      if (this.seen.has(key)) return;
      this.seen.add(key);
      this.bytes += key.length;
      if (this.bytes > MAX_BSON_BYTES) throw new MongoError(17217, 'distinct too big, 16mb cap');
    }
    this.list.push(value);
  }
}

export const readCommands: CommandTable = {
  count: { run: count, stable: true },
  distinct: { run: distinct, transaction: true },
};
