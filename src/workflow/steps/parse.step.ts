import { Injectable } from '@nestjs/common';
import { MessageService } from '../../mail/message/message.service.js';
import type { Email } from '../../mail/message/email.types.js';
import { move, type Step, type StepContext, type StepResult } from './step.js';

/** Raw bytes -> parsed mail. What cannot be parsed ends in quarantine with its bytes. */
@Injectable()
export class ParseStep implements Step {
  readonly name = 'parse';
  readonly from = 'received';

  constructor(private readonly messages: MessageService) {}

  async run(email: Email, { signal }: StepContext): Promise<StepResult> {
    return move('parsed', { parsed: await this.messages.parseRaw(email.rawId, signal) });
  }
}
