import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../config/app-config.js';

/**
 * The secret word in the system prompt of one email's drafts: seen in a draft, it proves that the model was made to repeat its
 * instructions. Derived, not drawn, so that an answer from the ledger carries the word that it is checked for.
 */
@Injectable()
export class Canary {
  constructor(private readonly config: AppConfig) {}

  for(emailId: string): string {
    const digest = createHmac('sha256', this.config.secrets.jwtSecret).update(`canary:${emailId}`).digest('hex');
    return `mk${digest.slice(0, 14)}`;
  }
}
