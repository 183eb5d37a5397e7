import { ChatPromptTemplate } from '@langchain/core/prompts';
import { z } from 'zod';
import { AppError } from '../../src/common/errors';
import { armFailpoints } from '../../src/common/failpoint';
import { newId } from '../../src/common/id';
import { llmCallsRepeated } from '../../src/common/metrics';
import { LLM_GATE_MODEL } from '../../src/llm/llm-gate.schema';
import type { StructuredPrompt } from '../../src/llm/structured-prompt';
import { type FakeMode, type FakeOpenAi, startFakeOpenAi } from '../support/fake-openai';
import { type LlmParts, llmParts } from '../support/llm-parts';
import { startStore, type TestStore } from '../support/store';

interface SortInput {
  text: string;
}
const sortSchema = z.object({ summary: z.string(), category: z.enum(['billing', 'support', 'other']) });
const sortMail: StructuredPrompt<SortInput, z.infer<typeof sortSchema>> = {
  id: 'sort-mail',
  version: '1',
  operation: 'sort',
  template: ChatPromptTemplate.fromMessages([
    ['system', 'Sort the mail. {notice}'],
    ['human', '{text}'],
  ]),
  schema: sortSchema,
  variables: (input, untrusted) => ({
    notice: untrusted.notice,
    text: untrusted.wrap('email', input.text, { maxChars: 10_000 }),
  }),
};

const INVOICE = 'The invoice of May is {wrong}. Please correct it.';

