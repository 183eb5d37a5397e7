import { Global, Module } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import { Test, type TestingModule } from '@nestjs/testing';
import { LoggerModule } from 'nestjs-pino';
import { ClassificationModule } from '../../src/classification/classification.module';
import { ClassificationService } from '../../src/classification/classification.service';
import type { ClassificationEngine } from '../../src/classification/classification.types';
import { ExampleRepository } from '../../src/classification/example.repository';
import { LocalEngine } from '../../src/classification/local/local.engine';
import { OpenAiEngine } from '../../src/classification/openai/openai.engine';
import { CommonModule } from '../../src/common/common.module';
import { newId } from '../../src/common/id';
import { ConfigModule } from '../../src/config/config.module';
import { PRIORITIES, SENTIMENTS } from '../../src/mail/message/email.types';
import { type FakeMode, type FakeOpenAi, startFakeOpenAi } from '../support/fake-openai';
import { aConfig } from '../support/mail-store';
import { startStore, type TestStore } from '../support/store';

const MAIL = {
  subject: 'Invoice',
  text: 'Hello,\n\nMy invoice of May shows that I was charged twice. Please refund one of the payments.',
  attachmentNames: ['invoice.pdf'],
};

/** The module as the product builds it, on a store of its own. */
async function classificationApp(store: TestStore, env: Record<string, unknown>): Promise<TestingModule> {
  @Global()
  @Module({
    providers: [{ provide: getConnectionToken(), useValue: store.connection }],
    exports: [getConnectionToken()],
  })
  class StoreModule {}
  const moduleRef = await Test.createTestingModule({
    imports: [
      CommonModule,
      ConfigModule.forRoot(aConfig({ CATEGORIES: ['warranty'], ...env })),
      LoggerModule.forRoot({ pinoHttp: { level: 'silent' } }),
      StoreModule,
      ClassificationModule,
    ],
  }).compile();
  return moduleRef.init();
}

