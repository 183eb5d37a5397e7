import { giveBuffer, takeBuffer } from './buffer-pool.js';
import { changedFields, decode, encode } from './codec.js';
import { RawArray, RawBatch, RawDocument } from './raw.js';
import { writeDocumentAt } from './write-value.js';

const documents = Array.from({ length: 1_100 }, (_, n) => ({ _id: n, text: 'x'.repeat(n % 50) }));

describe('raw documents inside a document', () => {
  it('are copied as they are', () => {
    const raw = encode({ a: 1 });
    expect(
      decode(encode({ one: new RawDocument(raw), many: new RawArray([raw, raw]), none: new RawArray([]) })),
    ).toEqual({
      one: { a: 1 },
      many: [{ a: 1 }, { a: 1 }],
      none: [],
    });
  });

  it('a batch keeps what was added when the source is overwritten, and gives its memory back once', () => {
    const source = Buffer.alloc(1_000);
    const batch = new RawBatch();
    for (const doc of documents) {
      const raw = encode(doc);
      raw.copy(source);
      batch.add(source.subarray(0, raw.length));
    }
    expect(batch.length).toBe(documents.length);
    const encoded = encode({ batch });
    expect(decode(encoded)).toEqual({ batch: documents });
    expect(decode(encode({ batch }))).toEqual({ batch: [] });
    expect(decode(encode({ batch: new RawBatch() }))).toEqual({ batch: [] });
  });

  it('a document is written behind a gap and followed by encoded elements', () => {
    const suffix = encode({ z: 'end' }).subarray(4, -1);
    const { buffer, size } = writeDocumentAt({ a: 1, skipped: undefined }, suffix, 36, (bytes) => Buffer.alloc(bytes));
    expect(decode(buffer.subarray(36, 36 + size))).toEqual({ a: 1, z: 'end' });
    expect(buffer).toHaveLength(36 + size);
  });
});

describe('buffers that are used again', () => {
  it('are large enough and come back', () => {
    const first = takeBuffer(5_000);
    expect(first.length).toBeGreaterThanOrEqual(5_000);
    giveBuffer(first);
    expect(takeBuffer(6_000)).toBe(first);
    expect(takeBuffer(6_000)).not.toBe(first);
  });

  it('very large ones are left to the collector', () => {
    const large = takeBuffer(3_000_000);
    giveBuffer(large);
    expect(takeBuffer(3_000_000)).not.toBe(large);
  });
});

test.each([
  [{ a: 1, b: 2 }, { b: 2, a: 1 }, []],
  [{ a: 1 }, { a: 2 }, ['a']],
  [{ a: 1 }, { a: 1.5 }, ['a']],
  [{ a: 'x' }, { a: 'xy' }, ['a']],
  [{ a: 1 }, { c: 1 }, ['a']],
  [{ other: 1 }, { other: 2, b: null }, ['b']],
  [{ a: { b: 1 } }, { a: { b: 1, c: 2 } }, ['a']],
  [{ a: [] }, { a: {} }, ['a']],
])('fields that differ between %j and %j: %j', (before, after, changed) => {
  expect([...changedFields(encode(before), encode(after), new Set(['a', 'b']))]).toEqual(changed);
});
