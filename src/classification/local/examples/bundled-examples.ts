import type { DEFAULT_CATEGORIES } from '../../classification.types.js';
import { accountExamples } from './account.examples.js';
import { billingExamples } from './billing.examples.js';
import { complaintExamples } from './complaint.examples.js';
import type { ExampleRow } from './example-row.js';
import { feedbackExamples } from './feedback.examples.js';
import { otherExamples } from './other.examples.js';
import { salesExamples } from './sales.examples.js';
import { spamExamples } from './spam.examples.js';
import { supportExamples } from './support.examples.js';

/** What the local engine knows before anybody has labelled a mail. */
export const BUNDLED_EXAMPLES: Readonly<Record<(typeof DEFAULT_CATEGORIES)[number], readonly ExampleRow[]>> = {
  billing: billingExamples,
  support: supportExamples,
  sales: salesExamples,
  complaint: complaintExamples,
  account: accountExamples,
  feedback: feedbackExamples,
  spam: spamExamples,
  other: otherExamples,
};
