import { AppError } from '../../common/errors.js';
import { PRIORITIES, SENTIMENTS } from '../../mail/message/email.types.js';
import type { ClassifiableMail, ClassificationAnswer } from '../classification.types.js';
import { MAX_SUMMARY_LENGTH, shorten, summarize } from '../local/summary.js';

const MAX_REASON_LENGTH = 500;
const LANGUAGE_CODE = /^[a-z]{2}$/;
// Control, zero-width, direction and tag characters: a summary is shown to people and must say what it seems to say.
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

const plainLine = (text: string, maxLength: number): string =>
  shorten(text.replace(INVISIBLE, ' ').replace(/\s+/g, ' ').trim(), maxLength);

const hasWords = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);
const oneOf = (allowed: readonly string[], value: string): boolean => allowed.includes(value);

/** `EN`, `en-GB` and `en_US` mean `en`; anything that is no code is null. */
function languageCode(language: string | null): string | null {
  const code = language?.trim().toLowerCase().split(/[-_]/)[0] ?? '';
  return LANGUAGE_CODE.test(code) ? code : null;
}

/**
 * Believes nothing: what the schema demanded is checked again here, where no library and no provider can get it wrong, and
 * texts become one plain line each.
 * @throws AppError LLM_BAD_OUTPUT (not retryable: the call repaired once already) on an unknown label, or an empty
 *   summary of a mail that has words
 */
export function checkAnswer(
  answer: ClassificationAnswer,
  mail: ClassifiableMail,
  categories: readonly string[],
): ClassificationAnswer {
  if (!oneOf(categories, answer.category)) throw badOutput('a category that does not exist');
  if (!oneOf(PRIORITIES, answer.priority)) throw badOutput('a priority that does not exist');
  if (!oneOf(SENTIMENTS, answer.sentiment)) throw badOutput('a sentiment that does not exist');
  const summary = plainLine(answer.summary, MAX_SUMMARY_LENGTH);
  if (!hasWords(summary) && hasWords(mail.subject + mail.text)) throw badOutput('a summary without words');
  return {
    category: answer.category,
    priority: answer.priority,
    sentiment: answer.sentiment,
    summary: hasWords(summary) ? summary : summarize(mail),
    reason: plainLine(answer.reason, MAX_REASON_LENGTH),
    language: languageCode(answer.language),
  };
}

const badOutput = (what: string): AppError => new AppError('LLM_BAD_OUTPUT', `The model answered with ${what}.`);
