import { Injectable } from '@nestjs/common';
import type { SMTPConnectionAuth } from 'nodemailer/lib/smtp-connection';
import XOAuth2 from 'nodemailer/lib/xoauth2';
import { AppError } from '../../common/errors.js';
import { HostGuard } from '../mailbox/host-guard.js';
import { MailboxSecrets } from '../mailbox/mailbox-secrets.service.js';
import type { Mailbox } from '../mailbox/mailbox.types.js';
import { smtpAuth, smtpOptions } from '../mailbox/smtp-options.js';
import type { MailTransport } from './mail-transport.js';
import type { OutboxItem } from './outbox.types.js';
import {
  type SendHooks,
  type SendResult,
  smtpSend,
  SMTP_TIMEOUTS,
  type SmtpServer,
  type SmtpTimeouts,
} from './smtp-send.js';

/** Submits replies to the mailbox's own SMTP server (RFC 6409): checked host, forced TLS, one connection a mail. */
@Injectable()
export class SmtpTransport implements MailTransport {
  readonly isIdempotent = false;
  /** Shorter in tests. */
  timeouts: SmtpTimeouts = SMTP_TIMEOUTS;

  constructor(
    private readonly guard: HostGuard,
    private readonly secrets: MailboxSecrets,
  ) {}

  async send(item: OutboxItem, mailbox: Mailbox, hooks: SendHooks, signal: AbortSignal): Promise<SendResult> {
    const server = await this.server(mailbox);
    const envelope = { from: item.envelopeFrom, to: item.recipient };
    return smtpSend(server, item.mime, envelope, hooks, signal, this.timeouts);
  }

  private async server(mailbox: Mailbox): Promise<SmtpServer> {
    if (!mailbox.smtp) throw new AppError('MAIL_CONNECTION', 'The mailbox has no SMTP settings.');
    const host = await this.guard.check(mailbox.smtp.host);
    const auth = smtpAuth(mailbox.smtp, this.secrets.open(mailbox, 'smtp'));
    return { options: smtpOptions(mailbox.smtp, host), auth: auth && toConnectionAuth(auth) };
  }
}

/** SMTPConnection wants a token generator for XOAUTH2; ours has the one token and cannot renew it. */
function toConnectionAuth(auth: NonNullable<ReturnType<typeof smtpAuth>>): SMTPConnectionAuth {
  if (!('accessToken' in auth)) return { user: auth.user, pass: auth.pass };
  return { user: auth.user, oauth2: new XOAuth2({ user: auth.user, accessToken: auth.accessToken }) };
}
