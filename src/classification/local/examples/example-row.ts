import type { Priority, Sentiment } from '../../../mail/message/email.types.js';

/** Language (ISO 639-1), sentiment, priority, subject, text: one bundled training mail, written for this project. */
export type ExampleRow = readonly [
  language: 'en' | 'de' | 'fr' | 'es',
  sentiment: Sentiment,
  priority: Priority,
  subject: string,
  text: string,
];
