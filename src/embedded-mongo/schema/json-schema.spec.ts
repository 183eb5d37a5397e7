import { Decimal128, Long } from 'bson';

import { type Document } from '../bson/values.js';
import { compileSchema } from './json-schema.js';

describe('$jsonSchema', () => {
  const property = (schema: Document): Document => ({ properties: { a: schema } });

  test.each<readonly [string, Document, Document, boolean]>([
    ['required', { required: ['a'] }, { a: null }, true],
    ['required missing', { required: ['a'] }, {}, false],
    ['bsonType', property({ bsonType: 'int' }), { a: 1 }, true],
    ['bsonType list', property({ bsonType: ['int', 'null'] }), { a: null }, true],
    ['bsonType number', property({ bsonType: 'number' }), { a: Long.fromNumber(1) }, true],
    ['type', property({ type: 'string' }), { a: 1 }, false],
    ['missing properties are fine', property({ type: 'string' }), {}, true],
    ['minimum', property({ minimum: 5 }), { a: 5 }, true],
    ['exclusiveMinimum', property({ minimum: 5, exclusiveMinimum: true }), { a: 5 }, false],
    ['maximum of a decimal', property({ maximum: 5 }), { a: Decimal128.fromString('5.1') }, false],
    ['numbers only constrain numbers', property({ minimum: 5 }), { a: 'x' }, true],
    ['multipleOf', property({ multipleOf: Decimal128.fromString('0.1') }), { a: Decimal128.fromString('0.3') }, true],
    ['multipleOf no', property({ multipleOf: 3 }), { a: 7 }, false],
    ['minLength counts code points', property({ minLength: 2 }), { a: '\u{1f600}' }, false],
    ['maxLength', property({ maxLength: 2 }), { a: 'abc' }, false],
    ['pattern', property({ pattern: '^a' }), { a: 'ab' }, true],
    ['enum', property({ enum: [1, 'x', null] }), { a: Long.fromNumber(1) }, true],
    ['enum no', property({ enum: [1] }), { a: 2 }, false],
    ['items', property({ items: { bsonType: 'int' } }), { a: [1, 'x'] }, false],
    ['items by position', property({ items: [{ type: 'string' }], additionalItems: false }), { a: ['x', 1] }, false],
    ['additionalItems schema', property({ items: [{}], additionalItems: { type: 'string' } }), { a: [1, 'x'] }, true],
    ['uniqueItems by value', property({ uniqueItems: true }), { a: [1, Long.fromNumber(1)] }, false],
    ['minItems', property({ minItems: 1 }), { a: [] }, false],
    ['maxItems only for arrays', property({ maxItems: 0 }), { a: 'x' }, true],
    [
      'nested properties',
      property({ required: ['b'], properties: { b: { type: 'number' } } }),
      { a: { b: 'x' } },
      false,
    ],
    ['additionalProperties false', { properties: { a: {} }, additionalProperties: false }, { a: 1, b: 2 }, false],
    ['additionalProperties schema', { additionalProperties: { type: 'string' } }, { b: 'x' }, true],
    ['patternProperties', { patternProperties: { '^n_': { type: 'number' } } }, { n_x: 'x' }, false],
    [
      'patternProperties count as known',
      { patternProperties: { '^n_': {} }, additionalProperties: false },
      { n_x: 1 },
      true,
    ],
    ['minProperties', { minProperties: 2 }, { a: 1 }, false],
    ['maxProperties', { maxProperties: 1 }, { a: 1, b: 1 }, false],
    ['dependencies by name', { dependencies: { a: ['b'] } }, { a: 1 }, false],
    ['dependencies by schema', { dependencies: { a: { required: ['b'] } } }, { b: 1 }, true],
    ['allOf', { allOf: [{ required: ['a'] }, { required: ['b'] }] }, { a: 1 }, false],
    ['anyOf', { anyOf: [{ required: ['a'] }, { required: ['b'] }] }, { a: 1 }, true],
    ['oneOf', { oneOf: [{ required: ['a'] }, { required: ['b'] }] }, { a: 1, b: 1 }, false],
    ['not', { not: { required: ['a'] } }, { a: 1 }, false],
    ['title and description', { title: 't', description: 'd' }, {}, true],
  ])('%s', (_what, schema, doc, valid) => {
    expect(compileSchema(schema)(doc)).toBe(valid);
  });

  test.each<readonly [Document, number]>([
    [{ nope: 1 }, 9],
    [{ $ref: '#' }, 9],
    [{ required: [] }, 9],
    [{ required: 'a' }, 14],
    [{ properties: 1 }, 14],
    [{ type: 'integer' }, 9],
    [{ type: 'string', bsonType: 'string' }, 9],
    [{ bsonType: 'text' }, 2],
    [{ minLength: -1 }, 9],
    [{ enum: [] }, 9],
    [{ anyOf: [] }, 9],
    [{ multipleOf: 0 }, 9],
  ])('%j is refused with %d', (schema, code) => {
    expect(() => compileSchema(schema)).toThrow(expect.objectContaining({ code }));
  });
});
