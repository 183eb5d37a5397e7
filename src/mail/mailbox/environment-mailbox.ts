import type { Env } from '../../config/env.schema.js';
import type { ImapSettings, Mailbox, ServerSettings } from './mailbox.types.js';

/** What MAILBOX_* variables say; secrets in plain, to be sealed by the caller. */
export interface EnvironmentMailbox {
  settings: Pick<Mailbox, 'name' | 'address' | 'authservIds'>;
  imap: (Omit<ImapSettings, 'secret'> & { plainSecret: string }) | null;
  smtp: (Omit<ServerSettings, 'secret'> & { plainSecret: string }) | null;
  mode: Env['MAILBOX_MODE'];
}

/**
 * Reads the one mailbox of the environment; null when MAILBOX_ADDRESS is not set.
 * @param tlsCa content of MAILBOX_TLS_CA_FILE, or null
 */
export function environmentMailbox(env: Readonly<Env>, tlsCa: string | null): EnvironmentMailbox | null {
  const address = env.MAILBOX_ADDRESS.trim().toLowerCase();
  if (!address) return null;
  const imapUser = env.MAILBOX_IMAP_USER || address;
  return {
    settings: { name: env.MAILBOX_NAME || address, address, authservIds: env.MAILBOX_AUTHSERV_IDS },
    imap: env.MAILBOX_IMAP_HOST
      ? {
          host: env.MAILBOX_IMAP_HOST,
          port: env.MAILBOX_IMAP_PORT,
          security: env.MAILBOX_IMAP_SECURITY,
          user: imapUser,
          auth: 'password',
          plainSecret: env.MAILBOX_IMAP_PASSWORD,
          tlsCa,
          folder: env.MAILBOX_IMAP_FOLDER,
          fetchFrom: env.MAILBOX_FETCH_FROM,
          sentFolder: env.MAILBOX_SENT_FOLDER || null,
        }
      : null,
    smtp: env.MAILBOX_SMTP_HOST
      ? {
          host: env.MAILBOX_SMTP_HOST,
          port: env.MAILBOX_SMTP_PORT,
          security: env.MAILBOX_SMTP_SECURITY,
          user: env.MAILBOX_SMTP_USER || imapUser,
          auth: 'password',
          plainSecret: env.MAILBOX_SMTP_PASSWORD || env.MAILBOX_IMAP_PASSWORD,
          tlsCa,
        }
      : null,
    mode: env.MAILBOX_MODE,
  };
}
