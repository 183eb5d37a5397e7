import type { Connection, Model, Schema } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { Clock } from '../../src/common/clock';
import { AppConfig } from '../../src/config/app-config';
import { envSchema } from '../../src/config/env.schema';
import { ChatModelFactory } from '../../src/llm/chat-model.factory';
import { LedgeredCall } from '../../src/llm/ledgered-call';
import { LlmBudget } from '../../src/llm/llm-budget';
import { LlmCallRepository } from '../../src/llm/llm-call.repository';
import { LLM_CALL_MODEL, llmCallSchema } from '../../src/llm/llm-call.schema';
import { LlmGateRepository } from '../../src/llm/llm-gate.repository';
import { LLM_GATE_MODEL, llmGateSchema } from '../../src/llm/llm-gate.schema';
import { LlmSpendRepository } from '../../src/llm/llm-spend.repository';
import { LLM_SPEND_MODEL, llmSpendSchema } from '../../src/llm/llm-spend.schema';
import { ModelClient } from '../../src/llm/model-client';
import { ProviderGate } from '../../src/llm/provider-gate';
import { StructuredCall } from '../../src/llm/structured-call';

export const silentLogger = (): PinoLogger => new PinoLogger({ pinoHttp: { level: 'silent' } });

/** Configuration from the given variables alone; nothing of this machine's environment. */
export function testConfig(env: Record<string, string> = {}): AppConfig {
  const secrets = { jwtSecret: 'a-secret-of-tests-that-is-long-enough', credentialsKey: 'unused' };
  return new AppConfig(envSchema.parse(env), secrets, '/nonexistent', true, false);
}

/** The parts of llm/ wired by hand over a store, as one replica has them. */
export interface LlmParts {
  config: AppConfig;
  call: StructuredCall;
  gate: ProviderGate;
  ledger: LlmCallRepository;
  spend: LlmSpendRepository;
}

/** One more replica on the same store. */
export async function llmParts(connection: Connection, env: Record<string, string>): Promise<LlmParts> {
  const config = testConfig({ OPENAI_API_KEY: 'test-key', ...env });
  const clock = new Clock();
  const logger = silentLogger();
  const calls = modelOf(connection, LLM_CALL_MODEL, llmCallSchema);
  const gates = modelOf(connection, LLM_GATE_MODEL, llmGateSchema);
  const spends = modelOf(connection, LLM_SPEND_MODEL, llmSpendSchema);
  await calls.createIndexes();

  const models = new ChatModelFactory(config);
  const ledger = new LlmCallRepository(calls, clock);
  const spend = new LlmSpendRepository(spends);
  const budget = new LlmBudget(config, spend, clock, logger);
  const gate = new ProviderGate(config, models, new LlmGateRepository(gates), clock, logger);
  const client = new ModelClient(config, models, clock);
  const call = new StructuredCall(models, new LedgeredCall(ledger, budget, gate, client, clock, logger));
  return { config, call, gate, ledger, spend };
}

/** The model of a schema on this connection, made with the first use. */
export const modelOf = <T>(connection: Connection, name: string, schema: Schema<T>): Model<T> =>
  (connection.models[name] as Model<T> | undefined) ?? connection.model<T>(name, schema);
