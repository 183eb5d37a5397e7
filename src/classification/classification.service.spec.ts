import type { PinoLogger } from 'nestjs-pino';
import { AppError, type ErrorCode } from '../common/errors.js';
import type { AppConfig } from '../config/app-config.js';
import { ClassificationService } from './classification.service.js';
import type { Classification } from './classification.types.js';
import type { LocalEngine } from './local/local.engine.js';
import type { OpenAiEngine } from './openai/openai.engine.js';
import { Taxonomy } from './taxonomy.js';

const MAIL = { subject: 'Hi', text: 'Where is my invoice?', attachmentNames: [] };

function aService({ hasModelProvider = true, failure }: { hasModelProvider?: boolean; failure?: unknown }) {
  const config = { hasModelProvider, env: { CATEGORIES: ['warranty'] } } as unknown as AppConfig;
  const by = (engine: string) => ({ engine, category: 'billing' }) as Classification;
  const openai = { classify: jest.fn(async () => (failure ? Promise.reject(failure as Error) : by('openai'))) };
  const local = { classify: jest.fn(async () => by('local')) };
  const service = new ClassificationService(
    config,
    new Taxonomy(config),
    openai as unknown as OpenAiEngine,
    local as unknown as LocalEngine,
    { warn: jest.fn() } as unknown as PinoLogger,
  );
  const classify = (allowFallback: boolean, signal = new AbortController().signal) =>
    service.classify(MAIL, { emailId: 'e', mailboxId: 'm', allowFallback, signal });
  return { classify, openai, local };
}

const failed = (code: ErrorCode, retryable: boolean): AppError => new AppError(code, 'no', { retryable });

describe('ClassificationService', () => {
  it('asks the provider first, with all categories', async () => {
    const { classify, openai, local } = aService({});

    expect((await classify(false)).engine).toBe('openai');
    expect(openai.classify).toHaveBeenCalledWith(
      MAIL,
      expect.objectContaining({ categories: expect.arrayContaining(['billing', 'warranty']) }),
    );
    expect(local.classify).not.toHaveBeenCalled();
  });

  it('asks nobody else without a provider', async () => {
    const { classify, openai } = aService({ hasModelProvider: false });

    expect((await classify(false)).engine).toBe('local');
    expect(openai.classify).not.toHaveBeenCalled();
  });

  it.each<[ErrorCode, boolean, boolean, 'local' | 'thrown']>([
    ['LLM_BAD_OUTPUT', false, false, 'local'],
    ['LLM_REFUSED', false, false, 'local'],
    ['LLM_QUOTA', false, false, 'local'],
    ['LLM_BUDGET', false, false, 'local'],
    ['LLM_CONTEXT_TOO_LONG', false, false, 'local'],
    ['LLM_UNAVAILABLE', false, false, 'local'], // the circuit is open
    ['LLM_UNAVAILABLE', true, false, 'thrown'],
    ['LLM_UNAVAILABLE', true, true, 'local'],
    ['LLM_RATE_LIMITED', true, false, 'thrown'],
    ['LLM_RATE_LIMITED', true, true, 'local'],
    ['LLM_TIMEOUT', true, false, 'thrown'],
    ['UNAVAILABLE', true, true, 'thrown'], // our store, not the provider
    ['INTERNAL', false, true, 'thrown'],
  ])('on %s (retryable %p, fallback allowed %p): %s', async (code, retryable, allowFallback, outcome) => {
    const failure = failed(code, retryable);
    const { classify } = aService({ failure });

    const answer = classify(allowFallback);

    if (outcome === 'thrown') await expect(answer).rejects.toBe(failure);
    else expect((await answer).engine).toBe('local');
  });

  it('does not begin anew after an abort', async () => {
    const failure = failed('LLM_TIMEOUT', true);
    const { classify, local } = aService({ failure });

    await expect(classify(true, AbortSignal.abort())).rejects.toBe(failure);
    expect(local.classify).not.toHaveBeenCalled();
  });

  it('lets a bug show', async () => {
    const bug = new TypeError('x is not a function');
    const { classify } = aService({ failure: bug });

    await expect(classify(true)).rejects.toBe(bug);
  });
});
