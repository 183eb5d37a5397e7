import { type Document, isDocument, typeName } from '../bson/values.js';
import { badValue, failedToParse, typeMismatch } from '../errors.js';
import { describe } from './describe.js';
import { compileFilter, type FilterContext } from './match.js';

type ElementTest = (item: unknown) => boolean;

/** The compiled `arrayFilters` of an update: identifier of `$[identifier]` -> test of an array element. */
export class ArrayFilters {
  private readonly tests = new Map<string, ElementTest>();
  private readonly used = new Set<string>();

  /** Compiles `arrayFilters`; throws 2, 9 or 14 for what MongoDB refuses. */
  static compile(filters: unknown, context: FilterContext): ArrayFilters {
    const compiled = new ArrayFilters();
    if (filters === undefined || filters === null) return compiled;
    if (!Array.isArray(filters))
      throw typeMismatch(`BSON field 'arrayFilters' is the wrong type '${typeName(filters)}', expected type 'array'`);
    for (const filter of filters as unknown[]) compiled.add(filter, context);
    return compiled;
  }

  private add(filter: unknown, context: FilterContext): void {
    if (!isDocument(filter))
      throw typeMismatch(`BSON field 'arrayFilters' is the wrong type '${typeName(filter)}', expected type 'object'`);
    const identifier = identifierOf(filter);
    if (this.tests.has(identifier)) {
      throw failedToParse(`Found multiple array filters with the same top-level field name ${identifier}`);
    }
    const matcher = compileFilter(filter, context);
    // The element is matched as the field the identifier names, so array elements match as a whole or by element.
    this.tests.set(identifier, (item) => matcher.matches({ [identifier]: item }));
  }

  /** Checks that `path` names known identifiers, and remembers them as used. */
  checkPath(path: string): void {
    for (const [, identifier = ''] of path.matchAll(/\$\[([^\]]*)\]/g)) {
      if (identifier === '') continue;
      if (!this.tests.has(identifier))
        throw badValue(`No array filter found for identifier '${identifier}' in path '${path}'`);
      this.used.add(identifier);
    }
  }

  /** Throws 9 FailedToParse if a filter's identifier appears in no path of the update. */
  checkAllUsed(update: Document): void {
    for (const identifier of this.tests.keys()) {
      if (!this.used.has(identifier)) {
        throw failedToParse(
          `The array filter for identifier '${identifier}' was not used in the update ${describe(update)}`,
        );
      }
    }
  }

  get(identifier: string): ElementTest {
    return this.tests.get(identifier) ?? (() => false);
  }
}

function identifierOf(filter: Document): string {
  const names = new Set<string>();
  collectTopLevelNames(filter, names);
  const [first, second] = names;
  if (first === undefined)
    throw failedToParse('Cannot use an expression without a top-level field name in arrayFilters');
  if (second !== undefined) {
    throw failedToParse(
      `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${first}' and '${second}'`,
    );
  }
  if (!/^[a-z][a-zA-Z0-9]*$/.test(first)) {
    throw badValue(
      `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${first}'`,
    );
  }
  return first;
}

function collectTopLevelNames(filter: Document, names: Set<string>): void {
  for (const name of Object.keys(filter)) {
    if (!name.startsWith('$')) names.add(name.split('.')[0] as string);
    else if (Array.isArray(filter[name])) {
      for (const clause of filter[name] as unknown[]) if (isDocument(clause)) collectTopLevelNames(clause, names);
    }
  }
}
