import { type Priority, SENTIMENTS, type Sentiment } from '../../mail/message/email.types.js';
import { BUNDLED_EXAMPLES } from './examples/bundled-examples.js';
import { CATEGORY_TERMS } from './examples/category-terms.js';
import { SENTIMENT_TERMS } from './examples/sentiment-terms.js';

/** One labelled mail as the trainer sees it; a label that nobody gave is null. Plain data: it crosses to a worker thread. */
export interface TrainingItem {
  subject: string;
  text: string;
  category: string | null;
  sentiment: Sentiment | null;
  priority: Priority | null;
  /** How much it counts; a bundled example counts 1. */
  weight: number;
  /** A person of this installation gave the label: only such items say how often the model is right here. */
  isVerified: boolean;
}

/**
 * A term is less than a mail. Five-fold accuracy on the bundled mails is .71 without terms and .92 with this weight; read the
 * second as an upper estimate, as errors on these mails showed which terms were missing.
 */
const TERM_WEIGHT = 0.5;

/** The text a classifier reads of a mail. */
export const classifiedText = (mail: { subject: string; text: string }): string => `${mail.subject}\n${mail.text}`;

/** The bundled mails of the categories that are in use. */
export function bundledMails(categories: readonly string[]): TrainingItem[] {
  return Object.entries(BUNDLED_EXAMPLES)
    .filter(([category]) => categories.includes(category))
    .flatMap(([category, rows]) =>
      rows.map(([, sentiment, priority, subject, text]) => ({
        subject,
        text,
        category,
        sentiment,
        priority,
        weight: 1,
        isVerified: false,
      })),
    );
}

const termItem = (text: string, category: string | null, sentiment: Sentiment | null): TrainingItem => ({
  subject: '',
  text,
  category,
  sentiment,
  priority: null,
  weight: TERM_WEIGHT,
  isVerified: false,
});

/** The bundled words that say category or tone by themselves. */
export function bundledTerms(categories: readonly string[]): TrainingItem[] {
  const byCategory = Object.entries(CATEGORY_TERMS)
    .filter(([category]) => categories.includes(category))
    .flatMap(([category, terms]) => terms.split('\n').map((term) => termItem(term, category, null)));
  const bySentiment = SENTIMENTS.filter((sentiment) => sentiment !== 'neutral').flatMap((sentiment) =>
    SENTIMENT_TERMS[sentiment].split('\n').map((term) => termItem(term, null, sentiment)),
  );
  return [...byCategory, ...bySentiment];
}
