import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../common/errors.js';
import { type LocalModel, trainLocalModel } from './local-model.js';
import { parseModel } from './model-file.js';
import type { TrainingItem } from './training-set.js';

/** Where the training runs. */
export abstract class ModelTrainer {
  /** @throws AppError UNAVAILABLE (retryable) when training failed */
  abstract train(items: readonly TrainingItem[]): Promise<LocalModel>;
}

/** Trains in the calling thread: a few hundred examples take a moment. For tests and scripts. */
export class InlineTrainer extends ModelTrainer {
  async train(items: readonly TrainingItem[]): Promise<LocalModel> {
    return trainLocalModel(items);
  }
}

/** Trains in a thread of its own, so that HTTP and mail are not held up however many labels there are. */
export class ThreadTrainer extends ModelTrainer {
  constructor(
    private readonly workerFile: string,
    private readonly execArgv: string[] = [],
  ) {
    super();
  }

  train(items: readonly TrainingItem[]): Promise<LocalModel> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(this.workerFile, { workerData: items, execArgv: this.execArgv });
      const fail = (cause: unknown): void =>
        reject(new AppError('UNAVAILABLE', 'Training the local classifier failed.', { retryable: true, cause }));
      worker.once('message', (bytes: Uint8Array) => {
        try {
          resolve(parseModel(bytes));
        } catch (error) {
          fail(error);
        }
      });
      worker.once('error', fail);
      // After a message this comes too late to matter; without one the promise must not stay open.
      worker.once('exit', (code) => fail(`the training thread ended with code ${code}`));
      // A process that is told to stop does not wait for a training that nobody will use.
      worker.unref();
    });
  }
}

/** A thread where the compiled worker file exists; inline where the sources run uncompiled (Jest). */
export function defaultTrainer(): ModelTrainer {
  const compiled = join(__dirname, 'train.worker.js');
  return existsSync(compiled) ? new ThreadTrainer(compiled) : new InlineTrainer();
}
