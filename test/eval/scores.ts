/** How often predictions are right, with the 95 % Wilson interval of that share and the macro-averaged F1. */
export interface Score {
  count: number;
  accuracy: number;
  interval: [number, number];
  macroF1: number;
}

const Z_95 = 1.959964;

/** Wilson score interval of k successes in n (Wilson 1927): keeps its coverage also for small n and shares near 0 or 1. */
export function wilson(k: number, n: number): [number, number] {
  const share = k / n;
  const z2 = Z_95 * Z_95;
  const centre = share + z2 / (2 * n);
  const halfWidth = Z_95 * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return [(centre - halfWidth) / (1 + z2 / n), (centre + halfWidth) / (1 + z2 / n)];
}

function f1(pairs: readonly { expected: string; predicted: string }[], label: string): number {
  const right = pairs.filter(({ expected, predicted }) => expected === label && predicted === label).length;
  const wrong = pairs.filter(({ expected, predicted }) => (expected === label) !== (predicted === label)).length;
  return right === 0 ? 0 : (2 * right) / (2 * right + wrong);
}

export function score(pairs: readonly { expected: string; predicted: string }[]): Score {
  const right = pairs.filter(({ expected, predicted }) => expected === predicted).length;
  const labels = [...new Set(pairs.map(({ expected }) => expected))];
  return {
    count: pairs.length,
    accuracy: right / pairs.length,
    interval: wilson(right, pairs.length),
    macroF1: labels.reduce((sum, label) => sum + f1(pairs, label), 0) / labels.length,
  };
}

/** `0.918 [0.908, 0.927]  F1 0.918  (3080)` */
export const formatScore = ({ accuracy, interval, macroF1, count }: Score): string =>
  `${accuracy.toFixed(3)} [${interval.map((bound) => bound.toFixed(3)).join(', ')}]  F1 ${macroF1.toFixed(3)}  (${count})`;
