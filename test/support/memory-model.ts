import type { Model } from 'mongoose';

export type Doc = Record<string, unknown> & { _id: string };
type Update = {
  $set?: Record<string, unknown>;
  $inc?: Record<string, number>;
  $push?: Record<string, { $each: unknown[]; $slice: number }>;
};

const CONDITIONS: Record<string, (value: unknown, operand: unknown) => boolean> = {
  $lte: (value, operand) => value !== null && value !== undefined && (value as Date) <= (operand as Date),
  $in: (value, operand) => (operand as unknown[]).includes(value),
  $exists: (value, operand) => (value !== undefined) === operand,
};

/**
 * The few operations of a mongoose model that the outbox uses, in memory, each one atomic: what a simulation runs on. An
 * operator that it does not know fails. test/fault/outbox-simulation compares it with the real store.
 */
export class MemoryModel {
  /**
   * @param around runs each operation, so that a simulation can put faults before and after it
   * @param docs the collection, shared by the models of several processes
   */
  constructor(
    private readonly around: <T>(operation: () => T) => Promise<T>,
    private readonly uniqueKeys: string[],
    private readonly defaults: () => Record<string, unknown>,
    private readonly docs = new Map<string, Doc>(),
  ) {}

  /** The driver's side, which the claim protocol uses. */
  readonly collection = {
    findOneAndUpdate: (filter: Record<string, unknown>, update: Update, options: { sort?: Record<string, 1> }) =>
      this.findOneAndUpdate(filter, update, options).exec(),
    updateOne: async (filter: Record<string, unknown>, update: Update) => ({
      ...(await this.updateOne(filter, update).exec()),
      upsertedCount: 0,
    }),
  };

  /** As the type that repositories take. */
  asModel<T>(): Model<T> {
    return this as unknown as Model<T>;
  }

  async create(doc: Record<string, unknown>): Promise<{ toObject(): Doc }> {
    return this.around(() => {
      const full = copyOf({ ...this.defaults(), ...doc } as Doc);
      for (const other of this.docs.values()) {
        if (this.uniqueKeys.some((key) => other[key] === full[key]))
          throw Object.assign(new Error('E11000'), { code: 11000 });
      }
      this.docs.set(full._id, full);
      return { toObject: () => copyOf(full) };
    });
  }

  findById(id: string) {
    return this.query(() => copyOf(this.docs.get(id) ?? null));
  }

  findOne(filter: Record<string, unknown>) {
    return this.query(() => copyOf(this.matching(filter)[0] ?? null));
  }

  findOneAndUpdate(filter: Record<string, unknown>, update: Update, options: { sort?: Record<string, 1> }) {
    return this.query(() => {
      const [key] = Object.keys(options.sort ?? {});
      const [doc] = this.matching(filter).sort((a, b) => (key ? Number(a[key]) - Number(b[key]) : 0));
      return copyOf(doc ? this.apply(doc, update) : null);
    });
  }

  updateOne(filter: Record<string, unknown>, update: Update) {
    return this.query(() => {
      const [doc] = this.matching(filter);
      if (doc) this.apply(doc, update);
      return { matchedCount: doc ? 1 : 0 };
    });
  }

  private query<T>(operation: () => T) {
    const query = { lean: () => query, exec: () => this.around(operation) };
    return query;
  }

  private matching(filter: Record<string, unknown>): Doc[] {
    return [...this.docs.values()].filter((doc) =>
      Object.entries(filter).every(([path, condition]) => fits(valueAt(doc, path), condition)),
    );
  }

  private apply(doc: Doc, { $set = {}, $inc = {}, $push = {}, ...unknown }: Update): Doc {
    if (Object.keys(unknown).length > 0) throw new Error(`unknown update ${Object.keys(unknown).join()}`);
    Object.assign(doc, structuredClone($set));
    for (const [key, by] of Object.entries($inc)) doc[key] = Number(doc[key] ?? 0) + by;
    for (const [key, { $each, $slice }] of Object.entries($push)) {
      doc[key] = [...((doc[key] as unknown[]) ?? []), ...structuredClone($each)].slice($slice);
    }
    return doc;
  }
}

/** A deep copy; structuredClone alone makes plain byte arrays of Buffers. */
function copyOf<T extends Doc | null>(doc: T): T {
  const copy = structuredClone(doc);
  if (copy?.mime) copy.mime = Buffer.from(copy.mime as Uint8Array);
  return copy;
}

function valueAt(doc: Doc, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], doc);
}

function fits(value: unknown, condition: unknown): boolean {
  if (condition === null || typeof condition !== 'object' || condition instanceof Date) return value === condition;
  return Object.entries(condition).every(([operator, operand]) => {
    const test = CONDITIONS[operator];
    if (!test) throw new Error(`unknown condition ${operator}`);
    return test(value, operand);
  });
}
