import { readFileSync } from 'node:fs';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectPinoLogger, PinoLogger } from 'nestjs-pino';
import { Clock } from '../../common/clock.js';
import { AppError } from '../../common/errors.js';
import { newId } from '../../common/id.js';
import { AppConfig } from '../../config/app-config.js';
import { ConfigError } from '../../config/secret-rules.js';
import { type EnvironmentMailbox, environmentMailbox } from './environment-mailbox.js';
import { DEFAULT_POLICY, initialCursor, NEVER_SYNCED } from './mailbox-defaults.js';
import { MailboxSecrets } from './mailbox-secrets.service.js';
import { type MailboxPatch, MailboxRepository, type NewMailbox } from './mailbox.repository.js';
import type { ImapSettings, Mailbox, Mode, ServerSettings } from './mailbox.types.js';

const BUILTIN = { name: 'local', address: 'support@localhost' } as const;

/** At start: the mailbox of the environment, the built-in one when there is no other, secrets under the current key. */
@Injectable()
export class MailboxBootstrap implements OnApplicationBootstrap {
  constructor(
    private readonly mailboxes: MailboxRepository,
    private readonly secrets: MailboxSecrets,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    @InjectPinoLogger(MailboxBootstrap.name) private readonly logger: PinoLogger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.run();
  }

  /** May run in several replicas at once and any number of times. */
  async run(): Promise<void> {
    const wanted = environmentMailbox(this.config.env, this.readCa());
    await this.releaseFormer(wanted);
    if (wanted) await this.apply(wanted);
    else if ((await this.mailboxes.count()) === 0) await this.insertIfAbsent(this.builtin());
    const rotated = await this.secrets.rotate();
    if (rotated > 0) this.logger.info({ rotated }, 'mailbox secrets encrypted with the current key');
  }

  /** A mailbox whose variables are gone is not read any more; it can be resumed or removed in the API. */
  private async releaseFormer(wanted: EnvironmentMailbox | null): Promise<void> {
    const former = await this.mailboxes.findManaged('environment');
    if (!former || former.address === wanted?.settings.address) return;
    await this.mailboxes.update(former.id, { managed: null, environmentMode: null, paused: true, pausedReason: null });
    this.logger.warn({ mailboxId: former.id }, 'MAILBOX_ADDRESS names another mailbox now: the former one is paused');
  }

  private async apply(wanted: EnvironmentMailbox): Promise<void> {
    const { address } = wanted.settings;
    const before = (await this.mailboxes.findByAddresses([address])) ?? (await this.insertIfAbsent(this.fresh(wanted)));
    const environmentMode = (await this.mailboxes.findManaged('environment'))?.environmentMode ?? null;
    const mailbox = await this.mailboxes.update(before.id, this.toPatch(before, wanted, environmentMode));
    this.logger.info(
      { mailboxId: mailbox?.id, imap: wanted.imap !== null, smtp: wanted.smtp !== null },
      'mailbox of the environment',
    );
  }

  private toPatch(before: Mailbox, wanted: EnvironmentMailbox, environmentMode: Mode | null): MailboxPatch {
    const imap = this.imapSettings(before, wanted);
    const isSamePlace =
      before.cursor !== null &&
      before.imap?.host === imap?.host &&
      before.imap?.user === imap?.user &&
      before.imap?.folder === imap?.folder;
    const isChanged = imap?.secret !== before.imap?.secret || !isSamePlace;
    const mode = wanted.mode === environmentMode ? before.policy.mode : wanted.mode;
    return {
      ...wanted.settings,
      managed: 'environment',
      imap,
      smtp: this.smtpSettings(before, wanted),
      cursor: imap && (isSamePlace ? before.cursor : initialCursor(imap.fetchFrom, this.clock.now())),
      policy: { ...before.policy, mode },
      environmentMode: wanted.mode,
      // New settings are tried at once; a pause by a person stays.
      ...(isChanged && before.pausedReason !== null ? { paused: false, pausedReason: null } : {}),
      ...(isChanged && before.sync.state === 'auth_failed' ? { sync: NEVER_SYNCED } : {}),
    };
  }

  private imapSettings(before: Mailbox, wanted: EnvironmentMailbox): ImapSettings | null {
    if (!wanted.imap) return null;
    const { plainSecret, ...rest } = wanted.imap;
    return { ...rest, secret: this.seal(before, 'imap', plainSecret) };
  }

  private smtpSettings(before: Mailbox, wanted: EnvironmentMailbox): ServerSettings | null {
    if (!wanted.smtp) return null;
    const { plainSecret, ...rest } = wanted.smtp;
    return { ...rest, secret: this.seal(before, 'smtp', plainSecret) };
  }

  /** Keeps the stored ciphertext when the secret is the same: otherwise each start would look like a change of settings. */
  private seal(before: Mailbox, part: 'imap' | 'smtp', plain: string): string | null {
    if (!plain) return null;
    const stored = before[part]?.secret ?? null;
    const isSame = stored !== null && this.opens(before, part, plain);
    return isSame ? stored : this.secrets.seal(before.id, part, plain);
  }

  private opens(before: Mailbox, part: 'imap' | 'smtp', plain: string): boolean {
    try {
      return this.secrets.open(before, part) === plain;
    } catch (error) {
      // Under a key that is gone: the environment has the secret, so it is simply sealed anew.
      if (error instanceof AppError) return false;
      throw error;
    }
  }

  private fresh(wanted: EnvironmentMailbox): NewMailbox {
    return {
      ...this.builtin(),
      ...wanted.settings,
      policy: { ...DEFAULT_POLICY, mode: wanted.mode },
      managed: 'environment',
      environmentMode: wanted.mode,
    };
  }

  private builtin(): NewMailbox {
    return {
      id: newId(),
      ...BUILTIN,
      aliases: [],
      imap: null,
      smtp: null,
      authservIds: [],
      policy: DEFAULT_POLICY,
      paused: false,
      pausedReason: null,
      cursor: null,
      sync: NEVER_SYNCED,
      managed: 'builtin',
    };
  }

  /** Another replica may insert the same one first. */
  private async insertIfAbsent(mailbox: NewMailbox): Promise<Mailbox> {
    try {
      return await this.mailboxes.insert(mailbox);
    } catch (error) {
      const other = await this.mailboxes.findByAddresses([mailbox.address]);
      if (other) return other;
      throw error;
    }
  }

  private readCa(): string | null {
    const file = this.config.env.MAILBOX_TLS_CA_FILE;
    if (!file) return null;
    try {
      return readFileSync(file, 'utf8');
    } catch {
      throw new ConfigError(`MAILBOX_TLS_CA_FILE names a file that cannot be read: ${file}`);
    }
  }
}
