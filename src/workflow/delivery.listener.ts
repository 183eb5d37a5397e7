import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { errorMessage } from '../common/errors.js';
import { WakeUp } from '../common/wake-up.js';
import { DeliveryEvents, type Settled } from '../mail/delivery/delivery-events.js';
import { EmailRepository } from '../mail/message/email.repository.js';

/** Wakes the email of a settled outbox item. A hint only: the settle step also looks by itself. */
@Injectable()
export class DeliveryListener implements OnApplicationBootstrap, OnModuleDestroy {
  private unsubscribe: (() => void) | null = null;

  constructor(
    private readonly events: DeliveryEvents,
    private readonly emails: EmailRepository,
    private readonly wakeUp: WakeUp,
    @InjectPinoLogger(DeliveryListener.name) private readonly logger: PinoLogger,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.events.onSettled((event) => void this.wake(event));
  }

  onModuleDestroy(): void {
    this.unsubscribe?.();
  }

  private async wake({ emailId }: Settled): Promise<void> {
    try {
      await this.emails.makeDue(emailId, 'outbox');
      this.wakeUp.signal('process');
    } catch (error) {
      this.logger.warn({ emailId, error: errorMessage(error) }, 'email not woken; it looks by itself');
    }
  }
}
