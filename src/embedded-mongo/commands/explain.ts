import { performance } from 'node:perf_hooks';
import type { Document } from '../bson/values.js';
import type { Plan } from '../storage/plan.js';
import { drain } from '../storage/time-slice.js';
import type { CommandContext, Reply } from './context.js';
import { SERVER_VERSION } from './handshake.js';
import type { Query } from './query.js';

/** What MongoDB calls the stages of a plan. */
export function describePlan(plan: Plan): Document {
  switch (plan.kind) {
    case 'EOF':
      return { stage: 'EOF' };
    case 'COLLSCAN':
      return { stage: 'COLLSCAN', direction: plan.reverse ? 'backward' : 'forward' };
    case 'RECORDS':
      if (plan.keys?.length === 1) return { stage: 'IDHACK' };
      return fetch({
        stage: 'IXSCAN',
        keyPattern: { _id: 1 },
        indexName: '_id_',
        isMultiKey: false,
        isUnique: true,
        isSparse: false,
        isPartial: false,
        indexVersion: 2,
        direction: plan.reverse ? 'backward' : 'forward',
        indexBounds: plan.bounds,
      });
    case 'IXSCAN':
      return fetch({
        stage: plan.index.text ? 'TEXT_MATCH' : 'IXSCAN',
        keyPattern: plan.index.spec['key'],
        indexName: plan.index.name,
        isMultiKey: plan.index.multikey,
        isUnique: plan.index.unique,
        isSparse: plan.index.sparse,
        isPartial: plan.index.partialFilter !== undefined,
        indexVersion: 2,
        direction: plan.reverse ? 'backward' : 'forward',
        indexBounds: plan.bounds,
      });
    case 'OR':
      return fetch({ stage: 'OR', inputStages: plan.branches.map((branch) => inner(describePlan(branch))) });
  }
}

const fetch = (inputStage: Document): Document => ({ stage: 'FETCH', inputStage });
const inner = (stage: Document): Document => (stage['inputStage'] as Document | undefined) ?? stage;

/** The stages around the plan: sort, skip, limit, projection. */
export function describeQuery(query: Query, projection?: Document): Document {
  let stage = describePlan(query.plan);
  const { sort, skip = 0, limit = 0 } = query.spec;
  if (query.needsSort) {
    stage = {
      stage: 'SORT',
      sortPattern: sort,
      memLimit: 104857600,
      ...(limit > 0 ? { limitAmount: skip + limit } : {}),
      type: 'simple',
      inputStage: stage,
    };
  }
  if (skip > 0) stage = { stage: 'SKIP', skipAmount: skip, inputStage: stage };
  if (limit > 0 && !query.needsSort) stage = { stage: 'LIMIT', limitAmount: limit, inputStage: stage };
  if (projection && Object.keys(projection).length > 0) {
    stage = { stage: 'PROJECTION_DEFAULT', transformBy: projection, inputStage: stage };
  }
  return stage;
}

/** Answers explain; with "executionStats" and above the query is run. */
export async function explainReply(
  context: CommandContext,
  query: Query,
  verbosity: string,
  ns: string,
  projection?: Document,
): Promise<Reply> {
  const winningPlan = describeQuery(query, projection);
  const command = withoutEnvelope((context.command['explain'] as Document | undefined) ?? context.command);
  const reply: Reply = {
    explainVersion: '1',
    queryPlanner: {
      namespace: ns,
      parsedQuery: query.spec.filter,
      indexFilterSet: false,
      maxIndexedOrSolutionsReached: false,
      maxIndexedAndSolutionsReached: false,
      maxScansToExplodeReached: false,
      ...(query.collation ? { collation: query.collation.spec } : {}),
      winningPlan,
      rejectedPlans: [],
    },
  };
  if (verbosity !== 'queryPlanner') reply['executionStats'] = await execute(context, query, winningPlan, verbosity);
  const [host, port] = context.connection.local.split(':');
  return {
    ...reply,
    command: { ...command, $db: context.db },
    serverInfo: { host, port: Number(port), version: SERVER_VERSION, gitVersion: 'embedded' },
    serverParameters: {},
    ok: 1,
  };
}

/** A command without what the driver put around it. */
const withoutEnvelope = (command: Document): Document =>
  Object.fromEntries(Object.entries(command).filter(([name]) => !name.startsWith('$') && name !== 'lsid'));

async function execute(context: CommandContext, query: Query, plan: Document, verbosity: string): Promise<Document> {
  const started = performance.now();
  let nReturned = 0;
  await drain(query.rows(context.slice), context.slice, () => nReturned++);
  const { keysExamined, docsExamined } = query.counts;
  return {
    executionSuccess: true,
    nReturned,
    executionTimeMillis: Math.round(performance.now() - started),
    totalKeysExamined: keysExamined,
    totalDocsExamined: docsExamined,
    executionStages: { ...plan, nReturned, docsExamined, keysExamined, isEOF: 1 },
    ...(verbosity === 'allPlansExecution' ? { allPlansExecution: [] } : {}),
  };
}