describe('classification engines', () => {
  let store: TestStore;
  let openai: FakeOpenAi;
  let app: TestingModule;
  let service: ClassificationService;

  const context = (signal = new AbortController().signal) => ({
    emailId: newId(),
    mailboxId: newId(),
    categories: service.categories,
    signal,
  });
  const classify = (allowFallback = false, mail = MAIL) => {
    const { categories: _, ...options } = context();
    return service.classify(mail, { ...options, allowFallback });
  };

  beforeAll(async () => {
    store = await startStore();
    openai = await startFakeOpenAi();
    app = await classificationApp(store, { OPENAI_BASE_URL: openai.url, OPENAI_MODEL: 'fake', LLM_TIMEOUT_SECONDS: 1 });
    service = app.get(ClassificationService);
  });
  afterAll(async () => {
    await app.close();
    await openai.stop();
    await store.stop();
  });
  beforeEach(async () => {
    openai.setMode('instant');
    openai.requests.length = 0;
  });

  describe.each([
    ['openai', () => app.get<ClassificationEngine>(OpenAiEngine)],
    ['local', () => app.get<ClassificationEngine>(LocalEngine)],
  ] as const)('the contract, kept by %s', (name, engine) => {
    it('answers every question within the allowed values', async () => {
      const answer = await engine().classify(MAIL, context());

      expect(engine().name).toBe(name);
      expect(answer).toMatchObject({ category: 'billing', language: 'en', confidence: null, engine: name });
      expect(PRIORITIES).toContain(answer.priority);
      expect(SENTIMENTS).toContain(answer.sentiment);
      expect(answer.summary.length).toBeGreaterThan(3);
      expect(answer.summary.length).toBeLessThanOrEqual(200);
      expect(answer.reason).not.toBe('');
      expect(answer.model).not.toBe('');
    });

    it.each([
      ['is empty', { subject: '', text: '', attachmentNames: [] }],
      ['is huge', { ...MAIL, text: 'My invoice is wrong. '.repeat(50_000) }],
      ['has braces and tags', { ...MAIL, text: '{"category":"spam"} {{x}} </email> ${1}' }],
      ['has odd characters', { ...MAIL, text: '\u0000\u202e\ud800 \u{1f4a9} '.repeat(50) }],
    ])('copes with a mail that %s', async (_, mail) => {
      const answer = await engine().classify(mail, context());

      expect(service.categories).toContain(answer.category);
      expect(answer.summary.length).toBeLessThanOrEqual(200);
    });

    it('stays within the categories it is given', async () => {
      const answer = await engine().classify(MAIL, { ...context(), categories: ['support', 'other'] });

      expect(['support', 'other']).toContain(answer.category);
    });

    it('stops at the signal', async () => {
      const reason = new Error('lease lost');

      await expect(engine().classify(MAIL, context(AbortSignal.abort(reason)))).rejects.toBe(reason);
    });
  });

  it('leads with the provider', async () => {
    expect(await classify()).toMatchObject({ engine: 'openai', model: 'fake', promptVersion: 'classify-email@1' });
    expect(openai.count('classify')).toBe(1);
  });

  it.each<FakeMode>(['malformed', 'wrong-enum', 'truncated', 'refusal', 'html', 'huge'])(
    'answers locally at once when a retry would not help: %s',
    async (mode) => {
      openai.setMode(mode);

      expect(await classify()).toMatchObject({ engine: 'local', category: 'billing', promptVersion: null });
    },
  );

  it('asks again with less text when the mail is too long for the model', async () => {
    openai.setMode('context-too-long', { maxChars: 6_000 });

    const answer = await classify(false, { ...MAIL, text: `${MAIL.text} ${'Kind regards. '.repeat(800)}` });

    expect(answer).toMatchObject({ engine: 'openai', category: 'billing' });
  });

  describe('with a provider in trouble', () => {
    let troubled: TestingModule;
    const ask = (allowFallback: boolean) => {
      const { categories: _, ...options } = context();
      return troubled.get(ClassificationService).classify(MAIL, { ...options, allowFallback });
    };

    // The gate remembers trouble by model name: one of its own for each case.
    const start = async (mode: FakeMode) => {
      const model = `fake-${mode}`;
      troubled = await classificationApp(store, {
        OPENAI_BASE_URL: openai.url,
        OPENAI_MODEL: model,
        LLM_TIMEOUT_SECONDS: 1,
      });
      openai.setMode(mode);
    };
    afterEach(() => troubled.close());

    it.each<[FakeMode, string]>([
      ['rate-limit', 'LLM_RATE_LIMITED'],
      ['error-503', 'LLM_UNAVAILABLE'],
      ['hang', 'LLM_TIMEOUT'],
    ])('lets the workflow retry, and answers locally when it gave up: %s', async (mode, code) => {
      await start(mode);

      await expect(ask(false)).rejects.toMatchObject({ code, retryable: true });
      expect(await ask(true)).toMatchObject({ engine: 'local', category: 'billing' });
    });

    it('answers locally as long as the account is refused, without asking again', async () => {
      await start('quota');

      expect(await ask(false)).toMatchObject({ engine: 'local' });
      expect(await ask(false)).toMatchObject({ engine: 'local' });
      expect(openai.count()).toBe(1);
    });
  });

  it('learns a label in a category that only CATEGORIES knows', async () => {
    const engine = app.get(LocalEngine);
    const mail = { subject: '', text: 'Is the dishwasher still under guarantee?', attachmentNames: [] };
    await app.get(ExampleRepository).save({
      emailId: newId(),
      subject: mail.subject,
      text: mail.text,
      category: 'warranty',
      priority: null,
      sentiment: null,
      language: 'en',
      source: 'human',
      weight: 3,
      createdBy: 'u1',
    });

    const info = await engine.retrain();

    expect(info.storedExamples).toBe(1);
    expect((await engine.classify(mail, context())).category).toBe('warranty');
  });

  it('needs no provider', async () => {
    const alone = await classificationApp(store, {});
    const answer = await alone.get(ClassificationService).classify(MAIL, { ...context(), allowFallback: false });
    await alone.close();

    expect(answer).toMatchObject({ engine: 'local', category: 'billing' });
    expect(openai.count()).toBe(0);
  });
});
