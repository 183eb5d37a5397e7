import { Injectable } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../../common/clock.js';
import { failpoint } from '../../common/failpoint.js';
import { emailsSendFailed, guardrailBlocks } from '../../common/metrics.js';
import { AppConfig } from '../../config/app-config.js';
import type { Claim } from '../../database/claim-queue.js';
import { SettingsService } from '../../settings/settings.service.js';
import { MailboxRepository } from '../mailbox/mailbox.repository.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { AttemptService } from './attempt.service.js';
import { DeliveryEvents } from './delivery-events.js';
import { gate } from './gate.js';
import { MailTokens } from './loop-token.js';
import { STATE_OWNER } from './outbox.machine.js';
import { toItem } from './outbox.mapper.js';
import { OutboxRepository } from './outbox.repository.js';
import type { OutboxDoc } from './outbox.schema.js';
import type { OutboxItem } from './outbox.types.js';
import { RateLimitRepository } from './rate-limit.repository.js';
import { type RateLimits, rateLimits, rateWindows, windowEnd } from './rate-limits.js';
import { ReconcileService } from './reconcile.service.js';
import { SentCopyService } from './sent-copy.service.js';

/** Handles one claimed outbox item, whatever state it is found in. */
@Injectable()
export class DeliveryService {
  private readonly rates: RateLimits;

  constructor(
    private readonly outbox: OutboxRepository,
    private readonly mailboxes: MailboxRepository,
    private readonly settings: SettingsService,
    private readonly limits: RateLimitRepository,
    private readonly attempts: AttemptService,
    private readonly reconcile: ReconcileService,
    private readonly sentCopies: SentCopyService,
    private readonly tokens: MailTokens,
    private readonly events: DeliveryEvents,
    private readonly clock: Clock,
    private readonly config: AppConfig,
    @InjectPinoLogger(DeliveryService.name) private readonly logger: PinoLogger,
  ) {
    this.rates = rateLimits(config.env);
  }

  /** For the claim loop. A throw (the store is away) leaves the item to its next claim. */
  async handle(claim: Claim<OutboxDoc>, signal: AbortSignal): Promise<void> {
    const item = toItem(claim.doc);
    const after = await this.step(item, signal);
    if (!after) return;
    if (STATE_OWNER[after.state] !== 'worker') this.events.settled(after);
  }

  private async step(item: OutboxItem, signal: AbortSignal): Promise<OutboxItem | null> {
    switch (item.state) {
      case 'scheduled':
      case 'retry_wait':
        return this.send(item, signal);
      case 'sending':
        return this.foundSending(item);
      case 'unknown':
        return this.reconcile.settle(item);
      case 'sent':
        await this.sentCopies.copy(item);
        return null;
      case 'rejected':
      case 'held':
      case 'cancelled':
        await this.outbox.putBack(item.id, item.fence, null);
        return null;
    }
  }

  /** Its worker is gone, and how far it came nobody knows: never sent again from here. */
  private async foundSending(item: OutboxItem): Promise<OutboxItem | null> {
    this.logger.warn({ outboxId: item.id, attempt: item.attempts.at(-1)?.no }, 'a send attempt was lost');
    const runAt = new Date(this.clock.now().getTime() + this.config.env.UNKNOWN_GRACE_SECONDS * 1000);
    return this.outbox.markUnknown(item.id, item.fence, runAt);
  }

  private async send(item: OutboxItem, signal: AbortSignal): Promise<OutboxItem | null> {
    const mailbox = await this.mailboxes.findById(item.mailboxId);
    const now = gate(item, mailbox, await this.settings.get(), this.clock.now());
    if (now.verdict === 'hold') return this.outbox.hold(item.id, item.fence, now.reason);
    if (now.verdict === 'wait') {
      await this.outbox.putBack(item.id, item.fence, new Date(this.clock.now().getTime() + now.ms));
      return null;
    }
    if (!(await this.withinLimits(item, mailbox!))) {
      return item.mode === 'auto' ? this.outbox.hold(item.id, item.fence, 'rate_limited') : null;
    }
    const after = await this.attempts.attempt(item, mailbox!, signal);
    if (after?.state === 'sent') await failpoint('outbox.after_sent');
    return after;
  }

  /** Consumes the counters once an item. A person's reply over a limit is put back for the next window. */
  private async withinLimits(item: OutboxItem, mailbox: Mailbox): Promise<boolean> {
    if (item.rateConsumed) return true;
    const windows = rateWindows(item, this.rates, (value) => this.tokens.pseudonym(value));
    const full = await this.limits.consume(windows);
    if (!full) return this.outbox.markRateConsumed(item.id, item.fence);
    emailsSendFailed.inc({ mailbox: mailbox.name, reason: 'rate_limited' });
    if (item.mode === 'auto') guardrailBlocks.inc({ rule: `rate_${full.scope}` });
    else await this.outbox.putBack(item.id, item.fence, windowEnd(full, this.clock.now()));
    this.logger.warn({ outboxId: item.id, mailboxId: mailbox.id, scope: full.scope }, 'sending limit reached');
    return false;
  }
}
