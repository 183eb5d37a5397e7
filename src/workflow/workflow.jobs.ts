import { Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { errorMessage } from '../common/errors.js';
import { AppConfig } from '../config/app-config.js';
import { RawIntakeService } from '../mail/message/raw-intake.service.js';
import { ReviewRecorder } from './review/review-recorder.js';
import { WorkflowLoop } from './workflow.loop.js';

/** Ticks of the workflow: every replica ticks, a claim in the store decides who works. */
@Injectable()
export class WorkflowJobs {
  constructor(
    private readonly loop: WorkflowLoop,
    private readonly intake: RawIntakeService,
    private readonly reviews: ReviewRecorder,
    private readonly config: AppConfig,
    @InjectPinoLogger(WorkflowJobs.name) private readonly logger: PinoLogger,
  ) {}

  @Interval('workflow.tick', 1_000)
  tick(): Promise<void> {
    return this.guarded('workflow.tick', () => this.loop.tick());
  }

  @Interval('workflow.sweep-intake', 30_000)
  sweepIntake(): Promise<void> {
    return this.guarded('workflow.sweep-intake', () => this.intake.sweep());
  }

  @Interval('workflow.record-reviews', 30_000)
  recordReviews(): Promise<void> {
    return this.guarded('workflow.record-reviews', () => this.reviews.recordLeftovers());
  }

  /** A tick that fails is logged and comes again; it must not end the process. */
  private async guarded(job: string, work: () => Promise<unknown>): Promise<void> {
    if (!this.config.runsWorkers) return;
    try {
      await work();
    } catch (error) {
      this.logger.warn({ job, error: errorMessage(error) }, 'tick failed');
    }
  }
}
