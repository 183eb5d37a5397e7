import { Injectable } from '@nestjs/common';
import { AuditService } from '../../auth/audit.service.js';
import { Clock } from '../../common/clock.js';
import { conflict } from '../../common/errors.js';
import type { Principal } from '../../common/http/access.decorators.js';
import type { Page, PageQuery } from '../../common/http/page.js';
import { WakeUp } from '../../common/wake-up.js';
import { EmailQueryRepository, type EmailSummary } from '../../mail/message/email-query.repository.js';
import { EmailRepository } from '../../mail/message/email.repository.js';
import { type Email, EMAIL_STATES, type EmailState } from '../../mail/message/email.types.js';
import { nextState, replayEvent } from '../email.machine.js';
import type { BulkReplayBody, ReplayBody } from './dead-letter.dto.js';

/** Mails in quarantine: what could not be worked on is kept with its bytes and can be tried again or discarded. */
@Injectable()
export class DeadLetterService {
  constructor(
    private readonly emails: EmailRepository,
    private readonly queries: EmailQueryRepository,
    private readonly audit: AuditService,
    private readonly wakeUp: WakeUp,
    private readonly clock: Clock,
  ) {}

  list(page: PageQuery): Promise<Page<EmailSummary>> {
    const { cursor, limit } = page;
    return this.queries.listDeadLetters(cursor ? { limit, cursor } : { limit });
  }

  /**
   * Puts a mail back to the step that failed, or to the start. Answers already paid for are reused from the ledger.
   * @throws AppError NOT_FOUND, CONFLICT when it is not in quarantine
   */
  async replay(id: string, { from, reason }: ReplayBody, actor: Principal): Promise<Email> {
    const email = await this.emails.getById(id);
    const failedIn = from === 'start' ? 'received' : failedState(email);
    const moved = await this.move(email, replayEvent(failedIn), reason || 'replayed by a person', this.clock.now());
    await this.audit.record({
      actor,
      action: 'dead_letter.replay',
      target: `email:${id}`,
      after: { from: failedIn, reason },
    });
    this.wakeUp.signal('process');
    return moved;
  }

  /** Replays the newest dead letters, of one error class if given; how many were put back. */
  async replayMany({ code, limit, reason }: BulkReplayBody, actor: Principal): Promise<number> {
    const { items } = await this.list({ limit: 100 });
    const chosen = items.filter((email) => !code || email.lastError?.code === code).slice(0, limit);
    let replayed = 0;
    for (const { id } of chosen) {
      // One that somebody else replayed or discarded meanwhile is not counted.
      await this.replay(id, { from: 'failed_step', reason }, actor).then(
        () => replayed++,
        () => undefined,
      );
    }
    return replayed;
  }

  /** Takes a mail out of quarantine for good; it stays readable with its reason. */
  async discard(id: string, reason: string, actor: Principal): Promise<Email> {
    const moved = await this.move(await this.emails.getById(id), 'discarded', reason, null);
    await this.audit.record({ actor, action: 'dead_letter.discard', target: `email:${id}`, after: { reason } });
    return moved;
  }

  private async move(email: Email, event: string, reason: string, runAt: Date | null): Promise<Email> {
    const to = nextState('quarantined', event)!;
    const entry = { at: this.clock.now(), from: 'quarantined', event, to, reason } as const;
    const moved = await this.emails.transition(
      email.id,
      'quarantined',
      { state: to, stateReason: to === 'ignored' ? `discarded: ${reason}` : null, runAt, lastError: null },
      entry,
    );
    if (!moved)
      throw conflict(`The email is not in quarantine (any more); it is ${email.state}.`, { state: email.state });
    return moved;
  }
}

function failedState(email: Email): EmailState {
  const step = email.lastError?.step;
  return EMAIL_STATES.find((state) => state === step) ?? 'received';
}
