import { type ClassifierOptions, type LabelledText, trainTextClassifier } from './text-classifier.js';

/** Logits of one text that its model was not trained on, with the index of the right label. */
export interface HeldOut {
  logits: Float64Array;
  label: number;
}

/** Probabilities of logits at a temperature (1 = unchanged; higher = less sure). */
export function softmax(logits: ArrayLike<number>, temperature = 1): Float64Array {
  const scaled = Float64Array.from(logits, (logit) => logit / temperature);
  const highest = scaled.reduce((a, b) => Math.max(a, b), -Infinity);
  const exponentials = scaled.map((value) => Math.exp(value - highest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
}

/** Logit of a label that a fold's model never saw: practically impossible, but finite. */
const UNSEEN_LABEL_LOGIT = -20;

/**
 * Trains `folds` models, each without every n-th of `examples`, and returns what they say about those. `always` is in
 * every training set. Examples without a known feature are left out.
 */
export function outOfFoldLogits(
  examples: readonly LabelledText[],
  always: readonly LabelledText[],
  folds: number,
  options: ClassifierOptions = {},
): HeldOut[] {
  const labels = [...new Set([...always, ...examples].map((example) => example.label))].sort();
  const heldOut: HeldOut[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const model = trainTextClassifier([...always, ...examples.filter((_, index) => index % folds !== fold)], options);
    examples.forEach((example, index) => {
      if (index % folds !== fold) return;
      const known = model.logits(example.text);
      if (!known) return;
      const logits = Float64Array.from(labels, (label) => known[model.labels.indexOf(label)] ?? UNSEEN_LABEL_LOGIT);
      heldOut.push({ logits, label: labels.indexOf(example.label) });
    });
  }
  return heldOut;
}

const MIN_LOG_TEMPERATURE = Math.log(0.05);
const MAX_LOG_TEMPERATURE = Math.log(10);
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;
const SEARCH_STEPS = 40;

/**
 * The temperature under which held-out logits are most likely (Guo et al. 2017, arXiv:1706.04599): golden-section search on
 * its logarithm, as the likelihood has one maximum in it.
 */
export function fitTemperature(heldOut: readonly HeldOut[]): number {
  const loss = (logTemperature: number): number => negativeLogLikelihood(heldOut, Math.exp(logTemperature));
  let low = MIN_LOG_TEMPERATURE;
  let high = MAX_LOG_TEMPERATURE;
  let left = high - GOLDEN_RATIO * (high - low);
  let right = low + GOLDEN_RATIO * (high - low);
  let lossLeft = loss(left);
  let lossRight = loss(right);
  for (let step = 0; step < SEARCH_STEPS; step++) {
    if (lossLeft < lossRight) {
      [high, right, lossRight] = [right, left, lossLeft];
      left = high - GOLDEN_RATIO * (high - low);
      lossLeft = loss(left);
    } else {
      [low, left, lossLeft] = [left, right, lossRight];
      right = low + GOLDEN_RATIO * (high - low);
      lossRight = loss(right);
    }
  }
  return Math.exp((low + high) / 2);
}

/** Mean of -ln p(right label). */
export function negativeLogLikelihood(heldOut: readonly HeldOut[], temperature: number): number {
  const total = heldOut.reduce((sum, { logits, label }) => {
    return sum - Math.log(Math.max(softmax(logits, temperature)[label]!, 1e-12));
  }, 0);
  return total / heldOut.length;
}

/**
 * Expected calibration error: mean distance of confidence and accuracy over `bins` equal-width bins (Naeini et al. 2015).
 * 0 is perfect.
 */
export function expectedCalibrationError(
  predictions: readonly { confidence: number; isRight: boolean }[],
  bins = 15,
): number {
  const sums = Array.from({ length: bins }, () => ({ confidence: 0, right: 0 }));
  for (const { confidence, isRight } of predictions) {
    const bin = sums[Math.min(bins - 1, Math.floor(confidence * bins))]!;
    bin.confidence += confidence;
    bin.right += isRight ? 1 : 0;
  }
  return sums.reduce((sum, bin) => sum + Math.abs(bin.confidence - bin.right), 0) / predictions.length;
}
