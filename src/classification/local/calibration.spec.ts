import {
  expectedCalibrationError,
  fitTemperature,
  type HeldOut,
  negativeLogLikelihood,
  outOfFoldLogits,
  softmax,
} from './calibration.js';
import { seededRandom } from './random.js';

/** Held-out logits of a model that is `overconfidence` times too sure: labels are drawn from the honest probabilities. */
function simulated(overconfidence: number): HeldOut[] {
  const random = seededRandom(3);
  return Array.from({ length: 4000 }, () => {
    const honest = Float64Array.from({ length: 3 }, () => (random() - 0.5) * 6);
    const probabilities = softmax(honest);
    const draw = random();
    const label = draw < probabilities[0]! ? 0 : draw < probabilities[0]! + probabilities[1]! ? 1 : 2;
    return { logits: honest.map((logit) => logit * overconfidence), label };
  });
}

describe('softmax', () => {
  it('sums to 1 and does not overflow', () => {
    const probabilities = softmax([1000, 999, -1000]);

    expect(probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(probabilities[0]).toBeCloseTo(Math.E / (1 + Math.E), 6);
  });

  it('becomes flatter with the temperature', () => {
    expect(softmax([2, 0], 4)[0]).toBeLessThan(softmax([2, 0])[0]!);
  });
});

describe('fitTemperature', () => {
  it.each([0.5, 1, 3])('finds how many times too sure a model is: %p', (overconfidence) => {
    const temperature = fitTemperature(simulated(overconfidence));

    expect(temperature / overconfidence).toBeGreaterThan(0.93);
    expect(temperature / overconfidence).toBeLessThan(1.07);
  });

  it('brings the calibration error down', () => {
    const heldOut = simulated(3);
    const error = (temperature: number): number =>
      expectedCalibrationError(
        heldOut.map(({ logits, label }) => {
          const probabilities = softmax(logits, temperature);
          const confidence = Math.max(...probabilities);
          return { confidence, isRight: probabilities.indexOf(confidence) === label };
        }),
      );

    expect(error(1)).toBeGreaterThan(0.1);
    expect(error(fitTemperature(heldOut))).toBeLessThan(0.03);
  });
});

describe('expectedCalibrationError', () => {
  it('is the distance of confidence and accuracy', () => {
    const predictions = [true, true, true, false].map((isRight) => ({ confidence: 0.95, isRight }));

    expect(expectedCalibrationError(predictions)).toBeCloseTo(0.2, 10);
  });
});

describe('outOfFoldLogits', () => {
  const examples = Array.from({ length: 24 }, (_, index) =>
    index % 2
      ? { text: `printer broken ${index}`, label: 'support' }
      : { text: `invoice wrong ${index}`, label: 'billing' },
  );

  it('judges each example by a model that did not see it', () => {
    const heldOut = outOfFoldLogits(examples, [], 4);

    expect(heldOut).toHaveLength(24);
    expect(negativeLogLikelihood(heldOut, 1)).toBeLessThan(Math.LN2);
    const secret = [...examples, { text: 'zebra', label: 'billing' }]; // its only word is unknown to the other folds
    expect(outOfFoldLogits(secret, [], 4)).toHaveLength(24);
  });

  it('always trains on the fixed part', () => {
    const onlyBilling = examples.filter(({ label }) => label === 'billing');
    const support = examples.filter(({ label }) => label === 'support');

    const [first] = outOfFoldLogits([...onlyBilling.slice(0, 4)], support, 4);

    expect(first!.logits).toHaveLength(2);
    expect(first!.logits[first!.label]).toBeGreaterThan(first!.logits[1 - first!.label]!);
  });
});
