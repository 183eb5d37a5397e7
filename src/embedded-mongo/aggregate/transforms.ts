import { type Document, isDocument, typeName } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { describe } from '../query/describe.js';
import { type ExpressionContext } from './expression-types.js';
import { compileExpression } from './expressions.js';
import { compileAddFields, compileProject, compileUnset, type Projection } from './projection.js';

/** A stage that makes one document of each document: all that a pipeline update may use. */
export type Transform = (doc: Document) => Document;

/** Compiles `$set $addFields $project $unset $replaceRoot $replaceWith`. */
export function compileTransform(name: string, spec: unknown, context: ExpressionContext): Transform {
  switch (name) {
    case '$set':
    case '$addFields':
    case '$project':
    case '$unset': {
      const { apply } = compileShape(name, spec, context);
      return apply;
    }
    case '$replaceRoot':
      if (!isDocument(spec))
        throw new MongoError(
          40229,
          `expected an object as specification for $replaceRoot stage, got ${typeName(spec)}`,
        );
      if (!('newRoot' in spec)) throw new MongoError(40231, 'no newRoot specified for the $replaceRoot stage');
      return newRoot(spec.newRoot, context);
    case '$replaceWith':
      return newRoot(spec, context);
    default:
      throw new MongoError(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
}

/** The projection of a shaping stage, with what it reads. */
export function compileShape(name: string, spec: unknown, context: ExpressionContext): Projection {
  if (name === '$project') return compileProject(spec, context);
  return name === '$unset' ? compileUnset(spec) : compileAddFields(spec, context);
}

function newRoot(expression: unknown, context: ExpressionContext): Transform {
  const compiled = compileExpression(expression, context);
  return (doc) => {
    const root = compiled.evaluate(doc);
    if (isDocument(root)) return root;
    throw new MongoError(
      40228,
      `'newRoot' expression must evaluate to an object, but resulting value was: ${root === undefined ? 'MISSING' : describe(root)}. Type of resulting value: '${typeName(root)}'. Input document: ${describe(doc)}`,
    );
  };
}
