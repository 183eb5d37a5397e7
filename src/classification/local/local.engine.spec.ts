import type { PinoLogger } from 'nestjs-pino';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import type { AppConfig } from '../../config/app-config.js';
import type { ExampleFingerprint, ExampleRepository } from '../example.repository.js';
import { Taxonomy } from '../taxonomy.js';
import { LanguageDetector } from '../../common/text/language-detector.js';
import { LocalEngine } from './local.engine.js';
import { InlineTrainer, ModelTrainer } from './model-trainer.js';
import type { TrainingItem } from './training-set.js';

/** The labels of the store, in memory; `isAway` makes it fail as a store does that cannot be reached. */
class FakeExamples {
  items: TrainingItem[] = [];
  changes = 0;
  isAway = false;

  add(text: string, category: string): void {
    this.items.push({ subject: '', text, category, sentiment: null, priority: null, weight: 3, isVerified: true });
    this.changes++;
  }

  async fingerprint(): Promise<ExampleFingerprint> {
    if (this.isAway) throw new AppError('UNAVAILABLE', 'the store is away', { retryable: true });
    return { count: this.items.length, newestMs: this.changes };
  }

  async trainingItems(): Promise<TrainingItem[]> {
    return [...this.items];
  }
}

class CountingTrainer extends InlineTrainer {
  trainings = 0;

  override async train(items: readonly TrainingItem[]) {
    this.trainings++;
    await new Promise((resolve) => setImmediate(resolve)); // as a thread does: later
    // A third of the bundled mails is enough here, and thrice as fast.
    return super.train(items.filter((item, index) => item.isVerified || index % 3 === 0));
  }
}

/** Monotonic time that only moves when told to. */
class FakeClock extends Clock {
  ms = 0;
  override monotonicMs(): number {
    return this.ms;
  }
}

function anEngine(trainer: ModelTrainer = new CountingTrainer()) {
  const examples = new FakeExamples();
  const clock = new FakeClock();
  const logger = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  const taxonomy = new Taxonomy({ env: { CATEGORIES: [] as string[] } } as unknown as AppConfig);
  const engine = new LocalEngine(
    trainer,
    examples as unknown as ExampleRepository,
    taxonomy,
    new LanguageDetector(),
    clock,
    logger as unknown as PinoLogger,
  );
  const classify = (text: string, signal: AbortSignal = new AbortController().signal) =>
    engine.classify(
      { subject: '', text, attachmentNames: [] },
      { emailId: 'e', mailboxId: 'm', categories: taxonomy.categories, signal },
    );
  return { engine, examples, clock, logger, trainer: trainer as CountingTrainer, classify };
}

describe('LocalEngine', () => {
  it('waits with its answers for the first training, which happens once', async () => {
    const { engine, trainer, classify } = anEngine();
    engine.onApplicationBootstrap();
    expect(engine.info).toBeNull();

    const answers = await Promise.all([classify('My invoice is wrong'), classify('I forgot my password')]);

    expect(answers.map(({ category }) => category)).toEqual(['billing', 'account']);
    expect(answers[0]).toMatchObject({ engine: 'local', model: engine.info?.version, promptVersion: null });
    expect(trainer.trainings).toBe(1);
  });

  it('learns a label on the next tick, and nothing when there is none', async () => {
    const { engine, examples, trainer, classify } = anEngine();
    await engine.ready();
    const before = await classify('The flux capacitor is empty');
    await engine.retrainIfChanged();
    expect(trainer.trainings).toBe(1);

    examples.add('The flux capacitor is empty', 'sales');
    await engine.retrainIfChanged();

    expect(before.category).not.toBe('sales');
    expect((await classify('The flux capacitor is empty')).category).toBe('sales');
    expect(engine.info).toMatchObject({ storedExamples: 1, isCalibrated: false });
  });

  it('sees a label that was saved while it trained', async () => {
    const { engine, examples, classify } = anEngine();
    await engine.ready();
    examples.add('The flux capacitor is empty', 'sales');
    const ticking = engine.retrainIfChanged();
    await new Promise((resolve) => setImmediate(resolve));
    examples.add('My gizmo whistles', 'feedback');
    await ticking;
    await engine.retrainIfChanged();

    expect((await classify('My gizmo whistles')).category).toBe('feedback');
  });

  it('retrains on demand with the labels of that moment, also while a training is under way', async () => {
    const { engine, examples, trainer } = anEngine();
    const first = engine.ready();
    await new Promise((resolve) => setImmediate(resolve));
    examples.add('The flux capacitor is empty', 'sales');

    const [one, two] = await Promise.all([engine.retrain(), engine.retrain()]);
    await first;

    expect(one.storedExamples).toBe(1);
    expect(two).toBe(one);
    expect(trainer.trainings).toBe(2);
  });

  it('keeps automatic training to a tenth of the time', async () => {
    const clockDriven = new (class extends CountingTrainer {
      override async train(items: readonly TrainingItem[]) {
        made.clock.ms += 500;
        return super.train(items);
      }
    })();
    const made = anEngine(clockDriven);
    await made.engine.ready();
    made.examples.add('The flux capacitor is empty', 'sales');

    made.clock.ms += 4_999;
    await made.engine.retrainIfChanged();
    expect(clockDriven.trainings).toBe(1);
    made.clock.ms += 1;
    await made.engine.retrainIfChanged();
    expect(clockDriven.trainings).toBe(2);
  });

  it('works from the bundled examples while the store is away, and takes in the labels when it is back', async () => {
    const { engine, examples, classify, logger } = anEngine();
    examples.add('The flux capacitor is empty', 'sales');
    examples.isAway = true;

    expect((await classify('My invoice is wrong')).category).toBe('billing');
    expect(logger.warn).toHaveBeenCalledTimes(1);
    await expect(engine.retrainIfChanged()).rejects.toThrow('the store is away');
    examples.isAway = false;
    await engine.retrainIfChanged();

    expect(engine.info?.storedExamples).toBe(1);
  });

  it('tries again after a training that failed, and keeps the model it has', async () => {
    let isBroken = true;
    const moody = new (class extends CountingTrainer {
      override async train(items: readonly TrainingItem[]) {
        if (isBroken) throw new AppError('UNAVAILABLE', 'no memory', { retryable: true });
        return super.train(items);
      }
    })();
    const { engine, classify, logger } = anEngine(moody);
    engine.onApplicationBootstrap();
    await expect(classify('My invoice is wrong')).rejects.toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    await new Promise((resolve) => setImmediate(resolve));
    expect(logger.error).toHaveBeenCalledTimes(1);

    isBroken = false;
    expect((await classify('My invoice is wrong')).category).toBe('billing');
    const version = engine.info?.version;
    isBroken = true;
    await expect(engine.retrain()).rejects.toThrow('no memory');

    expect((await classify('My invoice is wrong')).model).toBe(version);
  });

  it('stops at the signal', async () => {
    const { classify } = anEngine();
    const reason = new AppError('LEASE_LOST', 'gone');

    await expect(classify('My invoice is wrong', AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
