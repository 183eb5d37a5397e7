import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import { llmBudgetRemaining } from '../common/metrics.js';
import { AppConfig } from '../config/app-config.js';
import { LlmSpendRepository } from './llm-spend.repository.js';

/**
 * Caps on paid calls: per email (LLM_MAX_CALLS_PER_EMAIL) and per UTC day (LLM_DAILY_BUDGET_USD). Checked before each call;
 * calls under way at that moment are not reserved, so a day may overshoot by LLM_CONCURRENCY calls a replica.
 */
@Injectable()
export class LlmBudget implements OnModuleInit {
  constructor(
    private readonly config: AppConfig,
    private readonly spend: LlmSpendRepository,
    private readonly clock: Clock,
    @InjectPinoLogger(LlmBudget.name) private readonly logger: PinoLogger,
  ) {}

  onModuleInit(): void {
    const { LLM_DAILY_BUDGET_USD: budget, LLM_PRICE_INPUT: input, LLM_PRICE_OUTPUT: output } = this.config.env;
    if (budget > 0 && input === 0 && output === 0) {
      this.logger.warn('LLM_DAILY_BUDGET_USD cannot be kept: set LLM_PRICE_INPUT and LLM_PRICE_OUTPUT');
    }
  }

  /**
   * @param made calls that the email has caused so far
   * @throws AppError LLM_BUDGET, not retryable: another engine has to answer
   */
  async assertAllowed(made: number): Promise<void> {
    const { LLM_MAX_CALLS_PER_EMAIL: maxCalls, LLM_DAILY_BUDGET_USD: budget } = this.config.env;
    if (made >= maxCalls) {
      throw new AppError('LLM_BUDGET', `This email has used its ${maxCalls} model calls (LLM_MAX_CALLS_PER_EMAIL).`, {
        details: { cap: 'email', made },
      });
    }
    if (budget === 0) {
      llmBudgetRemaining.set(1);
      return;
    }
    const spent = await this.spend.spentOn(this.today());
    llmBudgetRemaining.set(Math.max(0, 1 - spent / budget));
    if (spent >= budget) {
      throw new AppError('LLM_BUDGET', 'The model budget of today is used up (LLM_DAILY_BUDGET_USD).', {
        details: { cap: 'day' },
      });
    }
  }

  /** Without prices there is nothing to add up. */
  async book(usd: number): Promise<void> {
    if (usd > 0) await this.spend.add(this.today(), usd);
  }

  private today(): string {
    return this.clock.now().toISOString().slice(0, 10);
  }
}
