import { Injectable } from '@nestjs/common';
import { MailTokens } from '../../mail/delivery/loop-token.js';
import { OutboxQueryRepository } from '../../mail/delivery/outbox-query.repository.js';
import { RepetitionBreaker } from '../../mail/delivery/repetition-breaker.service.js';
import { ReconcileService } from '../../mail/delivery/reconcile.service.js';
import type { Email, Screening } from '../../mail/message/email.types.js';
import type { ParsedMail } from '../../mail/message/parsed-mail.types.js';
import { screen } from '../../mail/message/screening/screen.js';
import { ThreadService } from '../../mail/thread/thread.service.js';
import { MailboxCache } from '../mailbox-cache.js';
import { move, parsedOf, type Step, type StepResult } from './step.js';

/** Message-IDs of ours that one mail may quote as evidence: the newest are the likely ones. */
const MAX_QUOTED = 5;

const REPEATING: Screening = { verdict: 'hold', reason: 'repeated_content', evidence: null };

/**
 * Decides before any model is asked whether a mail may be answered (RFC 3834), puts it into its thread, and uses it as
 * evidence for replies of ours that it quotes: a bounce or an answer proves that they left.
 */
@Injectable()
export class ScreenStep implements Step {
  readonly name = 'screen';
  readonly from = 'parsed';

  constructor(
    private readonly mailboxes: MailboxCache,
    private readonly threads: ThreadService,
    private readonly outbox: OutboxQueryRepository,
    private readonly reconcile: ReconcileService,
    private readonly tokens: MailTokens,
    private readonly repetition: RepetitionBreaker,
  ) {}

  async run(email: Email): Promise<StepResult> {
    const mail = parsedOf(email);
    const ownAddresses = await this.mailboxes.ownAddresses();
    const quoted = await this.quotedOwnIds(mail);
    const [threadId, bouncedReplyId, isRepeating] = await Promise.all([
      this.threads.assign(email, ownAddresses),
      this.useAsEvidence(mail, quoted),
      mail.from ? this.repetition.isRepeating(mail.from.address, `${mail.subject}\n${mail.text}`) : false,
    ]);
    const verdict = screen({
      mail,
      ownAddresses,
      isOwnLoopToken: (token) => this.tokens.isOwnLoopToken(token),
      isOwnMessageId: (id) => this.tokens.isOwnMessageId(id),
      inKnownThread: quoted.length > 0,
      // Only a mailbox that is read over IMAP may hold mail that was not addressed to it.
      trustRecipient: email.source !== 'imap',
    });
    const screening = verdict.verdict === 'answer' && isRepeating ? REPEATING : verdict;
    const set = { screening, threadId, bouncedReplyId };
    return screening.verdict === 'ignore' ? move('ignored', set, screening.reason) : move('screened', set);
  }

  /** Message-IDs of ours that the mail answers or reports on, newest first. */
  private async quotedOwnIds({ inReplyTo, references, deliveryReport }: ParsedMail): Promise<string[]> {
    const ids = [deliveryReport?.originalMessageId, inReplyTo, ...references.toReversed()];
    const own = ids.filter((id): id is string => !!id && this.tokens.isOwnMessageId(id));
    if (own.length > 0) return [...new Set(own)].slice(0, MAX_QUOTED);
    // Some providers put an id of their own in its place (Microsoft 365, Amazon SES); the outbox knows it.
    const answered = deliveryReport?.originalMessageId ?? inReplyTo;
    const item = answered ? await this.outbox.findByMessageId(answered) : null;
    return item && answered ? [answered] : [];
  }

  /** @returns the reply that bounced, when this is a report of a failed delivery of ours */
  private async useAsEvidence({ deliveryReport }: ParsedMail, quoted: string[]): Promise<string | null> {
    for (const id of quoted) await this.reconcile.recordEvidence(id, deliveryReport ? 'bounce' : 'customer_reply');
    const bounced = deliveryReport?.action === 'failed' ? deliveryReport.originalMessageId : null;
    if (!bounced || !quoted.includes(bounced)) return null; // not ours: backscatter is not believed
    return (await this.outbox.findByMessageId(bounced))?.replyId ?? null;
  }
}
