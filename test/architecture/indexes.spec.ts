import mongoose, { type Connection } from 'mongoose';
import type { OpenAPIObject } from '@nestjs/swagger';
import { ClassificationJobs } from '../../src/classification/classification.jobs';
import { newId } from '../../src/common/id';
import { OutboxQueryRepository } from '../../src/mail/delivery/outbox-query.repository';
import { RawIntakeService } from '../../src/mail/message/raw-intake.service';
import { StoreGauges } from '../../src/metrics/store-gauges.service';
import { buildOpenApi } from '../../src/openapi';
import { WorkflowJobs } from '../../src/workflow/workflow.jobs';
import { startApp, type TestApp } from '../support/app';
import { arrive, rawMail, teachPasswords, until } from '../support/conversation';

/** Collections that grow with the mail: a scan of one of them gets slower every day. */
const GROWING = [
  'emails',
  'raw_messages',
  'threads',
  'replies',
  'reviews',
  'outbox',
  'runs',
  'decisions',
  'llm_calls',
  'examples',
  'audit_log',
];

interface Recorded {
  collection: string;
  method: string;
  /** The filter, or the pipeline of an aggregate. */
  what: Record<string, unknown> | Record<string, unknown>[];
  sort: Record<string, unknown>;
  limit: number;
  hint: Record<string, unknown> | null;
}

interface Stage {
  stage: string;
  keyPattern?: Record<string, unknown>;
  indexBounds?: Record<string, string[]>;
  inputStage?: Stage;
  inputStages?: Stage[];
}

const READS_BY_FILTER =
  /^(find|findOne|findOneAndUpdate|updateOne|updateMany|deleteOne|deleteMany|countDocuments|distinct)$/;

const stagesOf = (stage: Stage): Stage[] => [
  stage,
  ...[stage.inputStage, ...(stage.inputStages ?? [])].filter((child) => child !== undefined).flatMap(stagesOf),
];

/** The plan of what was recorded, as the store reports it. */
async function plan(connection: Connection, { collection, what, sort, limit, hint }: Recorded): Promise<Stage[]> {
  const command = Array.isArray(what)
    ? { aggregate: collection, pipeline: what, cursor: {} }
    : {
        find: collection,
        filter: what,
        ...(Object.keys(sort).length > 0 && { sort }),
        ...(limit > 0 && { limit }),
        ...(hint && { hint }),
      };
  const answer = await connection.db!.command({ explain: command, verbosity: 'queryPlanner' });
  const planner = (answer.queryPlanner ?? answer.stages?.[0]?.$cursor?.queryPlanner) as {
    winningPlan: Stage & { queryPlan?: Stage };
  };
  return stagesOf(planner.winningPlan.queryPlan ?? planner.winningPlan);
}

const isFullRange = ([bounds]: string[]): boolean => /^[[(](MinKey|MaxKey), (MinKey|MaxKey)[\])]$/.test(bounds ?? '');

/** What is wrong with a plan; null when it touches about as many documents as it returns. */
function problem(stages: Stage[], { what, limit }: Recorded): string | null {
  if (stages.some(({ stage }) => stage === 'COLLSCAN')) return 'scans the collection';
  const isFiltered = Array.isArray(what) || Object.keys(what).length > 0;
  // Walking a whole index and filtering the documents is a scan in disguise; the newest few of all are not.
  const walks = stages.some(({ indexBounds }) => indexBounds && Object.values(indexBounds).every(isFullRange));
  return walks && (isFiltered || limit === 0) ? 'walks a whole index' : null;
}

/** A valid value of each query parameter of the API. */
const VALUES: Record<string, string> = {
  limit: '5',
  cursor: newId(),
  mailboxId: newId(),
  emailId: newId(),
  threadId: newId(),
  actorId: newId(),
  target: 'email:1',
  category: 'billing',
  priority: 'high',
  q: 'ada',
  outcome: 'done',
  verdict: 'review',
  source: 'human',
  unlabelled: 'true',
};

