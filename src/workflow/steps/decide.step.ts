import { Injectable } from '@nestjs/common';
import { guardrailBlocks } from '../../common/metrics.js';
import { newId } from '../../common/id.js';
import type { Email } from '../../mail/message/email.types.js';
import { ReplyRepository } from '../../reply/reply.repository.js';
import type { Reply } from '../../reply/reply.types.js';
import { SettingsService } from '../../settings/settings.service.js';
import { MailboxCache } from '../mailbox-cache.js';
import { modeFor } from '../mode.js';
import { decide, POLICY_VERSION } from '../decision/decide.js';
import { DecisionRepository } from '../decision/decision.repository.js';
import type { DecisionInput } from '../decision/decision.types.js';
import { neverAutoHits } from '../decision/never-auto.js';
import { type Made, move, parsedOf, type Step, type StepContext, type StepResult } from './step.js';

/** Gathers what `decide` looks at, stores the verdict with every rule, value and threshold. */
@Injectable()
export class DecideStep implements Step {
  readonly name = 'decide';
  readonly from = 'drafted';

  constructor(
    private readonly mailboxes: MailboxCache,
    private readonly replies: ReplyRepository,
    private readonly settings: SettingsService,
    private readonly decisions: DecisionRepository,
  ) {}

  async run(email: Email, { runId, made = {} }: StepContext): Promise<StepResult> {
    const reply = await this.replyOf(email, made);
    const input = await this.inputFor(email, reply);
    const outcome = decide(input);
    const id = newId();
    made.decision = {
      id,
      emailId: email.id,
      mailboxId: email.mailboxId,
      replyId: email.replyId,
      runId,
      input,
      policyVersion: POLICY_VERSION,
      ...outcome,
    };
    await this.decisions.save(made.decision);
    for (const { rule, verdict } of outcome.rules) if (verdict !== 'pass') guardrailBlocks.inc({ rule });
    return move('decided', { decisionId: id });
  }

  private async replyOf({ replyId }: Email, { reply }: Made): Promise<Reply | null> {
    if (!replyId) return null;
    return reply?.id === replyId ? reply : this.replies.findById(replyId);
  }

  private async inputFor(email: Email, reply: Reply | null): Promise<DecisionInput> {
    const [mailbox, settings] = await Promise.all([this.mailboxes.get(email.mailboxId), this.settings.get()]);
    const { category, priority, confidence, language } = email.classification!;
    const version = reply?.versions.at(-1);
    return {
      mode: modeFor(mailbox, category),
      screening: email.screening!,
      classification: { category, priority, confidence, language },
      draft: {
        kind: version ? 'draft' : 'no_answer',
        citations: version?.citations.length ?? 0,
        reason: version ? null : email.stateReason,
      },
      failedChecks: (version?.checks ?? []).map(({ code, severity }) => ({ code, severity })),
      neverAutoHits: neverAutoHits(parsedOf(email), [...settings.neverAuto, ...mailbox.policy.neverAuto]),
      autoSendEnabled: settings.autoSendEnabled,
    };
  }
}
