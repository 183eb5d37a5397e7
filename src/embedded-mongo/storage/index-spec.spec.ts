import type { Document } from '../bson/values.js';
import { normalizeIndexSpec, parseIndexSpec } from './index-spec.js';

describe('normalizeIndexSpec', () => {
  it('names an index by its fields and leaves out options that say nothing', () => {
    expect(normalizeIndexSpec({ key: { a: 1, 'b.c': -1 }, unique: false, background: true })).toEqual({
      v: 2,
      key: { a: 1, 'b.c': -1 },
      name: 'a_1_b.c_-1',
    });
  });

  it('lists a text index as MongoDB does', () => {
    const spec = normalizeIndexSpec({
      key: { body: 'text', subject: 'text', lang: 1 },
      weights: { subject: 5 },
      name: 't',
    });
    expect(spec).toMatchObject({
      key: { _fts: 'text', _ftsx: 1, lang: 1 },
      weights: { body: 1, subject: 5 },
      default_language: 'english',
    });
    expect(parseIndexSpec(spec, 1).fields).toEqual([
      ['_fts', 'text'],
      ['lang', 1],
    ]);
  });

  it.each<[Document, number]>([
    [{}, 9],
    [{ key: {} }, 67],
    [{ key: { a: 0 } }, 67],
    [{ key: { a: 'x' } }, 67],
    [{ key: { a: true } }, 67],
    [{ key: { 'a..b': 1 } }, 67],
    [{ key: { $a: 1 } }, 67],
    [{ key: { '$**': 1 } }, 67],
    [{ key: { a: '2d' } }, 67],
    [{ key: { a: 1 }, nonsense: 1 }, 197],
    [{ key: { a: 1, b: 1 }, expireAfterSeconds: 5 }, 67],
    [{ key: { a: 1 }, expireAfterSeconds: -1 }, 67],
    [{ key: { a: 1 }, sparse: true, partialFilterExpression: { a: 1 } }, 67],
    [{ key: { a: 1 }, partialFilterExpression: 1 }, 14],
    [{ key: { a: 1 }, name: '' }, 67],
  ])('refuses %j with code %i', (spec, code) => {
    expect(() => normalizeIndexSpec(spec)).toThrow(expect.objectContaining({ code }));
  });
});
