import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { StructuredCall } from '../../llm/structured-call.js';
import { truncateMiddle } from '../../llm/untrusted-content.js';
import type {
  ClassifiableMail,
  Classification,
  ClassificationContext,
  ClassificationEngine,
} from '../classification.types.js';
import { LanguageDetector } from '../../common/text/language-detector.js';
import { Taxonomy } from '../taxonomy.js';
import { checkAnswer } from './answer-check.js';
import { classifyEmailPrompt } from './classify-email.prompt.js';

/** What is left of a mail that is too long for the model: enough to tell what it is about. */
const SHORT_TEXT_CHARS = 2_000;

/** Classification by a model behind an OpenAI-compatible API. */
@Injectable()
export class OpenAiEngine implements ClassificationEngine {
  readonly name = 'openai';

  constructor(
    private readonly call: StructuredCall,
    private readonly taxonomy: Taxonomy,
    private readonly languages: LanguageDetector,
  ) {}

  /** @throws AppError LLM_*; LLM_BAD_OUTPUT also when the answer has the right shape but cannot be believed */
  async classify(mail: ClassifiableMail, context: ClassificationContext): Promise<Classification> {
    const { emailId, signal } = context;
    const categories = this.taxonomy.list.filter(({ name }) => context.categories.includes(name));
    if (categories.length === 0) throw new AppError('INVALID_INPUT', 'None of the allowed categories is known.');
    const { value, model, promptVersion } = await this.call.run({
      emailId,
      prompt: classifyEmailPrompt,
      input: { mail, categories },
      signal,
      shorten: (input) => ({
        ...input,
        mail: { ...input.mail, text: truncateMiddle(input.mail.text, SHORT_TEXT_CHARS) },
      }),
    });
    const answer = checkAnswer(value, mail, context.categories);
    return {
      ...answer,
      // The detector cannot be talked into anything; the model is asked for texts too short for it.
      language: (await this.languages.detect(`${mail.subject}\n${mail.text}`)) ?? answer.language,
      // A model's own number is not a probability: shown only once it is calibrated against reviews.
      confidence: null,
      engine: 'openai',
      model,
      promptVersion,
    };
  }
}
