import { EJSON } from 'bson';

import { type Document, isDocument } from '../bson/values.js';

/** A value as MongoDB prints it in error messages, shortened to 150 characters. */
export function describe(value: unknown): string {
  const text = print(value);
  return text.length > 150 ? `${text.slice(0, 150)}...` : text;
}

function print(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.map(print).join(', ')} ]`;
  if (!isDocument(value)) return value === undefined ? 'undefined' : EJSON.stringify(value, { relaxed: true });
  const fields = Object.keys(value).map((name) => `${name}: ${print(value[name])}`);
  return fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`;
}

/** `{_id: 1}`: how update errors name the document. */
export const describeId = (doc: Document): string => ('_id' in doc ? `{_id: ${print(doc._id)}}` : '{no id}');
