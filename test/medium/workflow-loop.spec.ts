import { setTimeout as sleep } from 'node:timers/promises';
import { workflowLeaseLost } from '../../src/common/metrics';
import { eventually } from '../support/eventually';
import { LEASE_MS, startWorkflowBench, type WorkflowBench } from '../support/workflow-bench';

/** Claims, leases and shutdown of the workflow, on the real store. */
describe('workers of the workflow', () => {
  let bench: WorkflowBench;

  beforeAll(async () => {
    bench = await startWorkflowBench();
  }, 60_000);
  beforeEach(() => bench.reset());
  afterEach(() => bench.app.store.connection.collection('emails').deleteMany({}));
  afterAll(() => bench?.stop());

  const collection = () => bench.app.store.connection.collection<{ _id: string }>('emails');
  const stateOf = async (id: string): Promise<string> => (await bench.email(id)).state;
  const allIn = async (state: string, count: number): Promise<true | null> =>
    (await collection().countDocuments({ state })) === count ? true : null;
  /** How often a lease was lost, by step. */
  const leasesLost = async (step: string): Promise<number> =>
    (await workflowLeaseLost.get()).values.find(({ labels }) => labels.step === step)?.value ?? 0;

  it('two workers, 200 emails: each is worked on once', async () => {
    const ids = await bench.receive(200);
    const loops = [bench.loop({ concurrency: 8 }), bench.loop({ concurrency: 8 })];
    for (const loop of loops) loop.start();
    await eventually(
      () => allIn('in_review', ids.length),
      60_000,
      () => bench.asked.draft.length,
    );
    for (const loop of loops) await loop.stop(5_000);

    expect([...bench.asked.classify].sort()).toEqual([...ids].sort());
    expect([...bench.asked.draft].sort()).toEqual([...ids].sort());
    expect(bench.asked.parse).toHaveLength(ids.length);
    expect(await collection().distinct('fence')).toEqual([2]); // one claim carried each to its end, which ends the claim
    expect(await collection().distinct('runAt')).toEqual([null]);
    const [run, ...others] = await bench.runs(ids[0]!);
    expect(others).toEqual([]);
    expect(run).toMatchObject({ trigger: 'new_mail', outcome: 'in_review' });
    expect(run!.steps.map(({ name }) => name)).toEqual(['parse', 'screen', 'classify', 'draft', 'decide', 'act']);
  }, 90_000);

  it('a worker that lost its claim writes nothing more and says so', async () => {
    const [id] = await bench.receive(1);
    const before = await leasesLost('classify');
    const { classify } = bench.fakes;
    bench.fakes.classify = async (options) => {
      await collection().updateOne({ _id: options.emailId }, { $inc: { fence: 1 } }); // another worker claimed it
      return classify(options);
    };
    await bench.workOnce();
    expect(await bench.email(id!)).toMatchObject({ state: 'screened', classification: null, fence: 2 });
    expect(bench.asked.draft).toEqual([]);
    expect(await leasesLost('classify')).toBe(before + 1);
    const [run] = await bench.runs(id!);
    expect(run!.steps.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['parse', 'ok'],
      ['screen', 'ok'],
      ['classify', 'lease_lost'],
    ]);
  });

  it('a worker that lost its claim is stopped in the middle of a step, by the renewal', async () => {
    const [id] = await bench.receive(1);
    const before = await leasesLost('classify');
    bench.fakes.classify = async ({ emailId, signal }) => {
      await collection().updateOne({ _id: emailId }, { $inc: { fence: 1 } });
      await sleep(LEASE_MS * 5, undefined, { signal }).catch(() => undefined);
      throw signal.reason;
    };
    const loop = bench.loop();
    loop.start();
    await eventually(async () => ((await leasesLost('classify')) > before ? true : null), LEASE_MS * 2);
    await loop.stop(0);
    expect(await stateOf(id!)).toBe('screened');
    expect(bench.asked.draft).toEqual([]);
  });

  it('renews the lease of a step that takes longer than it: nobody else gets the email', async () => {
    const [id] = await bench.receive(1);
    const { classify } = bench.fakes;
    bench.fakes.classify = async (options) => {
      await sleep(LEASE_MS * 1.5);
      return classify(options);
    };
    const loops = [bench.loop(), bench.loop()];
    for (const loop of loops) loop.start();
    const ticks = setInterval(() => loops.forEach((loop) => void loop.tick()), 100);
    await eventually(() => allIn('in_review', 1));
    clearInterval(ticks);
    for (const loop of loops) await loop.stop(0);
    expect(bench.asked.classify).toEqual([id]);
    expect((await bench.email(id!)).fence).toBe(2); // one claim, and its end
  });

  it('quarantines a mail whose workers ended five times without a checkpoint', async () => {
    const [id] = await bench.receive(1);
    for (let n = 0; n < 5; n++) {
      expect((await bench.emails.claimNext('a worker that dies'))?.doc._id).toBe(id);
      await bench.elapse(id!);
    }
    await bench.workOnce();
    const email = await bench.email(id!);
    expect(email).toMatchObject({
      state: 'quarantined',
      runAt: null,
      lastError: { step: 'received', code: 'INTERNAL' },
    });
    expect(bench.asked.parse).toEqual([]);
    const [run] = await bench.runs(id!);
    expect(run).toMatchObject({ outcome: 'quarantined', steps: [{ name: 'received', outcome: 'retried' }] });
    expect(run!.steps[0]!.error?.code).toBe('INTERRUPTED');
    expect(await bench.workOnce()).toBeNull();
  });

  it('does not count workers that made progress', async () => {
    const [id] = await bench.receive(1);
    for (let n = 0; n < 3; n++) {
      await bench.emails.claimNext('a worker that dies');
      await bench.elapse(id!);
    }
    await bench.workOnce();
    expect(await stateOf(id!)).toBe('in_review');
    expect(await collection().findOne({ _id: id! })).toMatchObject({ claims: 0, owner: null });
  });

  it('goes on after the store could not be read', async () => {
    const [id] = await bench.receive(1);
    let failures = 2;
    const loop = bench.loop({
      queue: {
        claimNext: (owner) => (failures-- > 0 ? Promise.reject(new Error('away')) : bench.emails.claimNext(owner)),
        renew: (emailId, fence) => bench.emails.renew(emailId, fence),
      },
    });
    loop.start();
    await loop.tick();
    await loop.tick();
    await loop.tick();
    await eventually(() => allIn('in_review', 1));
    await loop.stop(0);
    expect(bench.asked.classify).toEqual([id]);
  });

  it('a step whose lease cannot be renewed stops before the lease ends', async () => {
    const [id] = await bench.receive(1);
    let stoppedAfterMs = 0;
    bench.fakes.classify = async ({ signal }) => {
      const startedMs = performance.now();
      await sleep(LEASE_MS * 5, undefined, { signal }).catch(() => undefined);
      stoppedAfterMs = performance.now() - startedMs;
      throw signal.reason;
    };
    const queue = {
      claimNext: (owner: string) => bench.emails.claimNext(owner),
      renew: () => Promise.reject(new Error('away')),
    };
    const loop = bench.loop({ queue });
    loop.start();
    await eventually(async () => (stoppedAfterMs > 0 ? true : null), LEASE_MS * 3);
    await loop.stop(0);
    expect(stoppedAfterMs).toBeLessThan(LEASE_MS + 500);
    expect(await stateOf(id!)).toBe('screened');
  });

  it('drains on stop: running work ends, nothing new begins', async () => {
    const ids = await bench.receive(6);
    const { classify } = bench.fakes;
    bench.fakes.classify = async (options) => {
      await sleep(300);
      return classify(options);
    };
    const loop = bench.loop({ concurrency: 2 });
    loop.start();
    await eventually(async () => (bench.asked.classify.length === 2 ? true : null));
    await loop.stop(5_000);
    expect(loop.inFlight).toBe(0);
    expect(await allIn('in_review', 2)).toBe(true);
    expect(await allIn('received', ids.length - 2)).toBe(true);
    await loop.tick();
    expect(bench.asked.classify).toHaveLength(2);
  });

  it('gives back what does not end in time, so that the next worker can go on', async () => {
    const [id] = await bench.receive(1);
    bench.fakes.classify = async ({ signal }) => {
      await sleep(60_000, undefined, { signal }).catch(() => undefined);
      throw signal.reason;
    };
    const loop = bench.loop();
    loop.start();
    await eventually(async () => (bench.asked.classify.length === 1 ? true : null));
    const startedMs = performance.now();
    await loop.stop(200);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    const email = await bench.email(id!);
    expect(email).toMatchObject({ state: 'screened', owner: null });
    expect(email.runAt!.getTime()).toBeLessThan(Date.now() + LEASE_MS + 4_000);

    bench.reset();
    await bench.elapse(id!);
    await bench.workOnce();
    expect(await stateOf(id!)).toBe('in_review');
  });
});
