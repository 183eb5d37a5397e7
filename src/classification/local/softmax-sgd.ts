import { seededRandom, shuffle } from './random.js';
import type { SparseVector } from './tfidf.js';

export interface SgdOptions {
  epochs: number;
  /** Inverse strength of the L2 penalty, as scikit-learn's C. */
  c: number;
  /** First learning rate. */
  eta0: number;
  seed: number;
}

/**
 * Plain SGD with these comes close to scikit-learn's solvers; AdaGrad overweights rare n-grams and lost three to four points
 * on two public sets. test/eval/classification.eval.ts holds what they reach.
 */
export const DEFAULT_SGD: SgdOptions = { epochs: 15, c: 5, eta0: 1, seed: 7 };

/** The bias is not penalised, so it learns more slowly. */
const BIAS_RATE = 0.1;
/** A gradient smaller than this changes nothing that int8 weights could show. */
const NEGLIGIBLE_GRADIENT = 1e-4;
/** Below this the scale factor is folded into the weights, before dividing by it overflows. */
const MIN_SCALE = 1e-6;

export interface TrainingData {
  vectors: readonly SparseVector[];
  /** Class index of each vector. */
  labels: Int32Array;
  /** Sample weights; 1 is an ordinary example. */
  weights: Float32Array;
  classCount: number;
  featureCount: number;
}

/** Weights by feature, then class: `weights[feature * classCount + class]`. */
export interface LinearWeights {
  weights: Float32Array;
  bias: Float32Array;
}

/**
 * Multinomial logistic regression by stochastic gradient descent with the rate eta0 / (1 + lambda * eta0 * t). The L2
 * shrinkage of every step is exact but costs nothing: one scale factor stands for it (Bottou 2012, "Stochastic Gradient
 * Descent Tricks", section 5.1).
 */
export function trainSoftmax(data: TrainingData, options: SgdOptions = DEFAULT_SGD): LinearWeights {
  const { vectors, labels, classCount } = data;
  const weights = new Float32Array(data.featureCount * classCount);
  const bias = new Float32Array(classCount);
  const lambda = 1 / (options.c * vectors.length);
  const random = seededRandom(options.seed);
  const order = Int32Array.from(vectors.keys());
  const scores = new Float64Array(classCount);
  // Classes whose weights move in a step, and by how much: with many classes they are few.
  const active = new Int32Array(classCount);
  const factors = new Float64Array(classCount);
  let scale = 1;
  let step = 0;

  for (let epoch = 0; epoch < options.epochs; epoch++) {
    shuffle(order, random);
    for (const sample of order) {
      const vector = vectors[sample]!;
      const rate = options.eta0 / (1 + lambda * options.eta0 * step++);
      probabilities(weights, bias, scale, vector, scores);
      scale *= 1 - rate * lambda;
      const sampleRate = rate * data.weights[sample]!;
      let activeCount = 0;
      for (let k = 0; k < classCount; k++) {
        const gradient = scores[k]! - (k === labels[sample] ? 1 : 0);
        if (Math.abs(gradient) < NEGLIGIBLE_GRADIENT) continue;
        bias[k]! -= BIAS_RATE * sampleRate * gradient;
        active[activeCount] = k;
        factors[activeCount++] = (sampleRate * gradient) / scale;
      }
      subtract(weights, vector, classCount, active.subarray(0, activeCount), factors);
      if (scale < MIN_SCALE) {
        multiply(weights, scale);
        scale = 1;
      }
    }
  }
  multiply(weights, scale);
  return { weights, bias };
}

/** Fills `out` with softmax(scale * weights x + bias). */
function probabilities(
  weights: Float32Array,
  bias: Float32Array,
  scale: number,
  { indices, values }: SparseVector,
  out: Float64Array,
): void {
  const classCount = out.length;
  out.fill(0);
  for (let entry = 0; entry < indices.length; entry++) {
    const row = indices[entry]! * classCount;
    const value = values[entry]!;
    for (let k = 0; k < classCount; k++) out[k]! += weights[row + k]! * value;
  }
  let highest = -Infinity;
  for (let k = 0; k < classCount; k++) {
    out[k] = out[k]! * scale + bias[k]!;
    if (out[k]! > highest) highest = out[k]!;
  }
  let sum = 0;
  for (let k = 0; k < classCount; k++) sum += out[k] = Math.exp(out[k]! - highest);
  for (let k = 0; k < classCount; k++) out[k]! /= sum;
}

/** weights[feature, active[i]] -= factors[i] * value, for each non-zero feature. */
function subtract(
  weights: Float32Array,
  { indices, values }: SparseVector,
  classCount: number,
  active: Int32Array,
  factors: Float64Array,
): void {
  for (let entry = 0; entry < indices.length; entry++) {
    const row = indices[entry]! * classCount;
    const value = values[entry]!;
    for (let i = 0; i < active.length; i++) weights[row + active[i]!]! -= factors[i]! * value;
  }
}

function multiply(weights: Float32Array, factor: number): void {
  for (let position = 0; position < weights.length; position++) weights[position]! *= factor;
}
