import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from './api-client';
import { ADMIN, TEST_SECRETS } from './app';
import { eventually } from './eventually';
import { MailStack } from './mailstack';
import { type StartedProcess, startProcess } from './process';
import type { TestStore } from './store';

export interface EmailRow {
  id: string;
  state: string;
  stateReason: string | null;
  replyId: string | null;
  subject: string | null;
  classification: { engine: string; category: string } | null;
}

export interface OutboxRow {
  id: string;
  state: string;
  messageId: string;
  replyId: string;
  evidence: string | null;
  sentCopy: string;
  attempts: { no: number }[];
}

const ARTICLE = {
  title: 'Reset your password',
  body: 'Open the login page and press "Forgot password". We send you a link to reset your password.',
  language: 'en',
  status: 'published',
};
/** A killed process leaves its lease on the mailbox behind (30 s): the next one reads the folder only after it. */
const PATIENCE_MS = 60_000;

/**
 * Mailwright as a process on one mailbox of a real Dovecot and Postfix: IMAP over TLS, submission with STARTTLS and login,
 * certificates checked against the authority of the test. It can be killed and started again on what it stored.
 */
export class SupportDesk {
  private readonly dataDir = mkdtempSync(join(tmpdir(), 'mailwright-desk-'));
  private readonly database: string;
  private process: StartedProcess | null = null;
  private client: ApiClient | null = null;

  /** @param address the mailbox, a user of the stack @param name unique in the store */
  constructor(
    private readonly stack: MailStack,
    private readonly store: TestStore,
    readonly address: string,
    name: string,
    private readonly extraEnv: Record<string, string> = {},
  ) {
    this.database = `${new URL(store.uri).pathname.slice(1)}_${name.replaceAll('.', '_')}`;
  }

  get api(): ApiClient {
    if (!this.client) throw new Error('the desk is not started');
    return this.client;
  }

  get url(): string {
    return this.process!.url;
  }

  async start(failpoints = ''): Promise<void> {
    this.process = await startProcess({ ...this.env(), FAILPOINTS: failpoints });
    this.client = await ApiClient.login(this.process.url, ADMIN.username, ADMIN.password);
  }

  /** Without an article there is nothing to answer with. */
  async teach(): Promise<void> {
    await this.api.post('/knowledge', ARTICLE);
  }

  /** How the process ended, e.g. `SIGKILL`. */
  exited(): Promise<number | string> {
    return this.process!.exited;
  }

  async stop(): Promise<void> {
    await this.process?.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** What no view shows: the stored email. */
  async storedEmail(id: string): Promise<Record<string, unknown> | null> {
    const database = this.store.connection.useDb(this.database, { useCache: true });
    return database.collection<{ _id: string }>('emails').findOne({ _id: id });
  }

  async emails(): Promise<EmailRow[]> {
    return (await this.api.get<{ items: EmailRow[] }>('/emails')).items;
  }

  async outbox(): Promise<OutboxRow[]> {
    return (await this.api.get<{ items: OutboxRow[] }>('/outbox')).items;
  }

  /** The email with this subject, once it is in one of the states. */
  async untilEmail(subject: string, ...states: string[]): Promise<EmailRow> {
    return eventually(
      async () => (await this.emails()).find((row) => row.subject === subject && states.includes(row.state)),
      PATIENCE_MS,
      () => ({ subject, states, output: this.process?.output().slice(-2_000) }),
    );
  }

  /** Mails in a folder of the user, once there are at least `count`. */
  async untilMails(user: string, count: number, folder = 'INBOX'): Promise<string[]> {
    return eventually(async () => {
      const mails = await this.stack.messages(user, folder);
      return mails.length >= count ? mails.map(({ source }) => source) : null;
    }, PATIENCE_MS);
  }

  /** The only mail in the outbox, once it is in one of the states and nothing is left to do for its copy. */
  async untilOutbox(...states: string[]): Promise<OutboxRow> {
    let seen: unknown = null;
    return eventually(
      async () => {
        const items = await this.outbox();
        seen = items;
        const [item] = items;
        return item && states.includes(item.state) && (item.state !== 'sent' || item.sentCopy === 'done') ? item : null;
      },
      PATIENCE_MS,
      () => seen,
    );
  }

  private env(): Record<string, string> {
    const { imaps, submission } = this.stack.ports;
    const uri = new URL(this.store.uri);
    uri.pathname = `/${this.database}`;
    const caFile = join(this.dataDir, 'ca.pem');
    writeFileSync(caFile, this.stack.ca);
    return {
      NODE_ENV: 'test',
      LOG_LEVEL: 'warn',
      DATA_DIR: this.dataDir,
      MONGO_URI: uri.href,
      ...TEST_SECRETS,
      ADMIN_PASSWORD: ADMIN.password,
      PORT: '0',
      SMTP_INTAKE_PORT: '0',
      MAILBOX_ADDRESS: this.address,
      MAILBOX_NAME: 'Example Support',
      MAILBOX_IMAP_HOST: '127.0.0.1',
      MAILBOX_IMAP_PORT: String(imaps),
      MAILBOX_IMAP_PASSWORD: MailStack.PASSWORD,
      MAILBOX_FETCH_FROM: 'day',
      MAILBOX_SMTP_HOST: '127.0.0.1',
      MAILBOX_SMTP_PORT: String(submission),
      MAILBOX_SMTP_SECURITY: 'starttls',
      MAILBOX_TLS_CA_FILE: caFile,
      WORKFLOW_LEASE_SECONDS: '2',
      UNDO_WINDOW_SECONDS: '0',
      UNKNOWN_GRACE_SECONDS: '1',
      ...this.extraEnv,
    };
  }
}
