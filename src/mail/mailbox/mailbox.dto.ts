import { z } from 'zod';
import { pageOf } from '../../common/http/page.js';

const MAX_ALIASES = 50;

const address = z.email().max(254).toLowerCase();
const mode = z.enum(['off', 'shadow', 'review']);
const security = z.enum(['tls', 'starttls', 'none']);
/** Goes into From and metric labels: one line. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}]*$/u, 'must not hold control characters');
const hostName = z
  .string()
  .trim()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9._:-]+$/, 'must be a host name or an IP address');
const folderName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}]*$/u, 'must not hold control characters');

const server = {
  host: hostName.describe('Host name or address'),
  security: security.default('tls').describe('none only for tests on loopback'),
  user: z.string().min(1).max(320).describe('Login name'),
  auth: z.enum(['password', 'xoauth2']).default('password'),
  secret: z
    .string()
    .min(1)
    .max(8192)
    .optional()
    .describe(
      'Password, or OAuth 2 access token with auth=xoauth2. Write-only; kept when left out and host and user stay',
    ),
  tlsCa: z.string().max(65_536).nullable().default(null).describe('PEM of a private certificate authority'),
};
const port = (fallback: number) => z.int().min(1).max(65_535).default(fallback);

export const imapInput = z
  .strictObject({
    ...server,
    port: port(993),
    folder: folderName.default('INBOX').describe('Folder that is read'),
    fetchFrom: z
      .enum(['now', 'day', 'week', 'month', 'all'])
      .default('now')
      .describe('How far back the first connect goes'),
    sentFolder: folderName.nullable().default(null).describe('null picks the folder marked \\Sent'),
  })
  .meta({ id: 'ImapSettingsInput' });
export type ImapInput = z.infer<typeof imapInput>;

export const smtpInput = z.strictObject({ ...server, port: port(587) }).meta({ id: 'SmtpSettingsInput' });
export type SmtpInput = z.infer<typeof smtpInput>;

const policyFields = {
  mode: mode.describe('off classifies only, shadow drafts silently, review asks a person'),
  modeByCategory: z
    .record(z.string().regex(/^[^.$\p{Cc}]{1,64}$/u), mode)
    .describe('Overrides mode for single categories'),
  neverAuto: z
    .array(z.string().trim().min(1).max(100))
    .max(200)
    .describe('Words whose mails never get an automatic answer'),
  undoWindowSeconds: z.int().min(0).max(3600).nullable().describe('null takes UNDO_WINDOW_SECONDS'),
  tone: z.enum(['friendly', 'neutral', 'formal']),
  signature: z.string().max(2000).describe('Text below each reply'),
};
export const mailboxPolicy = z.object(policyFields).meta({ id: 'MailboxPolicy' });
export const policyPatch = z.strictObject(policyFields).partial().meta({ id: 'MailboxPolicyPatch' });
export type PolicyPatch = z.infer<typeof policyPatch>;

const settings = {
  name: name.describe('Unique; shown in From and in the metrics'),
  address: address.describe('Support address'),
  aliases: z.array(address).max(MAX_ALIASES).describe('Further addresses that reach this mailbox'),
  imap: imapInput.nullable().describe('null: fed by SMTP intake, drop folder or upload'),
  smtp: smtpInput.nullable().describe('null: replies are captured as files'),
  authservIds: z
    .array(hostName)
    .max(20)
    .describe('authserv-ids whose Authentication-Results are believed (RFC 8601); empty believes none'),
};
export const createMailbox = z
  .strictObject({
    ...settings,
    aliases: settings.aliases.default([]),
    imap: settings.imap.default(null),
    smtp: settings.smtp.default(null),
    authservIds: settings.authservIds.default([]),
    policy: policyPatch.default({}),
  })
  .meta({ id: 'CreateMailbox' });
export type CreateMailbox = z.infer<typeof createMailbox>;

export const updateMailbox = z.strictObject(settings).partial().meta({ id: 'UpdateMailbox' });
export type UpdateMailbox = z.infer<typeof updateMailbox>;

const time = z.string().meta({ format: 'date-time' });

const smtpView = z
  .object({
    host: z.string(),
    port: z.int(),
    security,
    user: z.string(),
    auth: z.enum(['password', 'xoauth2']),
    hasSecret: z.boolean(),
    tlsCa: z.string().nullable(),
  })
  .meta({ id: 'SmtpSettings' });
const imapView = smtpView
  .extend({
    folder: z.string(),
    fetchFrom: z.enum(['now', 'day', 'week', 'month', 'all']),
    sentFolder: z.string().nullable(),
  })
  .meta({ id: 'ImapSettings' });

export const mailboxView = z
  .object({
    id: z.string(),
    name: z.string(),
    address: z.string(),
    aliases: z.array(z.string()),
    imap: imapView.nullable(),
    smtp: smtpView.nullable(),
    authservIds: z.array(z.string()),
    policy: mailboxPolicy,
    paused: z.boolean(),
    pausedReason: z
      .string()
      .nullable()
      .describe('Why the product paused it by itself; null when a person did or it runs'),
    sync: z
      .object({
        state: z.enum(['never', 'ok', 'backoff', 'auth_failed']),
        lastSuccessAt: time.nullable(),
        lastErrorAt: time.nullable(),
        lastError: z.string().nullable(),
      })
      .meta({ id: 'SyncStatus' }),
    managed: z
      .enum(['environment', 'builtin'])
      .nullable()
      .describe(
        'environment: set by MAILBOX_* variables; builtin: the local one; their settings cannot be changed here',
      ),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Mailbox' });
export type MailboxView = z.infer<typeof mailboxView>;
export const mailboxPage = pageOf(mailboxView, 'MailboxPage');

const part = z
  .object({ ok: z.boolean(), message: z.string().describe('What was found; without secrets') })
  .meta({ id: 'ConnectionTestPart' });
export const connectionTest = z
  .object({ imap: part.nullable().describe('null when not configured'), smtp: part.nullable() })
  .meta({ id: 'ConnectionTest' });
export type ConnectionTest = z.infer<typeof connectionTest>;
export type ConnectionTestPart = z.infer<typeof part>;
