import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { LlmModule } from '../llm/llm.module.js';
import { ClassificationController } from './classification.controller.js';
import { ClassificationJobs } from './classification.jobs.js';
import { ClassificationService } from './classification.service.js';
import { ExampleRepository } from './example.repository.js';
import { EXAMPLE_MODEL, exampleSchema } from './example.schema.js';
import { LocalEngine } from './local/local.engine.js';
import { defaultTrainer, ModelTrainer } from './local/model-trainer.js';
import { OpenAiEngine } from './openai/openai.engine.js';
import { Taxonomy } from './taxonomy.js';

@Module({
  imports: [LlmModule, MongooseModule.forFeature([{ name: EXAMPLE_MODEL, schema: exampleSchema }])],
  controllers: [ClassificationController],
  providers: [
    Taxonomy,
    { provide: ModelTrainer, useFactory: defaultTrainer },
    ExampleRepository,
    LocalEngine,
    OpenAiEngine,
    ClassificationService,
    ClassificationJobs,
  ],
  exports: [ClassificationService, ExampleRepository, LocalEngine, Taxonomy],
})
export class ClassificationModule {}
