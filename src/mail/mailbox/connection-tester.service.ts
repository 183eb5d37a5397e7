import { Injectable } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import { AppError } from '../../common/errors.js';
import { HostGuard } from './host-guard.js';
import { ImapConnector } from './imap-client.js';
import { toMailError } from './mail-errors.js';
import { MailboxSecrets } from './mailbox-secrets.service.js';
import type { ConnectionTest, ConnectionTestPart } from './mailbox.dto.js';
import type { Mailbox } from './mailbox.types.js';
import { smtpAuth, smtpOptions } from './smtp-options.js';

/** For people who set up a mailbox: logs in to both servers and says what is wrong, without secrets. */
@Injectable()
export class ConnectionTester {
  constructor(
    private readonly imap: ImapConnector,
    private readonly guard: HostGuard,
    private readonly secrets: MailboxSecrets,
  ) {}

  async test(mailbox: Mailbox): Promise<ConnectionTest> {
    const [imap, smtp] = await Promise.all([
      mailbox.imap && attempt(() => this.testImap(mailbox)),
      mailbox.smtp && attempt(() => this.testSmtp(mailbox)),
    ]);
    return { imap, smtp };
  }

  private async testImap(mailbox: Mailbox): Promise<string> {
    const client = await this.imap.connect(mailbox);
    try {
      const folder = await client.mailboxOpen(mailbox.imap!.folder, { readOnly: true });
      return `Logged in; the folder holds ${folder.exists} mails.`;
    } finally {
      client.close();
    }
  }

  private async testSmtp(mailbox: Mailbox): Promise<string> {
    const settings = mailbox.smtp!;
    const host = await this.guard.check(settings.host);
    const auth = smtpAuth(settings, this.secrets.open(mailbox, 'smtp'));
    const transport = createTransport({ ...smtpOptions(settings, host), ...(auth ? { auth } : {}) });
    try {
      await transport.verify();
      return auth ? 'Logged in.' : 'Connected; no password is stored, so no login was tried.';
    } finally {
      transport.close();
    }
  }
}

async function attempt(work: () => Promise<string>): Promise<ConnectionTestPart> {
  try {
    return { ok: true, message: await work() };
  } catch (error) {
    const known = error instanceof AppError ? error : toMailError(error);
    return { ok: false, message: known.message };
  }
}
