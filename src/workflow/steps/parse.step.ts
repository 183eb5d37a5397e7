import { Injectable } from '@nestjs/common';
import { MessageService } from '../../mail/message/message.service.js';
import type { Email } from '../../mail/message/email.types.js';
import { MailboxCache } from '../mailbox-cache.js';
import { move, type Step, type StepContext, type StepResult } from './step.js';

/** Raw bytes -> parsed mail. What cannot be parsed ends in quarantine with its bytes. */
@Injectable()
export class ParseStep implements Step {
  readonly name = 'parse';
  readonly from = 'received';

  constructor(
    private readonly messages: MessageService,
    private readonly mailboxes: MailboxCache,
  ) {}

  async run(email: Email, { signal }: StepContext): Promise<StepResult> {
    const { authservIds } = await this.mailboxes.get(email.mailboxId);
    return move('parsed', { parsed: await this.messages.parseRaw(email.rawId, { authservIds, signal }) });
  }
}
