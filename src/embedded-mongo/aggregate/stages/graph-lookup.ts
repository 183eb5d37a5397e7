import { toNumber } from '../../bson/numbers.js';
import { valuesAtPath } from '../../bson/path.js';
import { type Document, isDocument, isNumeric } from '../../bson/values.js';
import { failedToParse, MongoError } from '../../errors.js';
import { compileFilter } from '../../query/match.js';
import { compileExpression, splitFieldPath } from '../expressions.js';
import { equalityKey } from '../order.js';
import { mergeFields, type Stage, type StageTools } from '../stage.js';
import { localValues, matching, open } from './other-collection.js';
import { withValue } from './shape-stages.js';

/** `$graphLookup`: breadth-first search through references; `maxDepth` 0 is one step. */
export function graphLookup(spec: unknown, tools: StageTools, name: string): Stage {
  if (!isDocument(spec)) throw failedToParse('the $graphLookup stage specification must be an object');
  const { from, startWith, connectFromField, connectToField, as, maxDepth, depthField, restrictSearchWithMatch } = spec;
  for (const [field, value] of Object.entries({ from, connectFromField, connectToField, as })) {
    if (typeof value !== 'string') throw new MongoError(40105, `$graphLookup requires '${field}' to be a string`);
  }
  if (startWith === undefined) throw new MongoError(40105, `$graphLookup requires 'startWith' to be specified`);
  const steps = maxDepth === undefined ? Infinity : isNumeric(maxDepth) ? toNumber(maxDepth) : NaN;
  if (!(steps >= 0)) throw new MongoError(40101, 'maxDepth requires a nonnegative argument');
  const { context, memory } = tools;
  const start = compileExpression(startWith, context);
  const restriction = isDocument(restrictSearchWithMatch) ? restrictSearchWithMatch : null;
  const matcher = restriction
    ? compileFilter(restriction, { collation: context.collation, let: context.let, now: context.now })
    : undefined;
  const fromPath = splitFieldPath(connectFromField as string);

  const search = async (doc: Document): Promise<Document[]> => {
    const initial = start.evaluate(doc);
    let frontier: unknown[] = Array.isArray(initial) ? initial : [initial ?? null];
    const visited = new Map<string, Document>();
    const asked = new Set<string>();
    for (let depth = 0; depth <= steps && frontier.length > 0; depth++) {
      const fresh = frontier.filter((value) => !asked.has(equalityKey(value)) && asked.add(equalityKey(value)));
      if (fresh.length === 0) break;
      const keys = new Set(fresh.map(equalityKey));
      const next: unknown[] = [];
      const filter = { [connectToField as string]: { $in: fresh }, ...(restriction ? { $and: [restriction] } : {}) };
      for await (const batch of matching(open(context, from as string, filter), matcher)) {
        for (const found of batch) {
          const id = equalityKey(found._id);
          if (
            visited.has(id) ||
            !valuesAtPath(found, connectToField as string).some((value) => keys.has(equalityKey(value)))
          )
            continue;
          memory.add(found);
          visited.set(id, typeof depthField === 'string' ? withValue(found, splitFieldPath(depthField), depth) : found);
          next.push(...localValues(found, fromPath).filter((value) => value !== null));
        }
      }
      frontier = next;
    }
    for (const found of visited.values()) memory.release(found);
    return [...visited.values()];
  };

  return {
    name,
    reads: mergeFields([start.fields, new Set([splitFieldPath(as as string)[0] as string])]),
    replaces: false,
    run: async function* (input) {
      for await (const batch of input) {
        const result: Document[] = [];
        for (const doc of batch) result.push(withValue(doc, splitFieldPath(as as string), await search(doc)));
        yield result;
      }
    },
  };
}
