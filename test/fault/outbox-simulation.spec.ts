import fc from 'fast-check';
import { OutboxRepository } from '../../src/mail/delivery/outbox.repository';
import type { OutboxDoc } from '../../src/mail/delivery/outbox.schema';
import { STATE_OWNER } from '../../src/mail/delivery/outbox.machine';
import { Delivery } from '../support/delivery';
import { MemoryModel } from '../support/memory-model';
import {
  type Fault,
  type Mutation,
  outboxDefaults,
  OutboxWorld,
  type Plan,
  type ServerAnswer,
} from '../support/outbox-world';
import { startStore } from '../support/store';

// Workers that crash, sleep and lose replies at any step, in any order (reliability section 4, technique 1). The code under
// test is the product's; store, mail server and time are simulated. A failure prints the seed and the smallest plan.

jest.setTimeout(120_000);

const RUNS = Number(process.env.SIM_RUNS ?? 400);
const SEED = process.env.SIM_SEED ? Number(process.env.SIM_SEED) : undefined;

// The backoff's jitter must not make a seed mean two things.
beforeAll(() => void jest.spyOn(Math, 'random').mockReturnValue(0.5));
afterAll(() => jest.restoreAllMocks());

const fault: fc.Arbitrary<Fault> = fc.oneof(
  { arbitrary: fc.constant<Fault>({ kind: 'none' }), weight: 8 },
  { arbitrary: fc.constant<Fault>({ kind: 'crash' }), weight: 2 },
  { arbitrary: fc.integer({ min: 1, max: 40 }).map((minutes): Fault => ({ kind: 'pause', minutes })), weight: 3 },
  { arbitrary: fc.constant<Fault>({ kind: 'store-away' }), weight: 1 },
  { arbitrary: fc.constant<Fault>({ kind: 'reply-lost' }), weight: 1 },
);
const answer = fc.constantFrom<ServerAnswer>('ok', 'ok', 'reply-lost', 'refused-before-data', 'later', 'never', 'cut');

const plan = (policy: Plan['policy']): fc.Arbitrary<Plan> =>
  fc.record({
    mails: fc.integer({ min: 1, max: 2 }),
    workers: fc.integer({ min: 1, max: 3 }),
    policy: fc.constant(policy),
    faults: fc.array(fault, { maxLength: 60 }),
    answers: fc.array(answer, { maxLength: 4 }),
  });

/** What must hold in the end, or the first thing that does not. */
function violation(world: OutboxWorld): string | null {
  for (const doc of world.docs()) {
    const delivered = world.delivered.get(doc.dedupeKey) ?? 0;
    if (delivered > 1) return `delivered ${delivered} times: ${JSON.stringify(doc.history)}`;
    if (doc.state === 'sent' && delivered !== 1) return `sent, but delivered ${delivered} times`;
    if (doc.state === 'rejected' && delivered !== 0) return `rejected, but delivered ${delivered} times`;
    if (STATE_OWNER[doc.state] === 'worker') return `left in ${doc.state}`;
    const illegal = OutboxWorld.illegalMove(doc);
    if (illegal) return illegal;
  }
  return null;
}

/** The worst of them alone: what the mutated code is checked for. */
function secondDelivery(world: OutboxWorld): string | null {
  const [twice] = [...world.delivered.values()].filter((times) => times > 1);
  return twice === undefined ? null : `delivered ${twice} times`;
}

const property = (policy: Plan['policy'], mutation?: Mutation) =>
  fc.asyncProperty(fc.scheduler(), plan(policy), async (scheduler, chosen) => {
    const world = new OutboxWorld(scheduler, chosen, mutation);
    await world.run();
    const problem = mutation ? secondDelivery(world) : violation(world);
    if (problem) throw new Error(problem);
  });

describe('whatever happens', () => {
  it.each(['hold', 'resend'] as const)(
    'policy %s: a mail is delivered at most once, "sent" is true, and everything is settled',
    async (policy) => {
      await fc.assert(property(policy), { numRuns: RUNS, seed: SEED });
    },
  );
});

describe('the simulation finds', () => {
  it.each<[string, Plan['policy'], Mutation]>([
    ['an attempt without a record', 'hold', { noAttemptRecord: true }],
    ['an unknown mail that is sent again without waiting for old connections to die', 'resend', { noGrace: true }],
    ['an attempt that does not look at the fence', 'hold', { noFence: true }],
  ])('%s', async (_, policy, mutation) => {
    const result = await fc.check(property(policy, mutation), { numRuns: 20_000, seed: SEED ?? 1, endOnFailure: true });
    expect(result.failed).toBe(true);
    expect(String(result.errorInstance)).toMatch(/delivered [2-9] times/);
  });
});

describe('the simulated store', () => {
  it('does as the real one in all that the outbox asks of it', async () => {
    const store = await startStore();
    const delivery = new Delivery(store.connection);
    await delivery.buildIndexes();
    const memory = new MemoryModel(async (operation) => operation(), ['dedupeKey', 'messageId'], outboxDefaults);
    const simulated = new OutboxRepository(memory.asModel<OutboxDoc>(), delivery.clock, delivery.config);
    const runAt = new Date(Date.now() - 1000);
    const script = async (outbox: OutboxRepository): Promise<unknown[]> => {
      const enqueue = (n: number) =>
        outbox.enqueue({
          mailboxId: 'm',
          emailId: `e${n}`,
          replyId: 'r',
          threadId: null,
          dedupeKey: `k${n}`,
          messageId: `<m${n}@x>`,
          envelopeFrom: 'a@x',
          recipient: 'b@y',
          mime: Buffer.from('x'),
          mode: 'auto',
          runAt: new Date(runAt.getTime() - n),
        });
      const seen: unknown[] = [await enqueue(1), await enqueue(2), await enqueue(2)];
      const claims = [await outbox.claimNext('a'), await outbox.claimNext('b'), await outbox.claimNext('c')];
      seen.push(claims.map((claim) => claim && [claim.doc.emailId, claim.fence, claim.doc.claims, claim.doc.owner]));
      const [first, second] = claims.map((claim) => claim!);
      const item = await outbox.getById(first!.doc._id);
      seen.push(await outbox.renew(item.id, item.fence), await outbox.renew(item.id, item.fence + 1));
      seen.push(await outbox.beginAttempt({ ...item, fence: item.fence - 1 }, 'h'));
      const begun = (await outbox.beginAttempt(item, 'h'))!;
      seen.push(begun, await outbox.cancel(item.id));
      seen.push(
        await outbox.finishAttempt(begun, 'lost', { phase: 'data', responseCode: null, error: 'x' }, { runAt }),
      );
      seen.push(await outbox.settleByEvidence(begun.messageId, 'bounce', 'none'));
      seen.push(
        await outbox.settleByEvidence('<m1@x>', 'bounce', 'none'),
        await outbox.markRateConsumed(second!.doc._id, 1),
      );
      seen.push(await outbox.putBack(second!.doc._id, second!.fence, runAt), await outbox.cancel(second!.doc._id));
      return seen;
    };
    const strip = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (key, field: unknown) =>
          ['id', '_id', 'at', 'runAt', 'startedAt', 'firstTriedAt', 'sentAt', 'createdAt', 'updatedAt'].includes(key)
            ? typeof field
            : field,
        ),
      );
    expect(strip(await script(simulated))).toEqual(strip(await script(delivery.outbox)));
    delivery.stop();
    await store.stop();
  });
});
