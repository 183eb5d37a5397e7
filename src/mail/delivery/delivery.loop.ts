import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../../common/clock.js';
import { WakeUp } from '../../common/wake-up.js';
import { AppConfig } from '../../config/app-config.js';
import { ClaimLoop } from '../../jobs/claim-loop.js';
import { DeliveryService } from './delivery.service.js';
import { OutboxRepository } from './outbox.repository.js';
import type { OutboxDoc } from './outbox.schema.js';

/** After the drain time: how much longer a mail server may take for its reply before the process goes and leaves it unknown. */
const REPLY_WAIT_MS = 60_000;

/** Runs deliveries in processes that work (ROLE all or worker). */
@Injectable()
export class DeliveryLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: ClaimLoop<OutboxDoc>;

  constructor(
    outbox: OutboxRepository,
    delivery: DeliveryService,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    wakeUp: WakeUp,
    @InjectPinoLogger(DeliveryLoop.name) logger: PinoLogger,
  ) {
    this.loop = new ClaimLoop<OutboxDoc>(
      {
        queueName: 'outbox',
        queue: outbox,
        handle: (claim, signal) => delivery.handle(claim, signal),
        concurrency: config.env.OUTBOX_CONCURRENCY,
        leaseMs: config.env.WORKFLOW_LEASE_SECONDS * 1000,
      },
      clock,
      wakeUp,
      logger,
    );
  }

  /** Monotonic time of the last look at the queue: liveness. */
  get lastTickMs(): number {
    return this.loop.lastTickMs;
  }

  onApplicationBootstrap(): void {
    if (this.config.runsWorkers) this.loop.start();
  }

  /** Looks for due items; does nothing in a process that is not started or stops. */
  tick(): Promise<void> {
    return this.loop.tick();
  }

  /** Lets running sends end. One that waits for the server's reply is not stopped, only left when the process must go. */
  async beforeApplicationShutdown(): Promise<void> {
    const drainMs = this.config.env.DRAIN_SECONDS * 1000;
    const stopped = new AbortController();
    const patience = this.clock.sleep(drainMs + REPLY_WAIT_MS, stopped.signal).catch(() => undefined);
    await Promise.race([this.loop.stop(drainMs), patience]);
    stopped.abort();
  }
}
