import { Injectable } from '@nestjs/common';
import { AppError } from '../../common/errors.js';
import { Clock } from '../../common/clock.js';
import { OutboxQueryRepository } from '../../mail/delivery/outbox-query.repository.js';
import type { OutboxSummary } from '../../mail/delivery/outbox.types.js';
import type { Email } from '../../mail/message/email.types.js';
import { ThreadService } from '../../mail/thread/thread.service.js';
import { ReplyRepository } from '../../reply/reply.repository.js';
import { move, type Step, type StepResult } from './step.js';

/** After the time something should have happened, look this much later. */
const SLACK_MS = 500;
const SENDING_POLL_MS = 2_000;
/** Unknown and held items wait for evidence or a person; the event wakes us earlier. */
const WAITING_POLL_MS = 60_000;

/** Waits for the outcome of the outbox and ends the email with it. */
@Injectable()
export class SettleStep implements Step {
  readonly name = 'settle';
  readonly from = 'outbox';

  constructor(
    private readonly outbox: OutboxQueryRepository,
    private readonly replies: ReplyRepository,
    private readonly threads: ThreadService,
    private readonly clock: Clock,
  ) {}

  async run(email: Email): Promise<StepResult> {
    const approval = email.approval!;
    const items = await this.outbox.findByEmail(email.id);
    const item = items.find(({ dedupeKey }) => dedupeKey === `${email.id}|reply|${approval.seq}`);
    if (!item) throw new AppError('INTERNAL', 'The outbox does not have the approved reply.', { retryable: true });
    switch (item.state) {
      case 'sent':
        await this.replies.finish(approval.replyId, 'sent');
        if (email.threadId)
          await this.threads.addSentMessage(email.threadId, item.serverMessageId ?? item.messageId, item.recipient);
        return move('sent', {}, 'approved');
      case 'cancelled':
        if (item.history.at(-1)?.event === 'close') {
          // A person closed a mail that may have arrived: it must not come back as a draft to send again.
          await this.replies.finish(approval.replyId, 'cancelled');
          return move('closed', {}, 'closed without knowing whether the reply arrived');
        }
        await this.replies.withdrawApproval(approval.replyId);
        return move('cancelled');
      case 'rejected':
        await this.replies.finish(approval.replyId, 'failed');
        return move('send_failed', {}, `the mail server rejected the reply: ${item.lastError ?? 'no reason given'}`);
      default:
        return this.wait(item);
    }
  }

  private wait(item: OutboxSummary): StepResult {
    if (item.state === 'sending') return { kind: 'wait', delayMs: SENDING_POLL_MS };
    if (item.state === 'unknown' || item.state === 'held') {
      return { kind: 'wait', delayMs: WAITING_POLL_MS, note: `the reply is ${item.state}: see /outbox/${item.id}` };
    }
    const dueInMs = item.runAt ? item.runAt.getTime() - this.clock.now().getTime() : 0;
    return { kind: 'wait', delayMs: Math.max(SLACK_MS, dueInMs + SLACK_MS) };
  }
}
