import fc from 'fast-check';
import { canonicalJson, changedFields, entryHash, fits, GENESIS_HASH, hashState } from './audit-chain';
import type { AuditEntry } from './audit.types';

function anEntry(changes: Partial<AuditEntry> = {}): AuditEntry {
  const entry = {
    id: '0'.repeat(24),
    seq: 1,
    at: new Date('2026-01-02T03:04:05.678Z'),
    actorId: 'a'.repeat(24),
    actorName: 'jane',
    action: 'user.update',
    target: 'user:1',
    fields: ['role'],
    beforeHash: hashState({ role: 'viewer' }),
    afterHash: hashState({ role: 'admin' }),
    ip: '192.0.2.1',
    requestId: 'r1',
    prevHash: GENESIS_HASH,
    ...changes,
  };
  return { ...entry, hash: changes.hash ?? entryHash(entry) };
}

test('equal values hash equally whatever the order of their fields, at every depth', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(hashState({ inner: turned })).toBe(hashState({ inner: value }));
    }),
  );
  expect(canonicalJson({ b: [{ d: 1, c: new Date(0) }], a: undefined })).toBe(
    '{"b":[{"c":"1970-01-01T00:00:00.000Z","d":1}]}',
  );
});

test('nothing has no hash, an empty state has one', () => {
  expect(hashState(undefined)).toBeNull();
  expect(hashState(null)).toBeNull();
  expect(hashState({})).toHaveLength(64);
});

test.each([
  [{ role: 'viewer', disabled: false }, { role: 'admin', disabled: false }, ['role']],
  [undefined, { b: 1, a: 2 }, ['a', 'b']],
  [{ a: [1, { x: 1, y: 2 }] }, { a: [1, { y: 2, x: 1 }] }, []],
  [{ a: 1 }, undefined, ['a']],
  [{ a: null }, {}, []],
  ['text', 7, []],
])('fields that differ between %j and %j: %j', (before, after, fields) => {
  expect(changedFields(before, after)).toEqual(fields);
});

describe('fits', () => {
  const first = anEntry();
  const second = anEntry({ seq: 2, prevHash: first.hash });

  test('takes a chain as it was written', () => {
    expect(fits(null, first)).toBe(true);
    expect(fits(first, second)).toBe(true);
  });

  test.each<[string, Partial<AuditEntry>]>([
    ['time', { at: new Date(0) }],
    ['actor', { actorId: 'b'.repeat(24) }],
    ['name', { actorName: 'john' }],
    ['action', { action: 'user.delete' }],
    ['target', { target: 'user:2' }],
    ['fields', { fields: [] }],
    ['before', { beforeHash: null }],
    ['after', { afterHash: null }],
    ['address', { ip: null }],
    ['request', { requestId: 'r2' }],
    ['place', { seq: 3 }],
    ['predecessor', { prevHash: GENESIS_HASH }],
    ['hash', { hash: GENESIS_HASH }],
  ])('refuses an entry whose %s was changed afterwards', (_name, change) => {
    expect(fits(first, { ...second, ...change })).toBe(false);
  });

  test('refuses an entry whose predecessor is gone or another', () => {
    expect(fits(null, second)).toBe(false);
    expect(fits(anEntry({ actorName: 'john' }), second)).toBe(false);
  });
});
