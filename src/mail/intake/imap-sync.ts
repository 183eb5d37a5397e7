import { Injectable } from '@nestjs/common';
import type { ImapFlow } from 'imapflow';
import { Clock } from '../../common/clock.js';
import { AppError, conflict } from '../../common/errors.js';
import { failpoint } from '../../common/failpoint.js';
import { AppConfig } from '../../config/app-config.js';
import { toMailError } from '../mailbox/mail-errors.js';
import { MailboxRepository } from '../mailbox/mailbox.repository.js';
import type { Mailbox, SyncCursor } from '../mailbox/mailbox.types.js';
import { RawIntakeService } from '../message/raw-intake.service.js';
import { HEADER_PEEK_BYTES, headersOnly } from './headers-only.js';
import { BATCH_MAILS, batches, chunks, cursorFor, isWanted, type Listed, searchSince } from './imap-scan.js';

export interface SyncResult {
  /** Where the next pass begins. */
  cursor: SyncCursor;
  fetched: number;
  stored: number;
}

interface Fetched {
  uid: number;
  bytes: Buffer;
  receivedAt: Date;
  oversize: boolean;
}

/**
 * One pass over the open folder of a connection: lists what is new by UID, fetches it oldest first, stores the bytes, and
 * only then moves the cursor. Flags are neither read nor written. A crash anywhere repeats at most one batch, whose mails
 * are recognised.
 */
@Injectable()
export class ImapSync {
  constructor(
    private readonly mailboxes: MailboxRepository,
    private readonly rawIntake: RawIntakeService,
    private readonly config: AppConfig,
    private readonly clock: Clock,
  ) {}

  /**
   * @param client with the mailbox's folder open
   * @param onProgress called after each stored batch: a long first pass is not a hang
   * @param signal ends the pass after the batch under way
   * @throws AppError MAIL_* for the server, CONFLICT when somebody else moved the cursor, or the error of the store
   */
  async pass(
    client: ImapFlow,
    mailbox: Mailbox,
    cursor: SyncCursor,
    onProgress: () => void,
    signal: AbortSignal,
  ): Promise<SyncResult> {
    const folder = client.mailbox;
    if (!folder) throw new AppError('MAIL_CONNECTION', 'The folder was closed.', { retryable: true });
    let position = cursorFor(String(folder.uidValidity), cursor, this.clock.now());
    if (position !== cursor) await this.move(mailbox, cursor, position);
    const known = folder.uidNext - 1; // as of opening: every mail up to it is in the answer below
    const uids = await this.newUids(client, position);
    const result = { fetched: 0, stored: 0 };
    for (const chunk of chunks(uids, BATCH_MAILS)) {
      const listed = await this.list(client, chunk);
      const wanted = listed.filter((mail) => isWanted(mail, position));
      for (const batch of batches(wanted, this.config.env.MAIL_MAX_BYTES)) {
        const mails = await this.fetch(client, batch);
        await failpoint('imap.after_fetch');
        result.fetched += mails.length;
        result.stored += await this.store(mailbox, position.uidValidity, mails);
        await failpoint('imap.before_cursor');
        position = await this.move(mailbox, position, { ...position, lastUid: batch.at(-1)!.uid });
        onProgress();
        if (signal.aborted) return { cursor: position, ...result };
      }
      position = await this.moveUp(mailbox, position, chunk.at(-1)!);
    }
    return { cursor: await this.moveUp(mailbox, position, known), ...result };
  }

  private async newUids(client: ImapFlow, cursor: SyncCursor): Promise<number[]> {
    const since = searchSince(cursor.since);
    const query = { uid: `${cursor.lastUid + 1}:*`, ...(since ? { since } : {}) };
    const found = await fromServer(() => client.search(query, { uid: true }));
    if (!found) throw new AppError('MAIL_CONNECTION', 'The mail server refused the search.', { retryable: true });
    // `n:*` names the last mail even if its UID is below n (RFC 9051 section 6.4.9).
    return found.filter((uid) => uid > cursor.lastUid).sort((a, b) => a - b);
  }

  private async list(client: ImapFlow, uids: number[]): Promise<Listed[]> {
    const query = { uid: true, size: true, internalDate: true };
    const rows = await fromServer(() => client.fetchAll(uids.join(','), query, { uid: true }));
    return rows
      .map(({ uid, size, internalDate }) => ({ uid, size: size ?? 0, internalDate: this.toPast(internalDate) }))
      .sort((a, b) => a.uid - b.uid);
  }

  /** Mails that were deleted meanwhile are left out. */
  private async fetch(client: ImapFlow, batch: Listed[]): Promise<Fetched[]> {
    const limit = this.config.env.MAIL_MAX_BYTES;
    const whole = await this.download(
      client,
      batch.filter((mail) => mail.size <= limit),
      true,
    );
    const large = batch.filter((mail) => mail.size > limit);
    const heads = await this.download(client, large, { start: 0, maxLength: HEADER_PEEK_BYTES });
    const mails = batch.map((mail): Fetched | null => {
      const source = whole.get(mail.uid) ?? heads.get(mail.uid);
      if (!source) return null;
      const oversize = mail.size > limit;
      const bytes = oversize ? headersOnly(source, mail.size, limit) : source;
      return { uid: mail.uid, bytes, receivedAt: mail.internalDate, oversize };
    });
    return mails.filter((mail) => mail !== null);
  }

  private async download(
    client: ImapFlow,
    mails: Listed[],
    source: true | { start: number; maxLength: number },
  ): Promise<Map<number, Buffer>> {
    if (mails.length === 0) return new Map();
    const uids = mails.map((mail) => mail.uid).join(',');
    // fetchAll, not fetch: a command inside its loop would wait for itself.
    const rows = await fromServer(() => client.fetchAll(uids, { uid: true, source }, { uid: true }));
    return new Map(rows.flatMap((row) => (row.source ? [[row.uid, row.source] as const] : [])));
  }

  private async store(mailbox: Mailbox, uidValidity: string, mails: Fetched[]): Promise<number> {
    const { folder } = mailbox.imap!;
    return this.rawIntake.acceptAll(
      mailbox,
      mails.map(({ uid, bytes, receivedAt, oversize }) => {
        return { source: 'imap', folder, uidValidity, uid, bytes, receivedAt, oversize };
      }),
    );
  }

  private async moveUp(mailbox: Mailbox, from: SyncCursor, lastUid: number): Promise<SyncCursor> {
    return lastUid > from.lastUid ? this.move(mailbox, from, { ...from, lastUid }) : from;
  }

  private async move(mailbox: Mailbox, from: SyncCursor, to: SyncCursor): Promise<SyncCursor> {
    if (await this.mailboxes.advanceCursor(mailbox.id, from, to)) return to;
    throw conflict('The position in the mailbox was moved by somebody else.');
  }

  /** INTERNALDATE, but never in the future: the clock of a mail server may be wrong. */
  private toPast(internalDate: Date | string | undefined): Date {
    const now = this.clock.now();
    const date = new Date(internalDate ?? now);
    return Number.isNaN(date.getTime()) || date > now ? now : date;
  }
}

async function fromServer<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command();
  } catch (error) {
    throw toMailError(error);
  }
}
