import { type Document } from '../bson/values.js';
import { compileFilter } from './match.js';
import { compileProjection } from './project.js';

function project(spec: Document, doc: Document, filter: Document = {}): Document {
  const projection = compileProjection(spec, { filter: compileFilter(filter) });
  return projection ? projection.apply(doc) : doc;
}

const DOC = { _id: 1, a: 1, b: { c: 2, d: 3 }, e: [{ f: 1, g: 2 }, { f: 3 }, 5], h: [1, 2, 3, 4, 5] };

describe('projection', () => {
  test.each<readonly [string, Document, Document]>([
    ['nothing is everything', {}, DOC],
    ['inclusion brings _id', { a: 1 }, { _id: 1, a: 1 }],
    ['inclusion without _id', { a: 1, _id: 0 }, { a: 1 }],
    ['true and any number include', { a: true, h: 5 }, { _id: 1, a: 1, h: DOC.h }],
    ['only _id', { _id: 1 }, { _id: 1 }],
    ['exclusion', { b: 0, e: 0, h: 0 }, { _id: 1, a: 1 }],
    ['exclusion of _id', { _id: 0, b: 0, e: 0, h: 0 }, { a: 1 }],
    ['only without _id', { _id: 0 }, { a: 1, b: DOC.b, e: DOC.e, h: DOC.h }],
    ['dotted inclusion', { 'b.c': 1 }, { _id: 1, b: { c: 2 } }],
    ['nested form', { b: { c: 1 } }, { _id: 1, b: { c: 2 } }],
    ['dotted exclusion', { 'b.c': 0, e: 0, h: 0 }, { _id: 1, a: 1, b: { d: 3 } }],
    ['inclusion through an array drops scalars', { 'e.f': 1 }, { _id: 1, e: [{ f: 1 }, { f: 3 }] }],
    ['exclusion through an array keeps scalars', { 'e.f': 0, a: 0, b: 0, h: 0 }, { _id: 1, e: [{ g: 2 }, {}, 5] }],
    ['dotted inclusion of a scalar parent', { 'a.x': 1 }, { _id: 1 }],
    ['dotted inclusion of a missing field', { 'b.x': 1 }, { _id: 1, b: {} }],
    ['positions are not seen', { 'h.0': 1 }, { _id: 1, h: [] }],
    ['missing field', { zzz: 1 }, { _id: 1 }],
    ['computed field', { x: { $add: ['$a', 1] } }, { _id: 1, x: 2 }],
    ['field path', { x: '$b.c', _id: 0 }, { x: 2 }],
    ['string literal', { x: 'text', _id: 0 }, { x: 'text' }],
    ['computed beside inclusion', { a: 1, n: { y: '$b.d' }, _id: 0 }, { a: 1, n: { y: 3 } }],
    ['$literal', { x: { $literal: 1 }, _id: 0 }, { x: 1 }],
    ['missing computed value', { x: '$nope', _id: 0 }, {}],
    ['$slice first', { h: { $slice: 2 }, a: 1 }, { _id: 1, a: 1, h: [1, 2] }],
    ['$slice last', { h: { $slice: -2 }, _id: 0, a: 1 }, { a: 1, h: [4, 5] }],
    ['$slice skip and limit', { h: { $slice: [1, 2] }, a: 1, _id: 0 }, { a: 1, h: [2, 3] }],
    ['$slice from the end', { h: { $slice: [-3, 2] }, a: 1, _id: 0 }, { a: 1, h: [3, 4] }],
    ['$slice alone keeps all else', { h: { $slice: 1 } }, { ...DOC, h: [1] }],
    ['$slice with exclusion', { h: { $slice: 1 }, b: 0, e: 0 }, { _id: 1, a: 1, h: [1] }],
    ['$slice with _id excluded keeps all else', { h: { $slice: 1 }, _id: 0 }, { a: 1, b: DOC.b, e: DOC.e, h: [1] }],
    ['$slice as expression', { x: { $slice: ['$h', 1, 2] }, _id: 0 }, { x: [2, 3] }],
    ['$elemMatch', { h: { $elemMatch: { $gt: 2 } } }, { _id: 1, h: [3] }],
    ['$elemMatch of documents', { e: { $elemMatch: { f: 3 } }, _id: 0 }, { e: [{ f: 3 }] }],
    ['$elemMatch without a match', { h: { $elemMatch: { $gt: 9 } } }, { _id: 1 }],
    ['$elemMatch comes last', { h: { $elemMatch: { $gt: 2 } }, a: 1 }, { _id: 1, a: 1, h: [3] }],
  ])('%s', (_what, spec, expected) => {
    expect(project(spec, DOC)).toEqual(expected);
    expect(Object.keys(project(spec, DOC))).toEqual(Object.keys(expected));
  });

  test.each<readonly [string, Document, Document, Document]>([
    ['positional', { 'h.$': 1 }, { _id: 1, h: [3] }, { h: { $gt: 2 } }],
    ['positional of documents', { 'e.$': 1 }, { _id: 1, e: [{ f: 3 }] }, { 'e.f': 3 }],
    ['positional with $elemMatch', { 'e.$': 1, _id: 0 }, { e: [{ f: 3 }] }, { e: { $elemMatch: { f: { $gt: 1 } } } }],
  ])('%s', (_what, spec, expected, filter) => {
    expect(project(spec, DOC, filter)).toEqual(expected);
  });

  test.each<readonly [Document, number]>([
    [{ a: 1, b: 0 }, 31254],
    [{ a: 0, b: 1 }, 31253],
    [{ a: 1, 'a.b': 1 }, 31249],
    [{ 'a.b': 1, a: 1 }, 31250],
    [{ a: {} }, 51270],
    [{ 'a.b': { $elemMatch: { x: 1 } } }, 31275],
    [{ a: { $elemMatch: 1 } }, 31274],
    [{ 'a.$': 1, 'b.$': 1 }, 31276],
    [{ 'a.$': 1, b: { $elemMatch: { x: 1 } } }, 31255],
    [{ 'a.$.b': 1 }, 31394],
    [{ a: 0, x: '$b' }, 31252],
    [{ a: { $slice: 'x' } }, 28667],
    [{ a: { $slice: [1, 0] } }, 28724],
    [{ '': 1 }, 16872],
    [{ 'a..b': 1 }, 15998],
    [{ a: { $nope: 1 } }, 168],
  ])('%j is refused with %d', (spec, code) => {
    expect(() => project(spec, DOC)).toThrow(expect.objectContaining({ code }));
  });

  test('positional without a matching element is 51246', () => {
    expect(() => project({ 'h.$': 1 }, DOC, { a: 1 })).toThrow(expect.objectContaining({ code: 51246 }));
  });

  test('tells the fields it reads', () => {
    const fieldsOf = (spec: Document): string[] | null => {
      const fields = compileProjection(spec)?.fields;
      return fields ? [...fields].sort() : null;
    };
    expect(fieldsOf({ a: 1, 'b.c': 1 })).toEqual(['_id', 'a', 'b']);
    expect(fieldsOf({ x: '$q.r', _id: 0 })).toEqual(['q']);
    expect(fieldsOf({ a: 0 })).toBeNull();
    expect(fieldsOf({ h: { $slice: 1 } })).toBeNull();
    expect(fieldsOf({ x: '$$ROOT' })).toBeNull();
  });

  test('does not touch the document', () => {
    const doc = { _id: 1, a: { b: [1, 2, 3] } };
    project({ 'a.b': { $slice: 1 } }, doc);
    expect(doc).toEqual({ _id: 1, a: { b: [1, 2, 3] } });
  });
});
