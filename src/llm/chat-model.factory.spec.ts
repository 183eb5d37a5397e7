import { AppConfig } from '../config/app-config.js';
import { envSchema } from '../config/env.schema.js';
import { ChatModelFactory } from './chat-model.factory.js';

const factory = (env: Record<string, string>): ChatModelFactory =>
  new ChatModelFactory(
    new AppConfig(envSchema.parse(env), { jwtSecret: '', credentialsKey: '' }, '/nowhere', true, false),
  );

describe('ChatModelFactory', () => {
  it('names the provider for metrics and ledger', () => {
    expect(factory({}).provider).toBe('openai');
    expect(factory({ OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1' }).provider).toBe('127.0.0.1:11434');
  });

  it('asks once and without a temperature of its own', () => {
    const model = factory({ OPENAI_API_KEY: 'k', OPENAI_MODEL: 'gpt-6-luna' }).create(fetch);
    expect(model.temperature).toBeUndefined();
    expect((model as unknown as { caller: { maxRetries: number } }).caller.maxRetries).toBe(0);
  });

  it('works with a server that wants no key', () => {
    expect(() => factory({ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }).create(fetch)).not.toThrow();
  });

  it.each(['{', '[1]', '"x"'])('refuses OPENAI_MODEL_PARAMS %p and names the variable', (params) => {
    expect(() => factory({ OPENAI_MODEL_PARAMS: params })).toThrow(/OPENAI_MODEL_PARAMS/);
  });

  it('refuses a base URL that is none', () => {
    expect(() => factory({ OPENAI_BASE_URL: 'localhost' })).toThrow(/OPENAI_BASE_URL/);
  });
});
