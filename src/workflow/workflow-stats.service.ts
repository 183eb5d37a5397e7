import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { EmailQueryRepository } from '../mail/message/email-query.repository.js';
import { EmailRepository } from '../mail/message/email.repository.js';
import { SettingsService } from '../settings/settings.service.js';
import type { StatsView } from './workflow.dto.js';
import { WorkflowLoop } from './workflow.loop.js';

/** The figures of `GET /workflow/stats`. */
@Injectable()
export class WorkflowStatsService {
  constructor(
    private readonly emails: EmailRepository,
    private readonly queries: EmailQueryRepository,
    private readonly settings: SettingsService,
    private readonly loop: WorkflowLoop,
    private readonly clock: Clock,
  ) {}

  async get(): Promise<StatsView> {
    const [settings, byState, depth, oldest, deadLetters] = await Promise.all([
      this.settings.get(),
      this.queries.countByState(),
      this.emails.depth(),
      this.emails.oldestRunAt(),
      this.queries.countDeadLetters(),
    ]);
    const age = oldest ? (this.clock.now().getTime() - oldest.getTime()) / 1000 : 0;
    return {
      paused: settings.workflowPaused,
      byState,
      queue: { depth, oldestAgeSeconds: Math.max(0, Math.round(age)) },
      inProgress: this.loop.inFlight,
      deadLetters,
    };
  }
}
