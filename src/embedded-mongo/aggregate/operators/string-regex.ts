import { BSON_TYPE, type Document, regexParts, typeName, typeNumber } from '../../bson/values.js';
import { MongoError } from '../../errors.js';
import { compileRegex } from '../../query/operators/regex.js';
import { isNullish, named } from '../arguments.js';
import { type OperatorCompiler, type OperatorTable } from '../expression-types.js';

/** `$regexMatch $regexFind $regexFindAll`. */
export const regexOperators: OperatorTable = {
  $regexMatch: regexOperator(false, (input, regex) => regex.test(input)),
  $regexFind: regexOperator(null, (input, regex) => {
    const match = regex.exec(input);
    return match ? found(input, match) : null;
  }),
  $regexFindAll: regexOperator([], (input, regex) => {
    const all = new RegExp(regex.source, `${regex.flags}g`);
    return [...input.matchAll(all)].map((match) => found(input, match));
  }),
};

function regexOperator(whenMissing: unknown, compute: (input: string, regex: RegExp) => unknown): OperatorCompiler {
  return named(['input', 'regex'], ['options'], ({ input, regex, options }, name) => {
    if (!isNullish(input) && typeof input !== 'string') {
      throw new MongoError(51104, `${name} needs 'input' to be of type string, not ${typeName(input)}`);
    }
    if (isNullish(regex)) return whenMissing;
    const compiled = readRegex(regex, options, name);
    return isNullish(input) ? whenMissing : compute(input, compiled);
  });
}

function readRegex(regex: unknown, options: unknown, name: string): RegExp {
  if (!isNullish(options) && typeof options !== 'string') {
    throw new MongoError(51106, `${name} needs 'options' to be of type string`);
  }
  if (typeof regex === 'string') return compileRegex(regex, options ?? '');
  if (typeNumber(regex) !== BSON_TYPE.regex)
    throw new MongoError(51105, `${name} needs 'regex' to be of type string or regex`);
  const parts = regexParts(regex);
  if (parts.options !== '' && !isNullish(options)) {
    throw new MongoError(51107, `${name}: found regex option(s) specified in both 'regex' and 'option' fields`);
  }
  return compileRegex(parts.pattern, parts.options || (options ?? ''));
}

/** A match as MongoDB reports it: `idx` counts code points, groups that took no part are null. */
function found(input: string, match: RegExpExecArray | RegExpMatchArray): Document {
  return {
    match: match[0],
    idx: [...input.slice(0, match.index)].length,
    captures: match.slice(1).map((group: string | undefined) => group ?? null),
  };
}
