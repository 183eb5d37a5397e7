import type { CommandContext, Reply } from './context.js';
import { explainReply } from './explain.js';
import { planPipeline, type AggregateRequest } from './pipeline-plan.js';

/** `aggregate` with `explain: true`, or inside `explain`. */
export async function explainAggregate(
  context: CommandContext,
  request: AggregateRequest,
  verbosity = 'queryPlanner',
): Promise<Reply> {
  const plan = planPipeline(context, request);
  const inner = plan.query
    ? await explainReply(context, plan.query, verbosity, request.ns)
    : explainNothing(context, request.ns);
  if (plan.rest.length === 0) return inner;
  const { queryPlanner, executionStats, ...rest } = inner;
  const cursor = { $cursor: { queryPlanner, ...(executionStats ? { executionStats } : {}) } };
  return { ...rest, stages: [cursor, ...plan.rest] };
}

function explainNothing(context: CommandContext, ns: string): Reply {
  return {
    explainVersion: '1',
    queryPlanner: { namespace: ns, parsedQuery: {}, winningPlan: { stage: 'EOF' }, rejectedPlans: [] },
    command: context.command,
    ok: 1,
  };
}
