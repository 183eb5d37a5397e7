import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../common/clock.js';
import { WakeUp } from '../common/wake-up.js';
import { AppConfig } from '../config/app-config.js';
import { ClaimLoop } from '../jobs/claim-loop.js';
import type { EmailDoc } from '../mail/message/email.schema.js';
import { EmailRepository } from '../mail/message/email.repository.js';
import { SettingsService } from '../settings/settings.service.js';
import { WorkflowService } from './workflow.service.js';

/** Runs the claim loop over emails in the roles that work. */
@Injectable()
export class WorkflowLoop implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loop: ClaimLoop<EmailDoc>;
  private paused = false;

  constructor(
    emails: EmailRepository,
    workflow: WorkflowService,
    private readonly settings: SettingsService,
    private readonly config: AppConfig,
    clock: Clock,
    wakeUp: WakeUp,
    @InjectPinoLogger(WorkflowLoop.name) logger: PinoLogger,
  ) {
    this.loop = new ClaimLoop<EmailDoc>(
      {
        queueName: 'process',
        queue: emails,
        handle: (claim, signal) => workflow.process(claim, signal),
        concurrency: config.env.WORKFLOW_CONCURRENCY,
        leaseMs: config.env.WORKFLOW_LEASE_SECONDS * 1000,
        mayClaim: () => !this.paused,
      },
      clock,
      wakeUp,
      logger,
    );
  }

  /** Emails that this process works on. */
  get inFlight(): number {
    return this.loop.inFlight;
  }

  /** Monotonic milliseconds of the last completed look at the queue: liveness. */
  get lastTickMs(): number {
    return this.loop.lastTickMs;
  }

  onApplicationBootstrap(): void {
    if (this.config.runsWorkers) this.loop.start();
  }

  /** Looks for due emails; the scheduled safety net behind the wake-up signal. */
  async tick(): Promise<void> {
    this.paused = (await this.settings.get()).workflowPaused;
    await this.loop.tick();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.loop.stop(this.config.env.DRAIN_SECONDS * 1000);
  }
}
