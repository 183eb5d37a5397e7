import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { MailboxDirectory } from '../mail/mailbox/mailbox-directory.service.js';
import type { Mailbox } from '../mail/mailbox/mailbox.types.js';

/** A changed policy is obeyed within this time. Each mail asks for its mailbox several times: that many reads are saved. */
const MAX_AGE_MS = 2_000;

/** Mailboxes by id, at most MAX_AGE_MS old. */
@Injectable()
export class MailboxCache {
  private readonly entries = new Map<string, { mailbox: Promise<Mailbox>; atMs: number }>();

  private addresses: { value: Promise<string[]>; atMs: number } | null = null;

  constructor(
    private readonly directory: MailboxDirectory,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError NOT_FOUND when the mailbox was deleted */
  get(id: string): Promise<Mailbox> {
    const now = this.clock.monotonicMs();
    const entry = this.entries.get(id);
    if (entry && now - entry.atMs < MAX_AGE_MS) return entry.mailbox;
    const mailbox = this.directory.getById(id);
    this.entries.set(id, { mailbox, atMs: now });
    mailbox.catch(() => this.entries.delete(id)); // a failed read must not be served again
    return mailbox;
  }

  /** Addresses and aliases of every mailbox. */
  ownAddresses(): Promise<string[]> {
    const now = this.clock.monotonicMs();
    if (this.addresses && now - this.addresses.atMs < MAX_AGE_MS) return this.addresses.value;
    const value = this.directory.ownAddresses();
    this.addresses = { value, atMs: now };
    value.catch(() => (this.addresses = null));
    return value;
  }
}
