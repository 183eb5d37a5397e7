import { Injectable } from '@nestjs/common';
import { ClassificationService } from '../../classification/classification.service.js';
import type { Email } from '../../mail/message/email.types.js';
import { move, parsedOf, type Step, type StepContext, type StepResult } from './step.js';

/** Category, priority, summary and the rest, by the leading engine or its fallback. */
@Injectable()
export class ClassifyStep implements Step {
  readonly name = 'classify';
  readonly from = 'screened';

  constructor(private readonly classification: ClassificationService) {}

  async run(email: Email, { signal, allowFallback }: StepContext): Promise<StepResult> {
    const { subject, text, attachments } = parsedOf(email);
    const classification = await this.classification.classify(
      { subject, text, attachmentNames: attachments.map(({ filename }) => filename) },
      { emailId: email.id, mailboxId: email.mailboxId, signal, allowFallback },
    );
    return move('classified', { classification });
  }
}
