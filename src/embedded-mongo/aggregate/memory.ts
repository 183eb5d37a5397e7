import { binaryParts, BSON_TYPE, isDocument, typeNumber } from '../bson/values.js';
import { MongoError } from '../errors.js';

const DEFAULT_LIMIT = 100 * 1024 * 1024;

/**
 * Counts what blocking stages of one pipeline hold. There is no spilling to disk, so `allowDiskUse` does not help here:
 * beyond the limit the pipeline fails with 292, as MongoDB does without disk use.
 */
export class MemoryMeter {
  private used = 0;

  constructor(private readonly limit = DEFAULT_LIMIT) {}

  add(value: unknown): void {
    this.used += approximateSize(value);
    if (this.used > this.limit) {
      throw new MongoError(
        292,
        `Exceeded memory limit of ${this.limit} bytes for a pipeline: this server does not spill to disk, narrow the input first`,
      );
    }
  }

  /** Gives back what `add` counted. */
  release(value: unknown): void {
    this.used -= approximateSize(value);
  }
}

/** Rough BSON size of a value in bytes. */
export function approximateSize(value: unknown): number {
  if (typeof value === 'string') return 8 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  if (Array.isArray(value))
    return (value as unknown[]).reduce<number>((sum, item) => sum + 4 + approximateSize(item), 8);
  if (isDocument(value)) {
    let size = 8;
    for (const name of Object.keys(value)) size += name.length + 2 + approximateSize(value[name]);
    return size;
  }
  return typeNumber(value) === BSON_TYPE.binData ? 16 + binaryParts(value).bytes.length : 16;
}