describe('every query of a page or a job uses an index', () => {
  let app: TestApp;
  const seen = new Map<string, Recorded>();

  /** One record for each shape: names of fields and operators. */
  function record(collection: string, method: string, what: unknown, ...rest: unknown[]): void {
    if (!GROWING.includes(collection) || !(method === 'aggregate' || READS_BY_FILTER.test(method))) return;
    const options = (method === 'find' || method === 'findOne' ? rest[0] : rest.at(-1)) as
      { sort?: Record<string, unknown>; limit?: number; hint?: Record<string, unknown> } | undefined;
    const limit = method === 'findOne' || /One/.test(method) ? 1 : (options?.limit ?? 0);
    const { sort = {}, hint = null } = options ?? {};
    const recorded = { collection, method, what: what as Recorded['what'], sort, limit, hint };
    const shape =
      collection +
      JSON.stringify([what, sort, limit > 0], (_, value: unknown) =>
        typeof value === 'object' || value === 1 || value === -1 ? value : '?',
      );
    if (!seen.has(shape)) seen.set(shape, recorded);
  }

  /** Every list of the API, without a filter, with each one, and with all of them on the second page. */
  async function readAllPages(document: OpenAPIObject): Promise<void> {
    for (const [path, item] of Object.entries(document.paths)) {
      const parameters = (item.get?.parameters ?? []).filter((given) => 'in' in given && given.in === 'query') as {
        name: string;
        schema?: { enum?: string[] };
      }[];
      if (parameters.length === 0 || path.includes('{')) continue;
      const values = parameters.map(({ name, schema }) => [name, schema?.enum?.[0] ?? VALUES[name] ?? 'x']);
      const queries: string[][][] = [[], ...values.map((pair) => [pair]), values];
      for (const query of queries) {
        await app.as('get', path).query(Object.fromEntries(query) as Record<string, string>);
      }
    }
  }

  beforeAll(async () => {
    mongoose.set('debug', record);
    app = await startApp({ HTTP_RATE_LIMIT: '100000' });
    await teachPasswords(app);

    const emailId = await arrive(app);
    const { replyId } = await until(app, emailId, 'in_review');
    await app.as('post', `/replies/${replyId}/regenerate`).send({ instruction: 'Be brief.' }).expect(202);
    await until(app, emailId, 'in_review');
    await app.as('post', `/replies/${replyId}/approve`).send({}).expect(200);
    await until(app, emailId, 'done');
    const second = await arrive(app, { from: 'b@customer.example', headers: { 'Auto-Submitted': 'auto-replied' } });
    await until(app, second, 'ignored');
    await app.as('post', '/emails/import').type('message/rfc822').send(rawMail()).expect(200);
    await app.as('put', `/training/emails/${emailId}/label`).send({ category: 'account', priority: 'low' }).expect(200);
    await app.as('post', '/training/auto-label').send({}).expect(200);
    await app.as('get', '/training/labels/export');

    await readAllPages(buildOpenApi(app.app));
    for (const path of [`/emails/${emailId}`, `/replies/${replyId}`, '/workflow/stats', '/training/stats'])
      await app.as('get', path);
    const { body } = await app.as('get', '/threads').expect(200);
    await app.as('get', `/threads/${body.items[0].id}`).expect(200);

    const { app: nest } = app;
    await nest.get(RawIntakeService).sweep();
    await nest.get(WorkflowJobs).recordReviews();
    await nest.get(StoreGauges).update();
    await nest.get(OutboxQueryRepository).listSettledSince(new Date(0), 10);
    await nest.get(OutboxQueryRepository).findByMessageId('<unknown@customer.example>');
    await nest.get(ClassificationJobs).retrainIfChanged();
  }, 120_000);

  afterAll(async () => {
    mongoose.set('debug', false);
    await app?.stop();
  });

  it('has seen queries on every collection that the flow touches', () => {
    const collections = new Set([...seen.values()].map(({ collection }) => collection));
    expect([...collections].sort()).toEqual(GROWING.filter((name) => name !== 'llm_calls').sort());
    expect(seen.size).toBeGreaterThan(60);
  });

  it('no query scans a collection or walks a whole index', async () => {
    const bad: string[] = [];
    for (const recorded of seen.values()) {
      const wrong = problem(await plan(app.store.connection, recorded), recorded);
      const { collection, method, what, sort } = recorded;
      if (wrong) bad.push(`${collection}.${method} ${JSON.stringify(what)} sort ${JSON.stringify(sort)}: ${wrong}`);
    }
    expect(bad).toEqual([]);
  }, 60_000);
});
