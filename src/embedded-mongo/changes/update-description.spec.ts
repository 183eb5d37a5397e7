import { Double } from 'bson';
import type { Document } from '../bson/values.js';
import { describeUpdate } from './update-description.js';

describe('describeUpdate', () => {
  it.each<[string, Document, Document, Document]>([
    ['set', { a: 1, b: 2 }, { a: 1, b: 3 }, { updatedFields: { b: 3 } }],
    ['added and removed', { a: 1 }, { b: 1 }, { updatedFields: { b: 1 }, removedFields: ['a'] }],
    ['nested', { a: { b: 1, c: { d: 1 } } }, { a: { b: 1, c: { d: 2 } } }, { updatedFields: { 'a.c.d': 2 } }],
    ['pushed', { a: [1, 2] }, { a: [1, 2, 3] }, { updatedFields: { 'a.2': 3 } }],
    ['one element changed', { a: [1, { b: 1 }, 3] }, { a: [1, { b: 2 }, 3] }, { updatedFields: { 'a.1.b': 2 } }],
    ['popped', { a: [1, 2, 3] }, { a: [1, 2] }, { truncatedArrays: [{ field: 'a', newSize: 2 }] }],
    ['pulled from the middle', { a: [1, 2, 3] }, { a: [1, 3] }, { updatedFields: { a: [1, 3] } }],
    ['emptied', { a: [1] }, { a: [] }, { updatedFields: { a: [] } }],
    ['replaced by another document', { a: { b: 1 } }, { a: { c: 1 } }, { updatedFields: { a: { c: 1 } } }],
    ['another number type', { a: 1 }, { a: new Double(1) }, { updatedFields: { a: new Double(1) } }],
    [
      'names like numbers',
      { a: { 1: 1 } },
      { a: { 1: 2 } },
      { updatedFields: { 'a.1': 2 }, disambiguatedPaths: { 'a.1': ['a', '1'] } },
    ],
    ['nothing', { a: [{ b: 1 }] }, { a: [{ b: 1 }] }, {}],
  ])('%s', (_, before, after, expected) => {
    const nothing = { updatedFields: {}, removedFields: [], truncatedArrays: [], disambiguatedPaths: {} };
    expect(describeUpdate({ _id: 1, ...before }, { _id: 1, ...after })).toEqual({ ...nothing, ...expected });
  });
});
