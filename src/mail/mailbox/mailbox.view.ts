import type { MailboxView } from './mailbox.dto.js';
import type { Mailbox, ServerSettings } from './mailbox.types.js';

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

const serverView = ({ host, port, security, user, auth, secret, tlsCa }: ServerSettings) => ({
  host,
  port,
  security,
  user,
  auth,
  hasSecret: secret !== null,
  tlsCa,
});

/** What the API shows of a mailbox, and the audit log keeps: named fields only, secrets never. */
export function toMailboxView(mailbox: Mailbox): MailboxView {
  const { id, name, address, aliases, imap, smtp, authservIds, policy, paused, pausedReason, sync, managed } = mailbox;
  return {
    id,
    name,
    address,
    aliases,
    imap: imap && {
      ...serverView(imap),
      folder: imap.folder,
      fetchFrom: imap.fetchFrom,
      sentFolder: imap.sentFolder,
    },
    smtp: smtp && serverView(smtp),
    authservIds,
    policy,
    paused,
    pausedReason,
    sync: {
      state: sync.state,
      lastSuccessAt: iso(sync.lastSuccessAt),
      lastErrorAt: iso(sync.lastErrorAt),
      lastError: sync.lastError,
    },
    managed,
    createdAt: mailbox.createdAt.toISOString(),
    updatedAt: mailbox.updatedAt.toISOString(),
  };
}
