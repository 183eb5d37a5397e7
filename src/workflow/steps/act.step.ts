import { Injectable } from '@nestjs/common';
import { notFound } from '../../common/errors.js';
import type { Email } from '../../mail/message/email.types.js';
import { ReplyRepository } from '../../reply/reply.repository.js';
import { DecisionRepository } from '../decision/decision.repository.js';
import { explain } from '../decision/explain.js';
import { type Made, move, type Step, type StepContext, type StepResult } from './step.js';

/** Carries the stored decision out: asks a person, hands over, puts aside, or only keeps the draft for comparison (shadow). */
@Injectable()
export class ActStep implements Step {
  readonly name = 'act';
  readonly from = 'decided';

  constructor(
    private readonly decisions: DecisionRepository,
    private readonly replies: ReplyRepository,
  ) {}

  async run(email: Email, { made }: StepContext): Promise<StepResult> {
    const decision = await this.decisionOf(email, made);
    if (!decision) throw notFound('decision', String(email.decisionId));
    if (decision.verdict === 'ignore') return move('ignored', {}, decision.decidedBy);
    if (decision.verdict === 'escalate') return move('escalated', {}, explain(decision));
    if (decision.input.mode === 'shadow') return move('shadowed', {}, 'shadow');
    if (email.replyId) await this.replies.submit(email.replyId);
    return move('review_asked');
  }

  private async decisionOf({ decisionId }: Email, made: Made = {}): Promise<Made['decision'] | null> {
    if (!decisionId) return null;
    return made.decision?.id === decisionId ? made.decision : this.decisions.findById(decisionId);
  }
}
