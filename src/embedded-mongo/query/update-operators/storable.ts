import { type Document, isDocument } from '../../bson/values.js';
import { MongoError } from '../../errors.js';

const DBREF_FIELDS = new Set(['$ref', '$id', '$db']);

/** Refuses values whose fields start with `$` (52), except DBRefs. */
export function checkStorable(value: unknown, path: string): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => checkStorable(item, `${path}.${index}`));
  } else if (isDocument(value)) {
    checkFields(value, path);
  }
}

function checkFields(doc: Document, path: string): void {
  for (const name of Object.keys(doc)) {
    const inner = `${path}.${name}`;
    if (name.startsWith('$') && !DBREF_FIELDS.has(name)) {
      throw new MongoError(52, `The dollar ($) prefixed field '${name}' in '${inner}' is not valid for storage.`);
    }
    checkStorable(doc[name], inner);
  }
}
