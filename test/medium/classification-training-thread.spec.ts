import { join } from 'node:path';
import { InlineTrainer, ThreadTrainer } from '../../src/classification/local/model-trainer';
import type { TrainingItem } from '../../src/classification/local/training-set';

const WORKER = join(__dirname, '../../src/classification/local/train.worker.ts');
// The product runs the compiled worker; here the same source is compiled on the fly.
const RUN_TYPESCRIPT = ['-r', join(__dirname, '../eval/register-ts.cjs')];

const items: TrainingItem[] = ['invoice wrong', 'invoice missing', 'printer broken', 'printer offline'].map(
  (text, index) => ({
    subject: '',
    text,
    category: index < 2 ? 'billing' : 'support',
    sentiment: index % 2 ? 'neutral' : 'negative',
    priority: index % 2 ? 'normal' : 'high',
    weight: 1,
    isVerified: true,
  }),
);

describe('ThreadTrainer', () => {
  it('trains the same model as the calling thread would', async () => {
    const inThread = await new ThreadTrainer(WORKER, RUN_TYPESCRIPT).train(items);
    const inline = await new InlineTrainer().train(items);

    expect(inThread.version).toBe(inline.version);
    expect(inThread.category.logits('my invoice')).toEqual(inline.category.logits('my invoice'));
  });

  it('leaves the calling thread free meanwhile', async () => {
    const many = Array.from({ length: 200 }, (_, index) => ({
      ...items[index % 4]!,
      text: `${items[index % 4]!.text} ${'some more words of a longer mail '.repeat(20)}${index}`,
    }));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 10);

    await new ThreadTrainer(WORKER, RUN_TYPESCRIPT).train(many);
    clearInterval(timer);

    expect(ticks).toBeGreaterThan(5);
  });

  it.each([
    ['a worker file that does not exist', join(__dirname, 'no-such-worker.js'), []],
    ['a worker that ends without a model', join(__dirname, '../support/jest-env.js'), []],
  ])('fails for another try with %s', async (_, file, execArgv) => {
    await expect(new ThreadTrainer(file, execArgv).train(items)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: true,
    });
  });
});
