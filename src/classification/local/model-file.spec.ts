import { AppError } from '../../common/errors.js';
import { trainLocalModel } from './local-model.js';
import { parseModel, serializeModel } from './model-file.js';
import type { TrainingItem } from './training-set.js';

const item = (text: string, category: string): TrainingItem => ({
  subject: '',
  text,
  category,
  sentiment: category === 'billing' ? 'negative' : 'neutral',
  priority: category === 'billing' ? 'high' : 'normal',
  weight: 1,
  isVerified: false,
});

const model = trainLocalModel([
  item('invoice wrong é 日本語', 'billing'),
  item('invoice missing', 'billing'),
  item('printer broken', 'support'),
  item('printer offline', 'support'),
]);

describe('serializeModel and parseModel', () => {
  it('bring back a model that answers exactly the same', () => {
    const copy = parseModel(serializeModel(model));

    expect(copy.version).toBe(model.version);
    expect(copy.temperature).toBeNull();
    for (const head of ['category', 'sentiment', 'priority'] as const) {
      expect(copy[head].labels).toEqual(model[head].labels);
      expect(copy[head].logits('my invoice 日本語')).toEqual(model[head].logits('my invoice 日本語'));
    }
  });

  it('read a model at any offset of a larger buffer', () => {
    const bytes = serializeModel(model);
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);

    expect(parseModel(shifted).category.logits('printer')).toEqual(model.category.logits('printer'));
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['is cut off', (bytes) => bytes.subarray(0, bytes.length - 1)],
    ['has something appended', (bytes) => Uint8Array.of(...bytes, 0)],
    ['is empty', () => new Uint8Array()],
    ['is no model', () => new Uint8Array(64).fill(65)],
    ['has a header that is no JSON', (bytes) => bytes.with(8, 0)],
    ['claims an absurd header', (bytes) => bytes.with(7, 255)],
  ])('refuse a file that %s', (_, damage) => {
    expect(() => parseModel(damage(serializeModel(model)))).toThrow(AppError);
  });
});
