import type { ImapFlow, MailboxLockObject } from 'imapflow';
import type { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import type { ImapConnector } from '../mailbox/imap-client.js';
import { toMailError } from '../mailbox/mail-errors.js';
import type { Mailbox, SyncCursor } from '../mailbox/mailbox.types.js';
import { Alarm } from './alarm.js';
import type { ImapSync } from './imap-sync.js';

const LOCK_TIMEOUT_MS = 15_000;
const LOGOUT_TIMEOUT_MS = 2_000;

export interface ConnectionOptions {
  /** The folder is looked at this often, whatever IDLE says. */
  pollMs: number;
  /** Without a completed pass or batch for this long the connection is destroyed. */
  watchdogMs: number;
  /** Longest wait for the answer to the question whether the connection still lives. */
  answerMs: number;
  /** A batch under way may take this long to end when the process stops; then the connection is closed. */
  stopMs: number;
}

export interface ConnectionEvents {
  connected(): void;
  idle(): void;
  synced(counts: { fetched: number; stored: number }): Promise<void>;
}

/** One connection from login to its end: a pass, IDLE until something happens or it is time to poll, the next pass. */
export class ImapConnection {
  private readonly alarm: Alarm;
  private client: ImapFlow | null = null;
  private isClosed = false;
  private failure: AppError | null = null;
  private lastProgressMs: number;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly connector: ImapConnector,
    private readonly sync: ImapSync,
    private readonly clock: Clock,
    private readonly options: ConnectionOptions,
    private readonly events: ConnectionEvents,
  ) {
    this.alarm = new Alarm(clock);
    this.lastProgressMs = clock.monotonicMs();
  }

  /** Ends IDLE: there may be new mail, or it is time to stop. */
  wake(): void {
    this.alarm.ring();
  }

  /** Runs until `signal` or the end of the connection. @throws AppError MAIL_*, or what the store threw */
  async run(signal: AbortSignal): Promise<void> {
    const client = await this.connector.connect(this.mailbox, { onClose: () => this.closed(), signal });
    this.client = client;
    const watchdog = setInterval(() => this.watch(), Math.max(10, this.options.watchdogMs / 10));
    const ended = new AbortController();
    const onStop = (): void => this.closeAfterGrace(ended.signal);
    signal.addEventListener('abort', onStop, { once: true });
    try {
      const lock = await this.open(client);
      try {
        await this.follow(client, signal);
      } finally {
        lock.release();
      }
    } catch (error) {
      throw this.failure ?? error;
    } finally {
      clearInterval(watchdog);
      signal.removeEventListener('abort', onStop);
      ended.abort();
      await this.leave(client);
    }
    if (this.failure) throw this.failure;
  }

  private async open(client: ImapFlow): Promise<MailboxLockObject> {
    // Listening first: a mail that arrives while the folder is opened must not be slept over.
    client.on('exists', () => this.wake());
    try {
      return await client.getMailboxLock(this.mailbox.imap!.folder, {
        readOnly: true,
        acquireTimeout: LOCK_TIMEOUT_MS,
      });
    } catch (error) {
      throw toMailError(error);
    }
  }

  private async follow(client: ImapFlow, signal: AbortSignal): Promise<void> {
    const uidValidity = client.mailbox && client.mailbox.uidValidity;
    let cursor = this.mailbox.cursor as SyncCursor;
    this.events.connected();
    while (!signal.aborted && !this.isClosed) {
      const result = await this.sync.pass(client, this.mailbox, cursor, () => this.progress(), signal);
      cursor = result.cursor;
      this.progress();
      await this.events.synced(result);
      this.events.idle();
      await this.idle(client, signal);
      if (client.mailbox && client.mailbox.uidValidity !== uidValidity) throw folderReplaced();
    }
  }

  /** IDLE is a hint: some servers and most dead connections say nothing, so the poll comes anyway. */
  private async idle(client: ImapFlow, signal: AbortSignal): Promise<void> {
    const idling = client.idle().catch(() => undefined); // ends with the connection, which is noticed below
    await this.alarm.wait(this.options.pollMs);
    if (signal.aborted || this.isClosed) return;
    // Breaks IDLE, and tells a living server from a silent one as well as a folder from its successor of the same name.
    await this.within(this.options.answerMs, client.status(this.mailbox.imap!.folder, { uidValidity: true }));
    await idling;
  }

  private async within<T>(ms: number, answer: Promise<T>): Promise<T> {
    const timer = new AbortController();
    const late = this.clock.sleep(ms, timer.signal).then(
      () => this.destroy('The mail server stopped answering.'),
      () => undefined,
    );
    try {
      return await answer;
    } catch (error) {
      throw toMailError(error);
    } finally {
      timer.abort();
      await late;
    }
  }

  private closeAfterGrace(ended: AbortSignal): void {
    this.clock.sleep(this.options.stopMs, ended).then(
      () => this.destroy('The process stops.'),
      () => undefined, // it ended in time
    );
  }

  private progress(): void {
    this.lastProgressMs = this.clock.monotonicMs();
  }

  private watch(): void {
    if (this.clock.monotonicMs() - this.lastProgressMs < this.options.watchdogMs) return;
    this.destroy('The mailbox could not be read for too long.');
  }

  private destroy(why: string): void {
    this.failure ??= new AppError('MAIL_CONNECTION', why, { retryable: true });
    this.client?.close();
  }

  private closed(): void {
    this.isClosed = true;
    this.wake();
  }

  /** Says goodbye if the server still listens, and closes in any case. */
  private async leave(client: ImapFlow): Promise<void> {
    const timer = new AbortController();
    const late = this.clock.sleep(LOGOUT_TIMEOUT_MS, timer.signal).catch(() => undefined); // logged out in time
    const logout = this.isClosed ? Promise.resolve() : client.logout().catch(() => undefined); // it is closed below
    await Promise.race([logout, late]);
    timer.abort();
    client.close();
  }
}

const folderReplaced = (): AppError =>
  new AppError('MAIL_CONNECTION', 'The folder was replaced by another one of the same name.', { retryable: true });
