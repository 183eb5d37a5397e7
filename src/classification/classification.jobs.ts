import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { errorMessage } from '../common/errors.js';
import { LocalEngine } from './local/local.engine.js';

const LOOK_EVERY_MS = 10_000;

/** Keeps the local engine of this process up to date; runs in every process, as each has a model of its own. */
@Injectable()
export class ClassificationJobs {
  constructor(
    private readonly engine: LocalEngine,
    @InjectPinoLogger(ClassificationJobs.name) private readonly logger: PinoLogger,
  ) {}

  /** Overlapping ticks do nothing: a training under way is not joined by a second one. */
  @Interval('classification.retrain', LOOK_EVERY_MS)
  async retrainIfChanged(): Promise<void> {
    try {
      await this.engine.retrainIfChanged();
    } catch (error) {
      this.logger.warn({ error: errorMessage(error) }, 'retraining failed; the model in use stays');
    }
  }
}
