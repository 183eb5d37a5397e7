import { createHash } from 'node:crypto';
import { fitTemperature, outOfFoldLogits } from './calibration.js';
import { type LabelledText, type TextClassifier, trainTextClassifier } from './text-classifier.js';
import { classifiedText, type TrainingItem } from './training-set.js';

/** Goes up with every change of features, training or rules: the same examples then give another model. */
const METHOD_VERSION = 'local-1';

/** Labels by people below which a confidence would be a guess about a guess; also the least sample of a threshold. */
export const MIN_CALIBRATION_LABELS = 50;
const CALIBRATION_FOLDS = 4;

/** The trained classifiers of one mail's questions. Immutable; swapped as a whole. */
export interface LocalModel {
  /** Method and a digest of the examples: the same on every replica that learned from the same labels. */
  version: string;
  category: TextClassifier;
  sentiment: TextClassifier;
  priority: TextClassifier;
  /** Makes softmax of the category logits a probability; null while too few labels by people exist to check it. */
  temperature: number | null;
}

function labelled(items: readonly TrainingItem[], label: (item: TrainingItem) => string | null): LabelledText[] {
  return items.flatMap((item) => {
    const value = label(item);
    return value === null ? [] : [{ text: classifiedText(item), label: value, weight: item.weight }];
  });
}

/**
 * Calibration looks at mails that people labelled here and at nothing else: the bundled examples are easier than real mail,
 * and a temperature fitted on them would promise too much.
 */
function calibrate(items: readonly TrainingItem[]): number | null {
  const categoryOf = (item: TrainingItem): string | null => item.category;
  const verified = labelled(
    items.filter((item) => item.isVerified),
    categoryOf,
  );
  if (verified.length < MIN_CALIBRATION_LABELS) return null;
  const rest = labelled(
    items.filter((item) => !item.isVerified),
    categoryOf,
  );
  return fitTemperature(outOfFoldLogits(verified, rest, CALIBRATION_FOLDS));
}

/** Trains all heads. Pure and synchronous: a second per few thousand mails, so call it through a ModelTrainer. */
export function trainLocalModel(items: readonly TrainingItem[]): LocalModel {
  const digest = createHash('sha256').update(JSON.stringify(items)).digest('hex').slice(0, 8);
  return {
    version: `${METHOD_VERSION}+${digest}`,
    category: trainTextClassifier(labelled(items, (item) => item.category)),
    sentiment: trainTextClassifier(labelled(items, (item) => item.sentiment)),
    priority: trainTextClassifier(labelled(items, (item) => item.priority)),
    temperature: calibrate(items),
  };
}
