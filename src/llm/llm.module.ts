import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { ChatModelFactory } from './chat-model.factory.js';
import { LedgeredCall } from './ledgered-call.js';
import { LlmBudget } from './llm-budget.js';
import { LlmCallRepository } from './llm-call.repository.js';
import { LLM_CALL_MODEL, llmCallSchema } from './llm-call.schema.js';
import { LlmGateRepository } from './llm-gate.repository.js';
import { LLM_GATE_MODEL, llmGateSchema } from './llm-gate.schema.js';
import { LlmSpendRepository } from './llm-spend.repository.js';
import { LLM_SPEND_MODEL, llmSpendSchema } from './llm-spend.schema.js';
import { ModelClient } from './model-client.js';
import { ProviderGate } from './provider-gate.js';
import { StructuredCall } from './structured-call.js';

/** Paid model calls. Others ask through StructuredCall, look at ProviderGate, and erase through the repository. */
@Module({
  imports: [
    MongooseModule.forFeature([
      { name: LLM_CALL_MODEL, schema: llmCallSchema },
      { name: LLM_GATE_MODEL, schema: llmGateSchema },
      { name: LLM_SPEND_MODEL, schema: llmSpendSchema },
    ]),
  ],
  providers: [
    ChatModelFactory,
    ModelClient,
    LlmCallRepository,
    LlmSpendRepository,
    LlmGateRepository,
    LlmBudget,
    ProviderGate,
    LedgeredCall,
    StructuredCall,
  ],
  exports: [StructuredCall, ProviderGate, LlmCallRepository],
})
export class LlmModule {}
