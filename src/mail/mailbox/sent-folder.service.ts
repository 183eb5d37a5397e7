import { Injectable } from '@nestjs/common';
import type { ImapFlow } from 'imapflow';
import { AppError } from '../../common/errors.js';
import { ImapConnector } from './imap-client.js';
import { toMailError } from './mail-errors.js';
import type { Mailbox } from './mailbox.types.js';

const LOCK_TIMEOUT_MS = 15_000;

/** appended: the copy was made; present: it was there; no_folder: no IMAP, or the server has no folder for sent mail. */
export type SentCopy = 'appended' | 'present' | 'no_folder';

/** The folder of sent mail: copies of our replies, and the evidence for sends whose outcome is unknown. */
@Injectable()
export class SentFolderService {
  constructor(private readonly imap: ImapConnector) {}

  /**
   * Puts a copy of a sent reply there, once: looks for its Message-ID first (some providers save sent mail by themselves).
   * @param messageId with angle brackets
   * @throws AppError MAIL_AUTH, MAIL_CONNECTION or MAIL_LIMIT
   */
  async append(mailbox: Mailbox, messageId: string, mime: Buffer): Promise<SentCopy> {
    return this.inSentFolder(mailbox, async (client, path) => {
      if (await isThere(client, messageId)) return 'present';
      const appended = await client.append(path, mime, ['\\Seen']);
      if (!appended)
        throw new AppError('MAIL_CONNECTION', 'The mail server did not take the copy.', { retryable: true });
      return 'appended';
    }).then((result) => result ?? 'no_folder');
  }

  /**
   * Whether the folder holds the mail. False is weak evidence: the server may save sent mail elsewhere or not at all.
   * @throws AppError MAIL_AUTH, MAIL_CONNECTION or MAIL_LIMIT when it cannot be looked up
   */
  async hasMessage(mailbox: Mailbox, messageId: string): Promise<boolean> {
    return (await this.inSentFolder(mailbox, (client) => isThere(client, messageId))) ?? false;
  }

  /** Runs `work` with the folder open on a connection of its own; null when there is no such folder. */
  private async inSentFolder<T>(
    mailbox: Mailbox,
    work: (client: ImapFlow, path: string) => Promise<T>,
  ): Promise<T | null> {
    if (!mailbox.imap) return null;
    const client = await this.imap.connect(mailbox);
    try {
      const path = mailbox.imap.sentFolder ?? (await findSentFolder(client));
      if (path === null) return null;
      const lock = await client.getMailboxLock(path, { acquireTimeout: LOCK_TIMEOUT_MS });
      try {
        return await work(client, path);
      } finally {
        lock.release();
      }
    } catch (error) {
      throw toMailError(error);
    } finally {
      client.close();
    }
  }
}

/** The folder marked \Sent (RFC 6154), or the one imapflow knows by its name. */
async function findSentFolder(client: ImapFlow): Promise<string | null> {
  const folders = await client.list();
  return folders.find((folder) => folder.specialUse === '\\Sent')?.path ?? null;
}

async function isThere(client: ImapFlow, messageId: string): Promise<boolean> {
  const found = await client.search({ header: { 'Message-ID': messageId } }, { uid: true });
  if (!found) throw new AppError('MAIL_CONNECTION', 'The mail server refused the search.', { retryable: true });
  return found.length > 0;
}
