import { decode } from '../bson/codec.js';
import { type Document, getField, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { compileFilter, type Matcher } from '../query/match.js';
import type { CollectionInfo } from '../storage/catalog-types.js';
import { collationFor } from './query.js';

/** Checks documents against the validator of their collection. */
export interface DocumentValidator {
  /** @throws MongoError 121 DocumentValidationFailure */
  check(after: Document): void;
  /** As `check`; with level "moderate" a document that was invalid before may stay so. */
  checkUpdate(before: Document, after: Document): void;
}

const PASS: DocumentValidator = { check: () => undefined, checkUpdate: () => undefined };

const compiled = new WeakMap<Document, DocumentValidator>();

/** The validator of a collection; it accepts everything where there is none or the command bypasses it. */
export function validatorOf(info: CollectionInfo, bypass: boolean): DocumentValidator {
  const { validator, validationLevel, validationAction } = info.options;
  if (bypass || !isDocument(validator) || validationLevel === 'off' || validationAction === 'warn') return PASS;
  let known = compiled.get(info.options);
  if (!known) {
    const matcher = compileFilter(validator, { collation: collationFor(info, undefined) });
    known = makeValidator(matcher, validator, validationLevel === 'moderate');
    compiled.set(info.options, known);
  }
  return known;
}

function makeValidator(matcher: Matcher, validator: Document, moderate: boolean): DocumentValidator {
  const check = (doc: Document): void => {
    if (matcher.matches(doc)) return;
    throw new MongoError(121, 'Document failed validation', {
      errInfo: {
        failingDocumentId: getField(doc, '_id') ?? null,
        details: { operatorName: operatorOf(validator), specifiedAs: validator },
      },
    });
  };
  return {
    check,
    checkUpdate: (before, after) => {
      if (!moderate || matcher.matches(before)) check(after);
    },
  };
}

function operatorOf(validator: Document): string {
  const [first = ''] = Object.keys(validator);
  return first.startsWith('$') ? first : '$and';
}

/** Whether there is anything to check: documents stay raw otherwise. */
export const isPassing = (validator: DocumentValidator): boolean => validator === PASS;

export const checkRaw = (validator: DocumentValidator, raw: Buffer): void => {
  if (!isPassing(validator)) validator.check(decode(raw));
};
