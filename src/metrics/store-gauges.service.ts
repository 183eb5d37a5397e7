import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../common/clock.js';
import { errorMessage } from '../common/errors.js';
import * as metrics from '../common/metrics.js';
import { OutboxQueryRepository } from '../mail/delivery/outbox-query.repository.js';
import { EmailQueryRepository } from '../mail/message/email-query.repository.js';
import { EmailRepository } from '../mail/message/email.repository.js';

/** Gauges that describe the store. Every replica sets them, so that no scrape depends on one: aggregate with max(). */
@Injectable()
export class StoreGauges {
  constructor(
    private readonly emails: EmailRepository,
    private readonly queries: EmailQueryRepository,
    private readonly outbox: OutboxQueryRepository,
    private readonly clock: Clock,
    @InjectPinoLogger(StoreGauges.name) private readonly logger: PinoLogger,
  ) {}

  @Interval('metrics.store-gauges', 5_000)
  async update(): Promise<void> {
    try {
      await Promise.all([this.updateEmails(), this.updateOutbox()]);
    } catch (error) {
      this.logger.warn({ error: errorMessage(error) }, 'store gauges not updated');
    }
  }

  private async updateEmails(): Promise<void> {
    const [depth, oldest, byState, deadLetters] = await Promise.all([
      this.emails.depth(),
      this.emails.oldestRunAt(),
      this.queries.countByState(['in_review']),
      this.queries.countDeadLetters(),
    ]);
    this.setQueue('process', depth, oldest);
    metrics.emailsAwaitingApproval.set(byState.in_review);
    metrics.deadLetterItems.reset();
    for (const { step, count } of deadLetters) metrics.deadLetterItems.set({ step }, count);
  }

  private async updateOutbox(): Promise<void> {
    const [{ depth, oldestRunAt }, unknown, held] = await Promise.all([
      this.outbox.queueState(),
      this.outbox.countByState('unknown'),
      this.outbox.countByState('held'),
    ]);
    this.setQueue('outbox', depth, oldestRunAt);
    metrics.emailsSendUnknown.set(unknown + held);
  }

  private setQueue(queue: 'process' | 'outbox', depth: number, oldest: Date | null): void {
    const age = oldest ? (this.clock.now().getTime() - oldest.getTime()) / 1000 : 0;
    metrics.queueDepth.set({ queue }, depth);
    metrics.queueOldestItemAge.set({ queue }, Math.max(0, age));
  }
}
