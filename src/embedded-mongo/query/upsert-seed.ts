import { splitPath } from '../bson/path.js';
import { cloneValue, type Document } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { type FilterNode } from './filter-node.js';
import { slotAt } from './update-path.js';
import { parseFilter } from './parse-filter.js';

/**
 * The document an upsert starts from: the equality conditions of the filter (also inside `$and`, single `$or`/`$in`/
 * `$all` items and DBRefs). A replacement takes only `_id` from it. Throws 54 NotSingleValueField where two equalities
 * name the same path or one inside the other.
 */
export function seedFromFilter(filter: Document): Document {
  const equalities = new Map<string, unknown>();
  collectEqualities(parseFilter(filter, { collation: null }), equalities);
  const seed: Document = {};
  // _id first, as it is stored.
  for (const path of [...equalities.keys()].sort((a, b) => Number(b === '_id') - Number(a === '_id'))) {
    slotAt(seed, splitPath(path), true)?.set(cloneValue(equalities.get(path)));
  }
  return seed;
}

function collectEqualities(node: FilterNode, found: Map<string, unknown>): void {
  if (node.kind === 'and') {
    for (const child of node.nodes) collectEqualities(child, found);
  } else if (node.kind === 'or' && node.nodes.length === 1) {
    collectEqualities(node.nodes[0] as FilterNode, found);
  } else if (node.kind === 'leaf' && node.operator === '$eq') {
    add(node.path, node.operand, found);
  } else if (node.kind === 'leaf' && node.operator === '$in' && (node.operand as unknown[]).length === 1) {
    add(node.path, (node.operand as unknown[])[0], found);
  }
}

function add(path: string, value: unknown, found: Map<string, unknown>): void {
  for (const other of found.keys()) {
    if (other === path) throw new MongoError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
    if (path.startsWith(`${other}.`) || other.startsWith(`${path}.`)) {
      const inner = path.length > other.length ? path : other;
      throw new MongoError(
        54,
        `cannot infer query fields to set, both paths '${inner}' and '${path.length > other.length ? other : path}' are matched`,
      );
    }
  }
  found.set(path, value);
}
