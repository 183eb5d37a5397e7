import type { Connection } from 'mongoose';
import { PinoLogger } from 'nestjs-pino';
import { Clock } from '../../src/common/clock';
import { newId } from '../../src/common/id';
import { LeaseRepository } from '../../src/jobs/lease.repository';
import { LEASE_MODEL, type LeaseDoc, leaseSchema } from '../../src/jobs/lease.schema';
import { LeaseService } from '../../src/jobs/lease.service';
import { ImapReport } from '../../src/mail/intake/imap-report';
import { SessionParts } from '../../src/mail/intake/imap-session';
import { ImapSupervisor } from '../../src/mail/intake/imap-supervisor.service';
import { ImapSync } from '../../src/mail/intake/imap-sync';
import { CredentialCipher } from '../../src/mail/mailbox/credential-cipher';
import { HostGuard } from '../../src/mail/mailbox/host-guard';
import { ImapConnector } from '../../src/mail/mailbox/imap-client';
import { DEFAULT_POLICY, initialCursor, NEVER_SYNCED } from '../../src/mail/mailbox/mailbox-defaults';
import { MailboxDirectory } from '../../src/mail/mailbox/mailbox-directory.service';
import { MailboxSecrets } from '../../src/mail/mailbox/mailbox-secrets.service';
import { MailboxRepository, type NewMailbox } from '../../src/mail/mailbox/mailbox.repository';
import { MAILBOX_MODEL, type MailboxDoc, mailboxSchema } from '../../src/mail/mailbox/mailbox.schema';
import type { ImapSettings, Mailbox } from '../../src/mail/mailbox/mailbox.types';
import type { RawMessage } from '../../src/mail/message/raw-message.types';
import { RAW_MESSAGE_MODEL } from '../../src/mail/message/raw-message.schema';
import { aConfig, aMailStore, aModel } from './mail-store';

export const quietLogger = new PinoLogger({ pinoHttp: { level: 'silent' } });

/** A mailbox without servers; the test names what matters. */
export function aMailbox(fields: Partial<NewMailbox> = {}): NewMailbox {
  const id = newId();
  return {
    id,
    name: `mailbox ${id}`,
    address: `support-${id}@example.org`,
    aliases: [],
    imap: null,
    smtp: null,
    authservIds: [],
    policy: DEFAULT_POLICY,
    paused: false,
    pausedReason: null,
    cursor: null,
    sync: NEVER_SYNCED,
    managed: null,
    ...fields,
  };
}

/** Everything of src/mail/mailbox and src/mail/intake that works on a store, wired by hand on a real one. */
export async function anIntakeStore(connection: Connection, settings: Record<string, unknown> = {}) {
  const clock = new Clock();
  const config = aConfig({ ALLOW_PRIVATE_HOSTS: true, ...settings });
  const mail = await aMailStore(connection, clock);
  const mailboxes = new MailboxRepository(await aModel<MailboxDoc>(connection, MAILBOX_MODEL, mailboxSchema));
  const leaseModel = await aModel<LeaseDoc>(connection, LEASE_MODEL, leaseSchema);
  const secrets = new MailboxSecrets(new CredentialCipher(config), mailboxes);
  const guard = new HostGuard(config);
  const connector = new ImapConnector(guard, secrets, config);
  const sync = new ImapSync(mailboxes, mail.intake, config, clock);
  const report = new ImapReport(mailboxes, clock, quietLogger);
  const parts = new SessionParts(mailboxes, connector, sync, report, clock, config);
  const rawModel = connection.model(RAW_MESSAGE_MODEL);
  return {
    ...mail,
    clock,
    config,
    mailboxes,
    directory: new MailboxDirectory(mailboxes),
    secrets,
    guard,
    connector,
    sync,
    leases: (at: Clock = clock) => new LeaseService(new LeaseRepository(leaseModel, at), at),
    /** A replica of its own; several may run at once. */
    supervisor: () =>
      new ImapSupervisor(
        mailboxes,
        new LeaseService(new LeaseRepository(leaseModel, clock), clock),
        parts,
        report,
        config,
        quietLogger,
      ),
    /** What was taken in for a mailbox, oldest first. */
    rawOf: async (mailboxId: string): Promise<RawMessage[]> =>
      rawModel.find({ mailboxId }).sort({ _id: 1 }).lean<RawMessage[]>().exec(),
    subjectsOf: async (mailboxId: string): Promise<string[]> => {
      const raws = await rawModel.find({ mailboxId }).sort({ _id: 1 }).lean<{ _id: string }[]>().exec();
      const bytes = await Promise.all(raws.map((raw) => mail.rawMessages.readBytes(raw._id)));
      return bytes.map((raw) => /^Subject: (.*?)\r?$/m.exec(raw.toString('latin1'))?.[1] ?? '');
    },
    /** Stores a mailbox that is read over IMAP from the given server. */
    addImapMailbox: async (
      imap: Partial<ImapSettings> & { plain: string },
      fields: Partial<NewMailbox> = {},
    ): Promise<Mailbox> => {
      const { plain, ...rest } = imap;
      const id = newId();
      const full: ImapSettings = {
        host: '127.0.0.1',
        port: 993,
        security: 'tls',
        user: '',
        auth: 'password',
        secret: secrets.seal(id, 'imap', plain),
        tlsCa: null,
        folder: 'INBOX',
        fetchFrom: 'now',
        sentFolder: null,
        ...rest,
      };
      const cursor = initialCursor(full.fetchFrom, clock.now());
      return mailboxes.insert(aMailbox({ id, imap: full, cursor, ...fields }));
    },
  };
}
export type IntakeStore = Awaited<ReturnType<typeof anIntakeStore>>;
