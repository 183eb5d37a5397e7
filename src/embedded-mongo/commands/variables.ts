import { evaluateConstant } from '../aggregate/expressions.js';
import type { Document } from '../bson/values.js';

/** The values of a command's `let`: each is an expression that must not read a document. */
export function evaluateLet(variables: Document | undefined, now: Date): Document | undefined {
  if (!variables) return undefined;
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, evaluateConstant(value, { now })]));
}
