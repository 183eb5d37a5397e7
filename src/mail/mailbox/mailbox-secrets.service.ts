import { Injectable } from '@nestjs/common';
import { CredentialCipher, type SecretPlace } from './credential-cipher.js';
import { MailboxRepository } from './mailbox.repository.js';
import type { Mailbox } from './mailbox.types.js';

type Part = 'imap' | 'smtp';

const PAGE = 100;
const place = (mailboxId: string, part: Part): SecretPlace => ({ mailboxId, field: `${part}.secret` });

/** The only way to the plain secrets of a mailbox; they are asked for when a connection is opened and never kept. */
@Injectable()
export class MailboxSecrets {
  constructor(
    private readonly cipher: CredentialCipher,
    private readonly mailboxes: MailboxRepository,
  ) {}

  seal(mailboxId: string, part: Part, plain: string): string {
    return this.cipher.encrypt(plain, place(mailboxId, part));
  }

  /** The password or token in plain, or null when there is none. @throws AppError INTERNAL when it cannot be decrypted */
  open(mailbox: Mailbox, part: Part): string | null {
    const secret = mailbox[part]?.secret ?? null;
    return secret === null ? null : this.cipher.decrypt(secret, place(mailbox.id, part));
  }

  /** Encrypts again what is still under the previous key. @returns how many secrets were rotated */
  async rotate(): Promise<number> {
    let rotated = 0;
    let after: string | undefined;
    for (;;) {
      const page = await this.mailboxes.list(PAGE, after);
      for (const mailbox of page) {
        for (const part of ['imap', 'smtp'] as const) rotated += (await this.rotateOne(mailbox, part)) ? 1 : 0;
      }
      if (page.length < PAGE) return rotated;
      after = page.at(-1)!.id;
    }
  }

  private async rotateOne(mailbox: Mailbox, part: Part): Promise<boolean> {
    const stored = mailbox[part]?.secret ?? null;
    if (stored === null || !this.cipher.isOutdated(stored)) return false;
    const plain = this.cipher.decrypt(stored, place(mailbox.id, part));
    return this.mailboxes.replaceSecret(mailbox.id, part, stored, this.seal(mailbox.id, part, plain));
  }
}
