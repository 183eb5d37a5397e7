import { type Document, isDocument } from '../bson/values.js';
import { MongoError } from '../errors.js';
import { toInteger } from '../storage/integers.js';
import { namespaceOf, optionalDocument } from './arguments.js';
import { parseAggregate } from './aggregate.js';
import type { CommandContext, CommandTable, Reply } from './context.js';
import { explainAggregate } from './explain-aggregate.js';
import { explainReply } from './explain.js';
import { parseFind } from './find-request.js';
import { Query } from './query.js';

const VERBOSITIES = ['queryPlanner', 'executionStats', 'allPlansExecution'];

/** Explains find, aggregate, count, distinct, update, delete and findAndModify. Nothing is changed by it. */
async function explain(context: CommandContext): Promise<Reply> {
  const given = context.command[context.name];
  if (!isDocument(given)) throw new MongoError(14, 'explain command requires a nested object');
  const verbosity = context.command['verbosity'] ?? 'allPlansExecution';
  if (typeof verbosity !== 'string' || !VERBOSITIES.includes(verbosity)) {
    throw new MongoError(9, `verbosity string must be one of {'queryPlanner', 'executionStats', 'allPlansExecution'}`);
  }
  const [name = ''] = Object.keys(given);
  const inner: CommandContext = { ...context, name, command: { ...given, $db: context.db } };
  if (name === 'aggregate') return explainAggregate(inner, parseAggregate(inner), verbosity);
  const { ns, filter, projection, ...options } = queryOf(inner);
  const { names, view } = context.server.transactions.read(context);
  const info = names.find(ns);
  if (!info || info.type === 'view') {
    const request = { ns, pipeline: [{ $match: filter }] };
    return explainAggregate(inner, request, verbosity);
  }
  return explainReply(context, new Query({ ...options, filter, info }, view), verbosity, ns, projection);
}

interface Explained {
  ns: string;
  filter: Document;
  projection?: Document;
  sort?: Document;
  skip?: number;
  limit?: number;
  collation?: Document;
  hint?: unknown;
}

function queryOf(context: CommandContext): Explained {
  const { command, name } = context;
  switch (name) {
    case 'find':
      return parseFind(context);
    case 'count':
    case 'distinct':
    case 'findAndModify':
    case 'findandmodify':
      return {
        ns: namespaceOf(context),
        filter: optionalDocument(context, 'query') ?? {},
        sort: optionalDocument(context, 'sort'),
        collation: optionalDocument(context, 'collation'),
        hint: command['hint'],
        ...(name === 'count' ? { skip: toInteger(command['skip'], 0), limit: toInteger(command['limit'], 0) } : {}),
      };
    case 'update':
    case 'delete': {
      const [statement] = (command[name === 'update' ? 'updates' : 'deletes'] as Document[] | undefined) ?? [];
      if (!statement || !isDocument(statement['q'])) throw new MongoError(9, `explain of ${name} needs one statement`);
      return {
        ns: namespaceOf(context),
        filter: statement['q'],
        collation: statement['collation'] as Document,
        hint: statement['hint'],
      };
    }
    default:
      throw new MongoError(59, `Explain failed due to unknown command: ${name}`);
  }
}

export const explainCommands: CommandTable = {
  explain: { run: explain, stable: true },
};
