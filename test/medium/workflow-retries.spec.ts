import { AppError } from '../../src/common/errors';
import { startWorkflowBench, type WorkflowBench } from '../support/workflow-bench';

const MAX_ATTEMPTS = 3;
const ASKED_MS = 30_000;

/** What happens when a step throws, on the real store. */
describe('failing steps', () => {
  let bench: WorkflowBench;

  beforeAll(async () => {
    bench = await startWorkflowBench({ WORKFLOW_MAX_ATTEMPTS: String(MAX_ATTEMPTS) });
  }, 60_000);
  beforeEach(() => bench.reset());
  afterEach(() => bench.app.store.connection.collection('emails').deleteMany({}));
  afterAll(() => bench?.stop());

  const modelIsAway = (retryAfterMs?: number): AppError =>
    new AppError('LLM_UNAVAILABLE', 'The model is away.', { retryable: true, retryAfterMs });

  it('a transient error is tried again after the time that was asked for, plus a random wait', async () => {
    const [id] = await bench.receive(1);
    bench.fakes.classify = () => Promise.reject(modelIsAway(ASKED_MS));
    const beforeMs = Date.now();
    await bench.workOnce();
    const email = await bench.email(id!);
    expect(email).toMatchObject({
      state: 'screened',
      attempts: 1,
      owner: null,
      lastError: { step: 'classify', code: 'LLM_UNAVAILABLE' },
    });
    const waitMs = email.runAt!.getTime() - beforeMs;
    expect(waitMs).toBeGreaterThanOrEqual(ASKED_MS);
    expect(waitMs).toBeLessThan(ASKED_MS + 4_000 + 2_000);
    expect(await bench.workOnce()).toBeNull(); // not due yet

    bench.reset();
    await bench.elapse(id!);
    await bench.workOnce();
    expect(await bench.email(id!)).toMatchObject({ state: 'in_review', attempts: 0, lastError: null });
    const [run, ...others] = await bench.runs(id!);
    expect(others).toEqual([]);
    expect(
      run!.steps.filter(({ name }) => name === 'classify').map(({ outcome, attempt }) => [outcome, attempt]),
    ).toEqual([
      ['retried', 1],
      ['ok', 2],
    ]);
  });

  it('the built-in engine is allowed after the last try of the model, at once', async () => {
    const [id] = await bench.receive(1);
    const { classify } = bench.fakes;
    const allowed: boolean[] = [];
    bench.fakes.classify = (options) => {
      allowed.push(options.allowFallback);
      return options.allowFallback ? classify(options) : Promise.reject(modelIsAway());
    };
    for (let n = 0; n < MAX_ATTEMPTS; n++) {
      await bench.workOnce();
      if (n < MAX_ATTEMPTS - 1) await bench.elapse(id!);
    }
    expect((await bench.email(id!)).runAt!.getTime()).toBeLessThanOrEqual(Date.now());
    await bench.workOnce();
    expect(allowed).toEqual([false, false, false, true]);
    expect((await bench.email(id!)).state).toBe('in_review');
  });

  it('model trouble that another try would not mend goes to the built-in engine without a wait', async () => {
    const [id] = await bench.receive(1);
    const { classify } = bench.fakes;
    bench.fakes.classify = (options) =>
      options.allowFallback ? classify(options) : Promise.reject(new AppError('LLM_QUOTA', 'No money.'));
    await bench.workOnce();
    expect(await bench.email(id!)).toMatchObject({ state: 'screened', attempts: MAX_ATTEMPTS });
    await bench.workOnce();
    expect((await bench.email(id!)).state).toBe('in_review');
    expect(bench.asked.classify).toHaveLength(2);
  });

  it('a deterministic error goes to quarantine at once, with its step and code', async () => {
    const [id] = await bench.receive(1);
    bench.fakes.parse = () => Promise.reject(new AppError('MAIL_LIMIT', 'Too many parts.'));
    await bench.workOnce();
    expect(await bench.email(id!)).toMatchObject({
      state: 'quarantined',
      stateReason: 'MAIL_LIMIT',
      runAt: null,
      lastError: { step: 'received', code: 'MAIL_LIMIT', message: 'Too many parts.' },
    });
    expect((await bench.runs(id!))[0]).toMatchObject({
      outcome: 'quarantined',
      steps: [{ name: 'parse', outcome: 'failed' }],
    });
  });

  it("a transient error that is not the model's ends in quarantine after the last try", async () => {
    const [id] = await bench.receive(1);
    bench.fakes.parse = () => Promise.reject(new AppError('UNAVAILABLE', 'No worker.', { retryable: true }));
    for (let n = 1; n <= MAX_ATTEMPTS; n++) {
      expect(await bench.email(id!)).toMatchObject({ state: 'received', attempts: n - 1 });
      await bench.elapse(id!);
      await bench.workOnce();
    }
    expect(await bench.email(id!)).toMatchObject({ state: 'quarantined', stateReason: 'UNAVAILABLE' });
    expect(bench.asked.parse).toHaveLength(MAX_ATTEMPTS);
  });

  it('a bug ends in quarantine, and the next mail is fine', async () => {
    const [broken] = await bench.receive(1);
    const { draft } = bench.fakes;
    bench.fakes.draft = (emailId) =>
      emailId === broken ? Promise.reject(new TypeError('undefined is no draft')) : draft(emailId);
    const [fine] = await bench.receive(1);
    await bench.workOnce();
    await bench.workOnce();
    expect(await bench.email(broken!)).toMatchObject({
      state: 'quarantined',
      lastError: { step: 'classified', code: 'INTERNAL' },
    });
    expect((await bench.email(fine!)).state).toBe('in_review');
  });

  it('the store being away while a draft is saved costs a try, not the mail', async () => {
    const [id] = await bench.receive(1);
    const { draft } = bench.fakes;
    const away = Object.assign(new Error('connection closed'), { name: 'MongoNetworkError' });
    bench.fakes.draft = () => Promise.reject(away);
    await bench.workOnce();
    expect(await bench.email(id!)).toMatchObject({ state: 'classified', attempts: 1, lastError: { code: 'INTERNAL' } });
    bench.fakes.draft = draft;
    await bench.elapse(id!);
    await bench.workOnce();
    expect((await bench.email(id!)).state).toBe('in_review');
    expect(bench.asked.classify).toHaveLength(1);
  });
});
