import type { ClassifiableMail, ClassificationAnswer } from '../classification.types.js';
import { SENTIMENTS, type Sentiment } from '../../mail/message/email.types.js';
import { softmax } from './calibration.js';
import type { LocalModel } from './local-model.js';
import { isPriority, priorityOf, type PriorityInput } from './priority.js';
import { summarize } from './summary.js';
import type { TextClassifier } from './text-classifier.js';
import { classifiedText } from './training-set.js';

export interface LocalAnswer extends Omit<ClassificationAnswer, 'language'> {
  /** Calibrated probability of the category; null when the model is not calibrated or knows no word of the mail. */
  confidence: number | null;
}

/** Words shown as the reason. */
const EVIDENCE_LIMIT = 3;
/** Where a mail goes that says nothing. */
const CATEGORY_WITHOUT_TEXT = 'other';

interface Best {
  label: string;
  probability: number;
}

/** The most likely of the allowed labels; null when the text has no known feature or no label is allowed. */
function best(
  model: TextClassifier,
  text: string,
  isAllowed: (label: string) => boolean,
  temperature = 1,
): Best | null {
  const logits = model.logits(text);
  if (!logits) return null;
  const probabilities = softmax(logits, temperature);
  return model.labels
    .map((label, index) => ({ label, probability: probabilities[index]! }))
    .filter(({ label }) => isAllowed(label))
    .reduce<Best | null>((winner, one) => (winner && winner.probability >= one.probability ? winner : one), null);
}

const isSentiment = (label: string): label is Sentiment => (SENTIMENTS as readonly string[]).includes(label);

function priorityVote(model: LocalModel, text: string): PriorityInput['vote'] {
  const vote = best(model.priority, text, isPriority);
  return vote && isPriority(vote.label) ? { priority: vote.label, probability: vote.probability } : null;
}

/** Category, tone, priority, summary and reason of a mail, by the given model. Deterministic, below a millisecond. */
export function classifyLocally(model: LocalModel, mail: ClassifiableMail, categories: readonly string[]): LocalAnswer {
  const text = classifiedText(mail);
  const isWordless = !/\p{L}/u.test(text);
  const found = isWordless
    ? null
    : best(model.category, text, (label) => categories.includes(label), model.temperature ?? 1);
  const category = found?.label ?? fallbackCategory(categories);
  const tone = best(model.sentiment, text, isSentiment)?.label ?? 'neutral';
  const sentiment = isSentiment(tone) ? tone : 'neutral';
  const { priority, cues } = priorityOf({
    subject: mail.subject,
    text: mail.text,
    category,
    sentiment,
    vote: priorityVote(model, text),
  });
  const words = found ? model.category.evidence(text, category, EVIDENCE_LIMIT) : [];
  return {
    category,
    priority,
    sentiment,
    summary: summarize(mail),
    reason: reasonText(found !== null, words, cues),
    confidence: found && model.temperature !== null ? found.probability : null,
  };
}

const fallbackCategory = (categories: readonly string[]): string =>
  categories.includes(CATEGORY_WITHOUT_TEXT) ? CATEGORY_WITHOUT_TEXT : categories.at(-1)!;

function reasonText(isKnown: boolean, words: readonly string[], cues: readonly string[]): string {
  const category = !isKnown
    ? 'No word of it occurs in known mails.'
    : words.length > 0
      ? `Words that known mails of this category have: ${words.join(', ')}.`
      : 'Closest to known mails of this category by its wording as a whole.';
  return cues.length > 0 ? `${category} Urgency cues: ${cues.join(', ').replaceAll('_', ' ')}.` : category;
}