describe('StructuredCall against an OpenAI-compatible server', () => {
  let store: TestStore;
  let openai: FakeOpenAi;
  let parts: LlmParts;

  const replica = (env: Record<string, string> = {}): Promise<LlmParts> =>
    llmParts(store.connection, { OPENAI_BASE_URL: openai.url, OPENAI_MODEL: 'fake', LLM_TIMEOUT_SECONDS: '1', ...env });

  const run = (emailId = newId(), text = INVOICE, on = parts, signal = new AbortController().signal) =>
    on.call.run({ prompt: sortMail, input: { text }, emailId, signal });

  const callsOf = async (emailId: string): Promise<number> =>
    (await parts.ledger.lookUp({ emailId, requestKey: '' })).made;

  const failure = async (promise: Promise<unknown>): Promise<AppError> => {
    const error = await promise.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof AppError)) throw new Error(`expected an AppError, got ${String(error)}`);
    return error;
  };

  beforeAll(async () => {
    store = await startStore();
    openai = await startFakeOpenAi({ apiKey: 'test-key' });
  });
  afterAll(async () => {
    await openai.stop();
    await store.stop();
  });
  beforeEach(async () => {
    armFailpoints('');
    openai.setMode('instant');
    openai.requests.length = 0;
    await store.connection.collection('llm_gate').deleteMany({});
    parts = await replica();
  });

  it('returns the checked value with model, prompt version and usage', async () => {
    const result = await run();
    expect(result).toMatchObject({
      value: { category: 'billing', summary: 'The invoice of May is {wrong}.' },
      model: 'fake',
      promptVersion: 'sort-mail@1',
      reused: false,
      usage: { estimated: false },
    });
    expect(result.usage.inputTokens).toBeGreaterThan(50);
    const [request] = openai.requests;
    expect(request?.body.response_format).toMatchObject({
      type: 'json_schema',
      json_schema: {
        name: 'sort',
        strict: true,
        schema: { additionalProperties: false, required: ['summary', 'category'] },
      },
    });
  });

  it('merges OPENAI_MODEL_PARAMS into the request', async () => {
    const tuned = await replica({ OPENAI_MODEL_PARAMS: '{"temperature":0,"reasoning_effort":"low"}' });
    await run(newId(), INVOICE, tuned);
    expect(openai.requests[0]?.body).toMatchObject({ temperature: 0, reasoning_effort: 'low' });
  });

  // Each fault of a provider ends in the way of the fault table (reliability, rows 34 to 37), with this many requests.
  const faults: [FakeMode, Partial<AppError>, number][] = [
    ['rate-limit', { code: 'LLM_RATE_LIMITED', retryable: true, retryAfterMs: 2_000 }, 1],
    ['quota', { code: 'LLM_QUOTA', retryable: false }, 1],
    ['error-500', { code: 'LLM_UNAVAILABLE', retryable: true }, 1],
    ['error-503', { code: 'LLM_UNAVAILABLE', retryable: true }, 1],
    ['reset', { code: 'LLM_UNAVAILABLE', retryable: true }, 1],
    ['hang', { code: 'LLM_TIMEOUT', retryable: true }, 1],
    ['drip', { code: 'LLM_TIMEOUT', retryable: true }, 1],
    ['context-too-long', { code: 'LLM_CONTEXT_TOO_LONG', retryable: false }, 1],
    ['refusal', { code: 'LLM_REFUSED', retryable: false }, 1],
    ['malformed', { code: 'LLM_BAD_OUTPUT', retryable: false }, 2],
    ['wrong-enum', { code: 'LLM_BAD_OUTPUT', retryable: false }, 2],
    ['truncated', { code: 'LLM_BAD_OUTPUT', retryable: false }, 2],
    ['huge', { code: 'LLM_BAD_OUTPUT', retryable: false }, 2],
    ['html', { code: 'LLM_BAD_OUTPUT', retryable: false }, 2],
  ];
  it.each(faults)('%s ends as %o after %i requests', async (mode, expected, requests) => {
    openai.setMode(mode, { maxChars: 100 });
    expect(await failure(run())).toMatchObject(expected);
    expect(openai.count()).toBe(requests);
  });

  it('is refused for good by a wrong key', async () => {
    const stranger = await replica({ OPENAI_API_KEY: 'wrong' });
    expect(await failure(run(newId(), INVOICE, stranger))).toMatchObject({ code: 'LLM_QUOTA', retryable: false });
  });

  it('cannot reach a server that is not there', async () => {
    const gone = await startFakeOpenAi();
    await gone.stop();
    const lost = await replica({ OPENAI_BASE_URL: gone.url });
    const emailId = newId();
    expect(await failure(run(emailId, INVOICE, lost))).toMatchObject({ code: 'LLM_UNAVAILABLE', retryable: true });
    expect(await callsOf(emailId)).toBe(0);
  });

  it.each<FakeMode>(['malformed', 'wrong-enum', 'truncated', 'html'])(
    'repairs %s once and counts both calls',
    async (mode) => {
      openai.setMode([mode, 'instant']);
      const emailId = newId();
      const result = await run(emailId);
      expect(result.value.category).toBe('billing');
      expect(openai.count()).toBe(2);
      expect(await callsOf(emailId)).toBe(2);
    },
  );

  it('falls back to JSON mode on a server without schemas, and remembers it', async () => {
    openai.setMode('no-json-schema');
    const emailId = newId();
    expect((await run(emailId)).value.category).toBe('billing');
    expect(openai.requests.map((request) => request.body.response_format?.type)).toEqual([
      'json_schema',
      'json_object',
    ]);
    expect(await callsOf(emailId)).toBe(1);
    await run();
    expect(openai.requests.at(-1)?.body.response_format?.type).toBe('json_object');
    expect(openai.count()).toBe(3);
  });

  it('tries a shorter input once when the text is too long', async () => {
    openai.setMode('context-too-long', { maxChars: 3_000 });
    const result = await parts.call.run({
      prompt: sortMail,
      input: { text: 'invoice '.repeat(1_000) },
      emailId: newId(),
      signal: new AbortController().signal,
      shorten: ({ text }) => ({ text: text.slice(0, 500) }),
    });
    expect(result.value.category).toBe('billing');
    expect(openai.count()).toBe(2);
  });

  it('ends at once with the reason of its signal', async () => {
    openai.setMode('hang');
    const abort = new AbortController();
    const lost = new AppError('LEASE_LOST', 'gone');
    setTimeout(() => abort.abort(lost), 50);
    const startedMs = performance.now();
    expect(await failure(run(newId(), INVOICE, parts, abort.signal))).toBe(lost);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  describe('ledger', () => {
    const repeated = async (): Promise<number> => (await llmCallsRepeated.get()).values[0]?.value ?? 0;

    it('reuses a stored answer: no second call, on any replica', async () => {
      const emailId = newId();
      const first = await run(emailId);
      const second = await run(emailId, INVOICE, await replica());
      expect(second).toMatchObject({ value: first.value, usage: first.usage, reused: true });
      expect(openai.count()).toBe(1);
    });

    it('asks anew for another mail, text or prompt version', async () => {
      const emailId = newId();
      await run(emailId);
      await run(newId());
      await run(emailId, 'Another text.');
      const { call } = parts;
      const signal = new AbortController().signal;
      await call.run({ prompt: { ...sortMail, version: '2' }, input: { text: INVOICE }, emailId, signal });
      expect(openai.count()).toBe(4);
    });

    // calls <= steps + crashes, and the metric tells each repeated one.
    it.each([
      ['llm.before_call', 1, 1],
      ['llm.after_call', 2, 1],
      ['llm.after_ledger', 1, 0],
    ])('after a crash at %s makes %i calls, %i of them counted as repeated', async (point, calls, repeats) => {
      const emailId = newId();
      const before = await repeated();
      armFailpoints(`${point}=throw`);
      expect(await failure(run(emailId))).toMatchObject({ code: 'INTERNAL' });
      armFailpoints('');
      expect((await run(emailId)).value.category).toBe('billing');
      expect(openai.count()).toBe(calls);
      expect((await repeated()) - before).toBe(repeats);
      await run(emailId);
      expect(openai.count()).toBe(calls);
    });

    it('keeps a bad answer too: a replay pays neither for it nor for its repair', async () => {
      openai.setMode('malformed');
      const emailId = newId();
      await failure(run(emailId));
      expect(await failure(run(emailId))).toMatchObject({ code: 'LLM_BAD_OUTPUT' });
      expect(openai.count()).toBe(2);
    });

    it('does not count what was not charged, and asks again after a failure', async () => {
      const emailId = newId();
      const before = await repeated();
      openai.setMode(['error-503', 'error-500', 'instant']);
      await failure(run(emailId));
      await failure(run(emailId));
      expect(await callsOf(emailId)).toBe(0);
      await run(emailId);
      expect(await callsOf(emailId)).toBe(1);
      expect(await repeated()).toBe(before);
    });

    it('counts a timeout, which may have been charged', async () => {
      openai.setMode('hang');
      const emailId = newId();
      await failure(run(emailId));
      expect(await callsOf(emailId)).toBe(1);
    });

    it('stops at LLM_MAX_CALLS_PER_EMAIL', async () => {
      const capped = await replica({ LLM_MAX_CALLS_PER_EMAIL: '2' });
      const emailId = newId();
      await run(emailId, 'one', capped);
      await run(emailId, 'two', capped);
      expect(await failure(run(emailId, 'three', capped))).toMatchObject({ code: 'LLM_BUDGET', retryable: false });
      expect((await run(emailId, 'two', capped)).reused).toBe(true);
      await run(newId(), 'three', capped);
      expect(openai.count()).toBe(3);
    });

    it('stops when the budget of the day is spent, and says what it cost', async () => {
      const poor = await replica({ LLM_DAILY_BUDGET_USD: '0.001', LLM_PRICE_INPUT: '10', LLM_PRICE_OUTPUT: '20' });
      const { usage } = await run(newId(), INVOICE, poor);
      expect(usage.costUsd).toBeCloseTo((usage.inputTokens * 10 + usage.outputTokens * 20) / 1e6, 10);
      expect(usage.costUsd).toBeGreaterThan(0.001);
      expect(await failure(run(newId(), INVOICE, poor))).toMatchObject({ code: 'LLM_BUDGET' });
      expect(openai.count()).toBe(1);
      await store.connection.collection('llm_spend').deleteMany({});
    });

    it('forgets a mail that is erased', async () => {
      const emailId = newId();
      await run(emailId);
      expect(await parts.ledger.deleteForEmail(emailId)).toBe(1);
      expect((await run(emailId)).reused).toBe(false);
    });
  });

  describe('gate', () => {
    afterEach(() => {
      jest.useRealTimers();
    });

    /** Moves the wall clock alone: timers and sockets stay real. */
    const moveClock = (ms: number): void => {
      const now = Date.now() + ms;
      jest.useFakeTimers({
        now,
        doNotFake: ['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'],
      }); // prettier-ignore
    };

    it('a 429 pauses every replica until Retry-After', async () => {
      const other = await replica();
      openai.setMode(['rate-limit', 'instant'], { retryAfter: '20' });
      expect(await failure(run())).toMatchObject({ retryAfterMs: 20_000 });
      expect(parts.gate.isOpen()).toBe(true);
      const refused = await failure(run(newId(), INVOICE, other));
      expect(refused).toMatchObject({ code: 'LLM_RATE_LIMITED', retryable: true });
      expect(refused.retryAfterMs).toBeGreaterThan(15_000);
      expect(openai.count()).toBe(1);
      moveClock(20_500);
      expect(parts.gate.isOpen()).toBe(false);
      expect((await run(newId(), INVOICE, other)).value.category).toBe('billing');
    });

    it('a refused account blocks all replicas, one probes, and success opens for all', async () => {
      const other = await replica();
      openai.setMode('quota');
      const burst = await Promise.all([1, 2, 3].map(() => failure(run())));
      expect(burst.map((error) => error.code)).toEqual(['LLM_QUOTA', 'LLM_QUOTA', 'LLM_QUOTA']);
      const gate = await store.connection.models[LLM_GATE_MODEL]!.findOne().lean<{ strikes: number }>();
      expect(gate?.strikes).toBe(1); // a burst is one refusal
      const asked = openai.count();
      expect(await failure(run(newId(), INVOICE, other))).toMatchObject({ code: 'LLM_QUOTA', retryable: false });
      expect(openai.count()).toBe(asked); // no hammering

      moveClock(31_000);
      openai.setMode('slow', { ms: 500 });
      expect(other.gate.isOpen()).toBe(false);
      const results = await Promise.allSettled([run(), run(newId(), INVOICE, other), run()]);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(openai.count()).toBe(asked + 1);
      openai.setMode('instant');
      const third = await replica();
      expect((await run(newId(), INVOICE, third)).value.category).toBe('billing');
    });

    it('opens after ten failures, holds for 30 s, lets one probe through, and closes on success', async () => {
      openai.setMode('error-503');
      for (let call = 0; call < 10; call++) expect(await failure(run())).toMatchObject({ code: 'LLM_UNAVAILABLE' });
      expect(openai.count()).toBe(10);
      expect(parts.gate.isOpen()).toBe(true);
      const held = await failure(run());
      expect(held).toMatchObject({ code: 'LLM_UNAVAILABLE', retryable: true });
      expect(held.retryAfterMs).toBeGreaterThan(25_000);
      expect(openai.count()).toBe(10);

      moveClock(30_500);
      expect(parts.gate.isOpen()).toBe(false);
      await failure(run()); // the probe fails: twice as long
      expect(openai.count()).toBe(11);
      moveClock(45_000);
      expect(parts.gate.isOpen()).toBe(true);
      moveClock(16_000);
      openai.setMode('slow', { ms: 500 });
      const results = await Promise.allSettled([run(), run()]);
      const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
      expect(refused).toEqual([expect.objectContaining({ code: 'LLM_UNAVAILABLE', retryable: true })]);
      expect(openai.count()).toBe(12);
      expect((await run()).value.category).toBe('billing');
    });

    it('bad answers do not open it', async () => {
      openai.setMode('malformed');
      for (let call = 0; call < 10; call++) await failure(run());
      expect(parts.gate.isOpen()).toBe(false);
    });

    it('keeps LLM_CONCURRENCY', async () => {
      const narrow = await replica({ LLM_CONCURRENCY: '2' });
      openai.setMode('slow', { ms: 100 });
      const startedMs = performance.now();
      await Promise.all([1, 2, 3, 4, 5].map(() => run(newId(), INVOICE, narrow)));
      expect(performance.now() - startedMs).toBeGreaterThan(290);
    });
  });
});
