import { Injectable } from '@nestjs/common';
import { failpoint } from '../../common/failpoint.js';
import { emailsReceived } from '../../common/metrics.js';
import { WakeUp } from '../../common/wake-up.js';
import { EmailRepository } from './email.repository.js';
import { RawMessageRepository } from './raw-message.repository.js';
import type { NewRawMessage, RawMessage } from './raw-message.types.js';

export interface Accepted {
  rawId: string;
  emailId: string;
  /** False when the mailbox had this mail already. */
  isNew: boolean;
}

/** The one door for mail, whatever its source: raw bytes first, then the email that the workflow works on. */
@Injectable()
export class RawIntakeService {
  constructor(
    private readonly rawMessages: RawMessageRepository,
    private readonly emails: EmailRepository,
    private readonly wakeUp: WakeUp,
  ) {}

  /**
   * Stores a received mail once and queues it. May be called again with the same mail at any time (a crash, a second
   * replica, a changed UIDVALIDITY): the result is the same raw message and the same email. Acknowledge the mail to its
   * source only after this resolved.
   */
  async accept(mailbox: { id: string; name: string }, mail: Omit<NewRawMessage, 'mailboxId'>): Promise<Accepted> {
    const raw = await this.rawMessages.insertIfNew({ ...mail, mailboxId: mailbox.id });
    if (raw.emailId) {
      emailsReceived.inc({ mailbox: mailbox.name, outcome: 'duplicate' });
      return { rawId: raw.id, emailId: raw.emailId, isNew: false };
    }
    await failpoint('intake.after_raw');
    const { emailId, isNew } = await this.queueEmail(raw);
    const outcome = isNew ? (raw.oversize ? 'oversize' : 'new') : 'duplicate';
    emailsReceived.inc({ mailbox: mailbox.name, outcome });
    return { rawId: raw.id, emailId, isNew };
  }

  /**
   * `accept` for a batch of mails, with three writes instead of three a mail. Mails that are known, or alike, are what makes a
   * batch be taken one by one: the result is the same.
   * @returns how many were new
   */
  async acceptAll(
    mailbox: { id: string; name: string },
    mails: readonly Omit<NewRawMessage, 'mailboxId'>[],
  ): Promise<number> {
    if (mails.length > 1 && (await this.acceptNew(mailbox, mails))) return mails.length;
    let accepted = 0;
    for (const mail of mails) if ((await this.accept(mailbox, mail)).isNew) accepted++;
    return accepted;
  }

  /** @returns false when not all of them could be stored as new */
  private async acceptNew(
    mailbox: { id: string; name: string },
    mails: readonly Omit<NewRawMessage, 'mailboxId'>[],
  ): Promise<boolean> {
    const raws = await this.rawMessages.insertAll(mails.map((mail) => ({ ...mail, mailboxId: mailbox.id })));
    if (!raws) return false;
    await failpoint('intake.after_raw');
    const emailIds = await this.emails.insertForRaws(raws);
    if (!emailIds) return false;
    await this.rawMessages.setEmailIds(emailIds);
    this.wakeUp.signal('process');
    for (const { oversize } of raws)
      emailsReceived.inc({ mailbox: mailbox.name, outcome: oversize ? 'oversize' : 'new' });
    return true;
  }

  /**
   * Makes the emails that a crash kept from being made. A job calls it in every replica.
   * @returns how many were repaired
   */
  async sweep(olderThanMs = 60_000, limit = 100): Promise<number> {
    const orphans = await this.rawMessages.findWithoutEmail(olderThanMs, limit);
    for (const raw of orphans) await this.queueEmail(raw);
    return orphans.length;
  }

  private async queueEmail(
    raw: Pick<RawMessage, 'id' | 'mailboxId' | 'receivedAt' | 'source'>,
  ): Promise<{ emailId: string; isNew: boolean }> {
    const email = await this.emails.insertForRaw(raw);
    await this.rawMessages.setEmailId(raw.id, email.id);
    this.wakeUp.signal('process');
    return { emailId: email.id, isNew: email.isNew };
  }
}
