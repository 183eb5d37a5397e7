import { Injectable } from '@nestjs/common';
import { AppError, notFound } from '../../common/errors.js';
import { MailboxRepository } from './mailbox.repository.js';
import type { Mailbox } from './mailbox.types.js';

/** Finds the mailbox for a mail, and mailboxes by id for other modules. */
@Injectable()
export class MailboxDirectory {
  constructor(private readonly mailboxes: MailboxRepository) {}

  /** @throws AppError NOT_FOUND */
  async getById(id: string): Promise<Mailbox> {
    const mailbox = await this.mailboxes.findById(id);
    if (!mailbox) throw notFound('mailbox', id);
    return mailbox;
  }

  /** Addresses and aliases of every mailbox: mail from them is our own. */
  ownAddresses(): Promise<string[]> {
    return this.mailboxes.listAddresses();
  }

  async findByName(name: string): Promise<Mailbox | null> {
    return this.mailboxes.findByName(name);
  }

  /**
   * The mailbox that an envelope recipient belongs to: its address or an alias, also with a `+tag` (RFC 5233). While only
   * the built-in local mailbox exists it takes every recipient.
   */
  async findByRecipient(recipient: string): Promise<Mailbox | null> {
    const match = await this.mailboxes.findByAddresses(addressForms(recipient));
    if (match) return match;
    const builtin = await this.mailboxes.findManaged('builtin');
    return builtin && (await this.mailboxes.count()) === 1 ? this.getById(builtin.id) : null;
  }

  /** Where mail without a recipient goes (drop folder, upload): the built-in one, else that of the environment, else the oldest. */
  async defaultMailbox(): Promise<Mailbox> {
    const managed = (await this.mailboxes.findManaged('builtin')) ?? (await this.mailboxes.findManaged('environment'));
    const mailbox = managed ? await this.mailboxes.findById(managed.id) : await this.mailboxes.findOldest();
    if (!mailbox) throw new AppError('UNAVAILABLE', 'There is no mailbox yet.', { retryable: true });
    return mailbox;
  }
}

/** The address in lower case, and without its `+tag`. */
export function addressForms(recipient: string): string[] {
  const address = recipient.trim().toLowerCase();
  const at = address.lastIndexOf('@');
  const plus = address.indexOf('+');
  if (plus <= 0 || plus > at) return [address];
  return [address, address.slice(0, plus) + address.slice(at)];
}
