import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { AppError } from '../common/errors.js';
import { AppConfig } from '../config/app-config.js';
import { checkDraft } from './draft-checks.js';
import { LanguageDetector } from '../common/text/language-detector.js';
import { LocalReplyEngine } from './local/local.engine.js';
import { Canary } from './openai/canary.js';
import { DRAFT_RULES } from './openai/draft-reply.prompt.js';
import { OpenAiReplyEngine } from './openai/openai.engine.js';
import type { CheckedDraft, Draft, DraftCheck, DraftRequest, NoAnswer } from './reply.types.js';
import { textToHtml } from './text-to-html.js';

export interface ReplyRequest extends DraftRequest {
  /** True on the last try: the local engine answers also where another try might help. */
  allowFallback: boolean;
}

/** What a text is checked against; a DraftRequest has it all. */
export type CheckContext = Pick<DraftRequest, 'emailId' | 'subject' | 'text' | 'language' | 'passages' | 'style'>;

/** Drafts a reply with the engine that is configured, and checks what it wrote. Knows no workflow and stores nothing. */
@Injectable()
export class ReplyService {
  constructor(
    private readonly config: AppConfig,
    private readonly openai: OpenAiReplyEngine,
    private readonly local: LocalReplyEngine,
    private readonly canary: Canary,
    private readonly languages: LanguageDetector,
    @InjectPinoLogger(ReplyService.name) private readonly logger: PinoLogger,
  ) {}

  /**
   * The model leads where one is configured. When it fails for good (quota, budget, refusal, bad answers), or for now and
   * `allowFallback` is set, the local engine answers instead; `engine` in the result says who it was.
   * @throws AppError with an LLM_* code and `retryable` when another try may help; the signal's reason when it aborts
   */
  async draft(request: ReplyRequest): Promise<CheckedDraft | NoAnswer> {
    const answer = await this.write(request);
    if (answer.kind === 'no_answer') return answer;
    return { ...answer, html: textToHtml(answer.text), checks: await this.check(answer.text, request) };
  }

  /** Checks any text that is to leave, also one that a person edited. */
  async check(text: string, context: CheckContext): Promise<DraftCheck[]> {
    return checkDraft(text, {
      passages: context.passages.map(({ title, heading, text: body }) => `${title}\n${heading}\n${body}`),
      ownText: `${context.style.signature}\n${context.style.mailboxName}`,
      customerText: `${context.subject}\n${context.text}`,
      canary: this.config.hasModelProvider ? this.canary.for(context.emailId) : null,
      promptText: DRAFT_RULES,
      language: { found: await this.languages.detectReliably(text), wanted: context.language },
    });
  }

  private async write({ allowFallback, ...request }: ReplyRequest): Promise<Draft | NoAnswer> {
    if (!this.config.hasModelProvider) return this.local.draft(request);
    try {
      return await this.openai.draft(request);
    } catch (error) {
      if (request.signal.aborted || !isModelFailure(error) || (error.retryable && !allowFallback)) throw error;
      this.logger.warn(
        { emailId: request.emailId, code: error.code },
        'model gave no draft, the local engine writes it',
      );
      return this.local.draft(request);
    }
  }
}

const isModelFailure = (error: unknown): error is AppError =>
  error instanceof AppError && error.code.startsWith('LLM_');
