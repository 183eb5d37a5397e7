import { type TrainingData, trainSoftmax } from './softmax-sgd.js';
import type { SparseVector } from './tfidf.js';

const vector = (...indices: number[]): SparseVector => ({
  indices: Int32Array.from(indices),
  values: Float32Array.from(indices, () => 1),
});

/** The class that the weights prefer for a vector. */
function predict({ weights, bias }: ReturnType<typeof trainSoftmax>, { indices, values }: SparseVector): number {
  const scores = [...bias];
  indices.forEach((index, entry) => {
    scores.forEach((_, k) => (scores[k]! += weights[index * bias.length + k]! * values[entry]!));
  });
  return scores.indexOf(Math.max(...scores));
}

// XOR of two inputs with their product as third feature: what word pairs are for.
const xor: TrainingData = {
  vectors: [vector(), vector(0), vector(1), vector(0, 1, 2)],
  labels: Int32Array.of(0, 1, 1, 0),
  weights: Float32Array.of(1, 1, 1, 1),
  classCount: 2,
  featureCount: 3,
};

describe('trainSoftmax', () => {
  it('learns XOR from the inputs and their conjunction', () => {
    const model = trainSoftmax(xor, { epochs: 500, c: 100, eta0: 1, seed: 1 });

    expect(xor.vectors.map((one) => predict(model, one))).toEqual([0, 1, 1, 0]);
  });

  it('gives the same weights for the same seed and others for another', () => {
    const train = (seed: number) => trainSoftmax(xor, { epochs: 3, c: 5, eta0: 1, seed }).weights;

    expect(train(7)).toEqual(train(7));
    expect(train(7)).not.toEqual(train(8));
  });

  it('shrinks weights more the smaller C is', () => {
    const size = (c: number) =>
      trainSoftmax(xor, { epochs: 200, c, eta0: 1, seed: 1 }).weights.reduce((sum, weight) => sum + weight * weight, 0);

    expect(size(0.1)).toBeLessThan(size(100) / 4);
  });

  it('follows the heavier of two examples that contradict each other', () => {
    const data: TrainingData = {
      vectors: [vector(0), vector(0)],
      labels: Int32Array.of(0, 1),
      weights: Float32Array.of(1, 5),
      classCount: 2,
      featureCount: 1,
    };

    expect(predict(trainSoftmax(data), vector(0))).toBe(1);
  });
});
