import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { AppError } from '../common/errors.js';
import { AppConfig } from '../config/app-config.js';
import type { ClassifiableMail, Classification } from './classification.types.js';
import { LocalEngine } from './local/local.engine.js';
import { OpenAiEngine } from './openai/openai.engine.js';
import { Taxonomy } from './taxonomy.js';

export interface ClassifyOptions {
  emailId: string;
  mailboxId: string;
  signal: AbortSignal;
  /** The workflow gave up retrying: a transient failure of the provider is answered by the local engine too. */
  allowFallback: boolean;
}

/** Says what a mail is about. With a model provider `openai` leads and `local` stands in for it; without, `local` answers. */
@Injectable()
export class ClassificationService {
  constructor(
    private readonly config: AppConfig,
    private readonly taxonomy: Taxonomy,
    private readonly openai: OpenAiEngine,
    private readonly local: LocalEngine,
    @InjectPinoLogger(ClassificationService.name) private readonly logger: PinoLogger,
  ) {}

  /** Categories that a mail can have. */
  get categories(): readonly string[] {
    return this.taxonomy.categories;
  }

  /**
   * @throws AppError LLM_* that is retryable, while `allowFallback` is false: try again later. Failures that a retry would not
   * mend (bad output, refusal, quota, budget, open circuit) never reach the caller: the local engine answers.
   */
  async classify(mail: ClassifiableMail, options: ClassifyOptions): Promise<Classification> {
    const { allowFallback, ...rest } = options;
    const context = { ...rest, categories: this.taxonomy.categories };
    if (!this.config.hasModelProvider) return this.local.classify(mail, context);
    try {
      return await this.openai.classify(mail, context);
    } catch (error) {
      if (options.signal.aborted || !isModelFailure(error) || (error.retryable && !allowFallback)) throw error;
      this.logger.warn({ emailId: options.emailId, code: error.code }, 'classified by the local engine instead');
      return this.local.classify(mail, context);
    }
  }
}

/** Only what the provider did wrong is answered by the other engine; a store that is away or a bug must show. */
const isModelFailure = (error: unknown): error is AppError =>
  error instanceof AppError && error.code.startsWith('LLM_');
