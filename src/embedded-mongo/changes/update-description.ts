import { valuesEqual, typeName } from '../bson/compare.js';
import { encode } from '../bson/codec.js';
import { type Document, isDocument } from '../bson/values.js';

/** What an update changed, in the form change streams report it. */
export interface UpdateDescription {
  /** Paths a reader could take for positions in arrays: field names that look like numbers, or hold dots. */
  disambiguatedPaths: Document;
  updatedFields: Document;
  removedFields: string[];
  truncatedArrays: Array<{ field: string; newSize: number }>;
}

/** The difference of two states of a document: dotted paths into documents, positions in arrays. */
export function describeUpdate(before: Document, after: Document): UpdateDescription {
  const description: UpdateDescription = {
    updatedFields: {},
    removedFields: [],
    truncatedArrays: [],
    disambiguatedPaths: {},
  };
  compareDocuments(before, after, [], description);
  return description;
}

/** Field names are strings, positions in arrays numbers. */
type Path = ReadonlyArray<string | number>;

function nameOf(path: Path, out: UpdateDescription): string {
  const name = path.join('.');
  const isAmbiguous = path.some((part) => typeof part === 'string' && (/^\d+$/.test(part) || part.includes('.')));
  if (isAmbiguous) out.disambiguatedPaths[name] = path;
  return name;
}

function compareDocuments(before: Document, after: Document, parent: Path, out: UpdateDescription): void {
  for (const name of Object.keys(before)) if (!(name in after)) out.removedFields.push(nameOf([...parent, name], out));
  for (const [name, value] of Object.entries(after)) {
    const path = [...parent, name];
    const old = before[name];
    if (!(name in before)) out.updatedFields[nameOf(path, out)] = value;
    else if (!same(old, value)) compareValues(old, value, path, out);
  }
}

function compareValues(before: unknown, after: unknown, path: Path, out: UpdateDescription): void {
  if (isDocument(before) && isDocument(after) && shares(before, after)) {
    compareDocuments(before, after, path, out);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareArrays(before, after, path, out);
  } else {
    out.updatedFields[nameOf(path, out)] = after;
  }
}

/** Elements that were added or changed are named one by one while that is shorter than the array. */
function compareArrays(before: unknown[], after: unknown[], path: Path, out: UpdateDescription): void {
  const kept = Math.min(before.length, after.length);
  const changed: number[] = [];
  for (let i = 0; i < kept; i++) if (!same(before[i], after[i])) changed.push(i);
  const pieces = changed.length + after.length - kept;
  const isShorter = after.length < before.length;
  if ((isShorter && (changed.length > 0 || after.length === 0)) || (pieces > 1 && pieces >= after.length)) {
    out.updatedFields[nameOf(path, out)] = after;
    return;
  }
  if (isShorter) out.truncatedArrays.push({ field: nameOf(path, out), newSize: after.length });
  for (const i of changed) compareValues(before[i], after[i], [...path, i], out);
  for (let i = kept; i < after.length; i++) out.updatedFields[nameOf([...path, i], out)] = after[i];
}

/** A document that was replaced as a whole is reported as a whole. */
const shares = (before: Document, after: Document): boolean => Object.keys(after).some((name) => name in before);

function same(a: unknown, b: unknown): boolean {
  if (!valuesEqual(a, b) || typeName(a) !== typeName(b)) return false;
  // Equal numbers of different types inside documents are a change too.
  return typeof a !== 'object' || encode({ a }).equals(encode({ a: b }));
}
