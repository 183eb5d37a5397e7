import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../../common/clock.js';
import { AppError, errorMessage } from '../../common/errors.js';
import type {
  Classification,
  ClassifiableMail,
  ClassificationContext,
  ClassificationEngine,
} from '../classification.types.js';
import { Taxonomy } from '../taxonomy.js';
import { ExampleRepository, type ExampleFingerprint } from '../example.repository.js';
import { classifyLocally } from './classify-locally.js';
import { LanguageDetector } from '../../common/text/language-detector.js';
import type { LocalModel } from './local-model.js';
import { ModelTrainer } from './model-trainer.js';
import { bundledMails, bundledTerms, type TrainingItem } from './training-set.js';

/** Automatic retraining may keep one thread busy for at most this share of the time. */
const MAX_TRAINING_SHARE = 0.1;

/** What a training learned from: shown by the training API. */
export interface TrainedModelInfo {
  version: string;
  /** Mails that come with the product. */
  bundledExamples: number;
  /** Labels of the store, one per mail. */
  storedExamples: number;
  /** True when confidences are calibrated on labels by people. */
  isCalibrated: boolean;
  trainedAt: Date;
  durationMs: number;
}

/**
 * The built-in engine: no key, no network, deterministic. It learns from the bundled examples and the labels in the store,
 * at start and whenever labels change. Answers wait for the first training; later ones swap the model as a whole.
 */
@Injectable()
export class LocalEngine implements ClassificationEngine, OnApplicationBootstrap {
  readonly name = 'local';
  private model: LocalModel | null = null;
  private trainedModel: TrainedModelInfo | null = null;
  private training: Promise<TrainedModelInfo> | null = null;
  private learnedFrom: ExampleFingerprint | null = null;
  private nextAutomaticMs = 0;

  constructor(
    private readonly trainer: ModelTrainer,
    private readonly examples: ExampleRepository,
    private readonly taxonomy: Taxonomy,
    private readonly languages: LanguageDetector,
    private readonly clock: Clock,
    @InjectPinoLogger(LocalEngine.name) private readonly logger: PinoLogger,
  ) {}

  /** Begins to train without holding up the start: HTTP answers while this runs. */
  onApplicationBootstrap(): void {
    Promise.all([this.ready(), this.languages.load()]).catch((error: unknown) =>
      this.logger.error({ error: errorMessage(error) }, 'first training failed; the next tick tries again'),
    );
  }

  /** The model in use and what it learned from; null before the first training. */
  get info(): TrainedModelInfo | null {
    return this.trainedModel;
  }

  /** Resolves when the engine can answer; trains when it never did. */
  async ready(): Promise<LocalModel> {
    if (!this.model) await (this.training ?? this.begin());
    if (!this.model) throw new AppError('UNAVAILABLE', 'The local classifier is not trained yet.', { retryable: true });
    return this.model;
  }

  async classify(mail: ClassifiableMail, context: ClassificationContext): Promise<Classification> {
    context.signal.throwIfAborted();
    const model = await this.ready();
    const { confidence, ...answer } = classifyLocally(model, mail, context.categories);
    const language = await this.languages.detect(`${mail.subject}\n${mail.text}`);
    context.signal.throwIfAborted();
    return { ...answer, language, confidence, engine: 'local', model: model.version, promptVersion: null };
  }

  /** Trains on all labels there are now and swaps the model. A training under way is waited for first: it may be too old. */
  async retrain(): Promise<TrainedModelInfo> {
    await this.training?.catch(() => undefined);
    return this.training ?? this.begin();
  }

  /** Retrains when labels changed since the last training; one look at an index otherwise. Called on a tick by every process. */
  async retrainIfChanged(): Promise<void> {
    if (this.training || this.clock.monotonicMs() < this.nextAutomaticMs) return;
    if (this.model && this.learnedFrom && isSame(this.learnedFrom, await this.examples.fingerprint())) return;
    if (!this.training) await this.begin();
  }

  private begin(): Promise<TrainedModelInfo> {
    this.training = this.train().finally(() => (this.training = null));
    return this.training;
  }

  private async train(): Promise<TrainedModelInfo> {
    const startedMs = this.clock.monotonicMs();
    const stored = await this.storedItems();
    const bundled = bundledMails(this.taxonomy.categories);
    const model = await this.trainer.train([...bundled, ...bundledTerms(this.taxonomy.categories), ...stored]);
    const durationMs = Math.round(this.clock.monotonicMs() - startedMs);
    this.model = model;
    this.nextAutomaticMs = this.clock.monotonicMs() + durationMs / MAX_TRAINING_SHARE;
    this.trainedModel = {
      version: model.version,
      bundledExamples: bundled.length,
      storedExamples: stored.length,
      isCalibrated: model.temperature !== null,
      trainedAt: this.clock.now(),
      durationMs,
    };
    this.logger.info(this.trainedModel, 'local classifier trained');
    return this.trainedModel;
  }

  /** Labels of the store; none when it is away: the bundled examples must work without it, and the next tick sees to it. */
  private async storedItems(): Promise<TrainingItem[]> {
    try {
      // Asked before the list is read: a label that arrives in between leads to one training too many, not one too few.
      const fingerprint = await this.examples.fingerprint();
      const items = await this.examples.trainingItems(this.taxonomy.categories);
      this.learnedFrom = fingerprint;
      return items;
    } catch (error) {
      this.learnedFrom = null;
      if (this.model) throw error; // keep the better model
      this.logger.warn({ error: errorMessage(error) }, 'labels cannot be read; training on the bundled examples only');
      return [];
    }
  }
}

const isSame = (a: ExampleFingerprint, b: ExampleFingerprint): boolean =>
  a.count === b.count && a.newestMs === b.newestMs;
