import { Injectable } from '@nestjs/common';
import { AuditService } from '../../auth/audit.service.js';
import { Clock } from '../../common/clock.js';
import { conflict, invalidInput, notFound } from '../../common/errors.js';
import type { Principal } from '../../common/http/access.decorators.js';
import { type Page, type PageQuery, toPage } from '../../common/http/page.js';
import { newId } from '../../common/id.js';
import { DEFAULT_POLICY, initialCursor, NEVER_SYNCED } from './mailbox-defaults.js';
import { MailboxSecrets } from './mailbox-secrets.service.js';
import type { CreateMailbox, ImapInput, PolicyPatch, SmtpInput, UpdateMailbox } from './mailbox.dto.js';
import { type MailboxPatch, MailboxRepository } from './mailbox.repository.js';
import type { Mailbox, ServerSettings } from './mailbox.types.js';
import { toMailboxView } from './mailbox.view.js';

/** What people do with mailboxes; each change is audited without secrets. */
@Injectable()
export class MailboxService {
  constructor(
    private readonly mailboxes: MailboxRepository,
    private readonly secrets: MailboxSecrets,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async list(query: PageQuery): Promise<Page<Mailbox>> {
    return toPage(await this.mailboxes.list(query.limit + 1, query.cursor), query.limit);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: string): Promise<Mailbox> {
    const mailbox = await this.mailboxes.findById(id);
    if (!mailbox) throw notFound('mailbox', id);
    return mailbox;
  }

  /** @throws AppError CONFLICT when the name or one of the addresses is taken */
  async create(actor: Principal, input: CreateMailbox): Promise<Mailbox> {
    const id = newId();
    const { policy, imap, smtp, ...rest } = input;
    await this.assertAddressesFree(id, [input.address, ...input.aliases]);
    const mailbox = await this.mailboxes.insert({
      id,
      ...rest,
      imap: imap && this.sealed(id, 'imap', imap, null),
      smtp: smtp && this.sealed(id, 'smtp', smtp, null),
      policy: { ...DEFAULT_POLICY, ...policy },
      paused: false,
      pausedReason: null,
      cursor: imap && initialCursor(imap.fetchFrom, this.clock.now()),
      sync: NEVER_SYNCED,
      managed: null,
    });
    await this.record(actor, 'mailbox.create', null, mailbox);
    return mailbox;
  }

  /** Replaces the given settings. @throws AppError CONFLICT when the environment manages the mailbox */
  async update(actor: Principal, id: string, input: UpdateMailbox): Promise<Mailbox> {
    const before = await this.get(id);
    if (before.managed) throw conflict(managedText(before));
    const addresses = [input.address ?? before.address, ...(input.aliases ?? before.aliases)];
    if (input.address || input.aliases) await this.assertAddressesFree(id, addresses);
    return this.save(actor, 'mailbox.update', before, this.toPatch(before, input));
  }

  async updatePolicy(actor: Principal, id: string, input: PolicyPatch): Promise<Mailbox> {
    const before = await this.get(id);
    return this.save(actor, 'mailbox.policy', before, { policy: { ...before.policy, ...input } });
  }

  /** Stops reading and answering until somebody resumes it; what was taken in stays. */
  async pause(actor: Principal, id: string): Promise<Mailbox> {
    return this.save(actor, 'mailbox.pause', await this.get(id), { paused: true, pausedReason: null });
  }

  /** Goes on, at once also after a refused login. */
  async resume(actor: Principal, id: string): Promise<Mailbox> {
    const before = await this.get(id);
    const sync = before.sync.state === 'auth_failed' ? { sync: NEVER_SYNCED } : {};
    // The request wakes a session that sits out a refused login.
    const patch = { paused: false, pausedReason: null, syncRequestedAt: this.clock.now(), ...sync };
    return this.save(actor, 'mailbox.resume', before, patch);
  }

  /** Asks the replica that holds the connection to look for mail within seconds. */
  async requestSync(id: string): Promise<Mailbox> {
    const mailbox = await this.get(id);
    if (!mailbox.imap) throw conflict('This mailbox is not read over IMAP.');
    if (mailbox.paused && !mailbox.pausedReason) throw conflict('This mailbox is paused; resume it first.');
    await this.mailboxes.requestSync(id, this.clock.now());
    return mailbox;
  }

  async delete(actor: Principal, id: string): Promise<void> {
    const before = await this.get(id);
    if (before.managed) throw conflict(managedText(before));
    if (await this.mailboxes.delete(id)) await this.record(actor, 'mailbox.delete', before, null);
  }

  private toPatch(before: Mailbox, input: UpdateMailbox): MailboxPatch {
    const { imap, smtp, ...patch } = input;
    return { ...patch, ...(imap === undefined ? {} : this.imapPatch(before, imap)), ...this.smtpPatch(before, smtp) };
  }

  private smtpPatch(before: Mailbox, smtp: SmtpInput | null | undefined): MailboxPatch {
    return smtp === undefined ? {} : { smtp: smtp && this.sealed(before.id, 'smtp', smtp, before.smtp) };
  }

  /** Another folder or account starts anew; changed settings are tried at once, also after a refused login. */
  private imapPatch(before: Mailbox, imap: ImapInput | null): MailboxPatch {
    if (!imap) return { imap: null, cursor: null, sync: NEVER_SYNCED };
    const isSamePlace =
      before.cursor !== null &&
      before.imap?.host === imap.host &&
      before.imap.user === imap.user &&
      before.imap.folder === imap.folder;
    return {
      imap: this.sealed(before.id, 'imap', imap, before.imap),
      cursor: isSamePlace ? before.cursor : initialCursor(imap.fetchFrom, this.clock.now()),
      ...(before.sync.state === 'auth_failed' ? { sync: NEVER_SYNCED } : {}),
      ...(before.pausedReason === null ? {} : { paused: false, pausedReason: null }),
    };
  }

  private sealed<T extends ImapInput | SmtpInput>(
    id: string,
    part: 'imap' | 'smtp',
    input: T,
    before: ServerSettings | null,
  ): Omit<T, 'secret'> & { secret: string | null } {
    const { secret, ...rest } = input;
    if (secret !== undefined) return { ...rest, secret: this.secrets.seal(id, part, secret) };
    // A stored secret must not be sent to another server or account by changing only the host.
    const isSameAccount = before === null || (before.host === input.host && before.user === input.user);
    if (!isSameAccount && before.secret !== null) {
      throw invalidInput(`${part}: enter the password again when host or user change.`);
    }
    return { ...rest, secret: before?.secret ?? null };
  }

  private async assertAddressesFree(id: string, addresses: string[]): Promise<void> {
    for (const address of addresses) {
      const owner = await this.mailboxes.findByAddresses([address]);
      if (owner && owner.id !== id)
        throw conflict('Another mailbox has one of these addresses.', { mailboxId: owner.id });
    }
  }

  private async save(actor: Principal, action: string, before: Mailbox, patch: MailboxPatch): Promise<Mailbox> {
    const after = await this.mailboxes.update(before.id, patch);
    if (!after) throw notFound('mailbox', before.id);
    await this.record(actor, action, before, after);
    return after;
  }

  private async record(actor: Principal, action: string, before: Mailbox | null, after: Mailbox | null): Promise<void> {
    const target = `mailbox:${(after ?? before)!.id}`;
    const views = { before: before && toMailboxView(before), after: after && toMailboxView(after) };
    await this.audit.record({ actor: { id: actor.id, username: actor.username }, action, target, ...views });
  }
}

const managedText = (mailbox: Mailbox): string =>
  mailbox.managed === 'environment'
    ? 'This mailbox comes from the MAILBOX_* variables: change them and start again.'
    : 'This is the built-in local mailbox: only its policy can be changed.';
