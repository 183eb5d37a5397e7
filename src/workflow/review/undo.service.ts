import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { conflict } from '../../common/errors.js';
import type { Principal } from '../../common/http/access.decorators.js';
import { OutboxQueryRepository } from '../../mail/delivery/outbox-query.repository.js';
import { OutboxService } from '../../mail/delivery/outbox.service.js';
import { EmailRepository } from '../../mail/message/email.repository.js';
import type { Reply } from '../../reply/reply.types.js';

/** An approved reply is in the outbox within a tick; a cancel that comes earlier waits this long for it. */
const QUEUE_WAIT_MS = 3_000;
const POLL_MS = 50;

/** Takes an approval back within the undo window. Exactly one of cancel and send wins; the outbox decides. */
@Injectable()
export class UndoService {
  constructor(
    private readonly emails: EmailRepository,
    private readonly queries: OutboxQueryRepository,
    private readonly outbox: OutboxService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError CONFLICT when it is being sent, was sent, or was never approved */
  async cancel(reply: Reply, actor: Principal): Promise<void> {
    const deadline = this.clock.monotonicMs() + QUEUE_WAIT_MS;
    for (;;) {
      const email = await this.emails.getById(reply.emailId);
      if (email.state !== 'approved' && email.state !== 'outbox') {
        throw conflict(`There is nothing to cancel: the reply is ${reply.state}, its email ${email.state}.`, {
          state: reply.state,
        });
      }
      const key = `${email.id}|reply|${email.approval?.seq}`;
      const item = (await this.queries.findByEmail(email.id)).find(({ dedupeKey }) => dedupeKey === key);
      if (item) {
        await this.outbox.cancel(item.id, actor);
        return this.untilBack(reply.emailId, deadline + QUEUE_WAIT_MS);
      }
      if (this.clock.monotonicMs() > deadline) throw conflict('The reply is being queued at this moment; try again.');
      await this.clock.sleep(POLL_MS);
    }
  }

  /** The workflow takes the email back to review by itself; waiting for it makes the answer show the result. */
  private async untilBack(emailId: string, deadline: number): Promise<void> {
    while (this.clock.monotonicMs() < deadline) {
      if ((await this.emails.getById(emailId)).state === 'in_review') return;
      await this.clock.sleep(POLL_MS);
    }
  }
}
