import { Injectable } from '@nestjs/common';
import type { EmailState } from '../../mail/message/email.types.js';
import { ActStep } from './act.step.js';
import { ClassifyStep } from './classify.step.js';
import { DecideStep } from './decide.step.js';
import { DraftStep } from './draft.step.js';
import { ParseStep } from './parse.step.js';
import { QueueReplyStep } from './queue-reply.step.js';
import { ScreenStep } from './screen.step.js';
import { SettleStep } from './settle.step.js';
import type { Step } from './step.js';

/** The step of each state that a step owns. */
@Injectable()
export class StepRegistry {
  private readonly steps: ReadonlyMap<EmailState, Step>;

  constructor(
    parse: ParseStep,
    screen: ScreenStep,
    classify: ClassifyStep,
    draft: DraftStep,
    decide: DecideStep,
    act: ActStep,
    queueReply: QueueReplyStep,
    settle: SettleStep,
  ) {
    const all: Step[] = [parse, screen, classify, draft, decide, act, queueReply, settle];
    this.steps = new Map(all.map((step) => [step.from, step]));
  }

  /** @throws Error when no step owns the state: the claim loop never claims such an email */
  for(state: EmailState): Step {
    const step = this.steps.get(state);
    if (!step) throw new Error(`no step works on emails that are ${state}`);
    return step;
  }
}
