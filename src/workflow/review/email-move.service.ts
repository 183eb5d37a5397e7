import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { conflict } from '../../common/errors.js';
import { WakeUp } from '../../common/wake-up.js';
import { type EmailChange, EmailRepository } from '../../mail/message/email.repository.js';
import type { Email } from '../../mail/message/email.types.js';
import { isAtRest, nextState } from '../email.machine.js';

/** Moves emails for people: legal by the machine, decided by a compare-and-set, so of two people one gets a 409. */
@Injectable()
export class EmailMoveService {
  constructor(
    private readonly emails: EmailRepository,
    private readonly clock: Clock,
    private readonly wakeUp: WakeUp,
  ) {}

  /**
   * @param email as the person saw it; its state is what the compare-and-set expects
   * @throws AppError CONFLICT when the event is not legal in its state, or somebody else was first
   */
  async move(email: Email, event: string, change: EmailChange, reason: string | null): Promise<Email> {
    const to = nextState(email.state, event);
    if (!to) throw this.tooLate(email);
    const now = this.clock.now();
    const goesOn = !isAtRest(to);
    const moved = await this.emails.transition(
      email.id,
      email.state,
      { ...change, state: to, stateReason: reason, runId: null, runAt: goesOn ? now : null },
      { at: now, from: email.state, event, to, reason },
    );
    if (!moved) throw this.tooLate(await this.emails.getById(email.id));
    if (goesOn) this.wakeUp.signal('process');
    return moved;
  }

  private tooLate({ state, history }: Email): Error {
    const last = history.at(-1);
    const since = last ? ` since ${last.at.toISOString()} (${last.event})` : '';
    return conflict(`This cannot be done now: the email is ${state}${since}.`, { state });
  }
}
