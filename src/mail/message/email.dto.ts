import { z } from 'zod';
import { pageOf, pageQuery } from '../../common/http/page.js';
import { ID_PATTERN } from '../../common/id.js';
import { EMAIL_STATES, PRIORITIES, SENTIMENTS } from './email.types.js';
import { MAIL_FLAGS } from './parsed-mail.types.js';

const MAX_SEARCH = 100;

const id = z.string().regex(ID_PATTERN);
const time = z.string().meta({ format: 'date-time' });

/** Strict: a misspelt filter must not list everything. */
export const emailsQuery = pageQuery.extend({
  state: z.enum(EMAIL_STATES).optional().describe('Only emails in this state'),
  mailboxId: id.optional(),
  category: z.string().max(100).optional(),
  priority: z.enum(PRIORITIES).optional(),
  threadId: id.optional(),
  q: z
    .string()
    .trim()
    .max(MAX_SEARCH)
    .optional()
    .describe('Beginning of the subject, or of the sender’s address, domain or name; case does not matter'),
});
export type EmailsQuery = z.infer<typeof emailsQuery>;

export const attachmentIndex = z.coerce.number().int().min(0).max(999);

export const mailAddressView = z
  .object({ name: z.string().describe('May be empty'), address: z.string() })
  .meta({ id: 'MailAddress' });

const screeningView = z
  .object({
    verdict: z.enum(['answer', 'ignore', 'hold']),
    reason: z.string().nullable().describe('Code of the rule that decided'),
    evidence: z.string().nullable().describe('Deciding header or value, without addresses'),
  })
  .meta({ id: 'Screening' });

const classificationView = z
  .object({
    category: z.string(),
    priority: z.enum(PRIORITIES),
    summary: z.string(),
    sentiment: z.enum(SENTIMENTS),
    language: z.string().nullable(),
    reason: z.string(),
    confidence: z.number().nullable().describe('Calibrated probability; null where it is not calibrated'),
    engine: z.enum(['openai', 'local', 'human']),
    model: z.string(),
    promptVersion: z.string().nullable(),
  })
  .meta({ id: 'EmailClassification' });

const stepErrorView = z
  .object({ step: z.string(), code: z.string(), message: z.string(), at: time })
  .meta({ id: 'StepError' });

export const emailSummaryView = z
  .object({
    id: z.string(),
    mailboxId: z.string(),
    threadId: z.string().nullable(),
    state: z.enum(EMAIL_STATES),
    stateReason: z.string().nullable().describe('Why it is ignored, needs a person, was rejected or quarantined'),
    source: z.string().describe('How it came in'),
    receivedAt: time,
    subject: z.string().nullable().describe('null before it is parsed'),
    from: mailAddressView.nullable(),
    flags: z.array(z.enum(MAIL_FLAGS)).describe('Oddities that a person should know'),
    attachmentCount: z.int(),
    screening: screeningView.nullable(),
    classification: classificationView.nullable(),
    replyId: z.string().nullable(),
    bouncedReplyId: z
      .string()
      .nullable()
      .describe('The reply of ours that this bounce is about; null for any other mail'),
    attempts: z.int().describe('Failed tries of the present step'),
    lastError: stepErrorView.nullable(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'EmailSummary' });
export type EmailSummaryView = z.infer<typeof emailSummaryView>;

export const emailPage = pageOf(emailSummaryView, 'EmailPage');
export type EmailPage = z.infer<typeof emailPage>;

export const attachmentView = z
  .object({
    index: z.int().describe('Use it to download'),
    filename: z.string(),
    contentType: z.string().describe('What the sender says; downloads are always a generic type'),
    size: z.int().describe('Bytes'),
    isInline: z.boolean().describe('Shown inside the HTML by `cid:`'),
    contentId: z.string().nullable(),
  })
  .meta({ id: 'Attachment' });
export type AttachmentView = z.infer<typeof attachmentView>;

export const attachmentList = z.object({ items: z.array(attachmentView) }).meta({ id: 'AttachmentList' });
export type AttachmentList = z.infer<typeof attachmentList>;

const contentView = z
  .object({
    messageId: z.string(),
    inReplyTo: z.string().nullable(),
    sentAt: time.nullable().describe('The Date header when valid; never used for ordering'),
    to: z.array(mailAddressView),
    cc: z.array(mailAddressView),
    replyTo: z.array(mailAddressView),
    text: z.string().describe('What the customer newly wrote; what models see'),
    fullText: z.string().describe('The whole readable text'),
    html: z.string().nullable().describe('Sanitised; show it in a sandboxed frame only'),
    attachments: z.array(attachmentView),
    authentication: z
      .object({ spf: z.string(), dkim: z.string(), dmarc: z.string(), dmarcPolicy: z.string().nullable() })
      .nullable()
      .describe('From trusted Authentication-Results only'),
    deliveryReport: z
      .object({
        action: z.string(),
        status: z.string().nullable(),
        recipient: z.string().nullable(),
        diagnostic: z.string().nullable(),
        originalMessageId: z.string().nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'EmailContent' });

export const emailView = emailSummaryView
  .extend({
    content: contentView.nullable().describe('null before it is parsed, or when it cannot be'),
    decisionId: z.string().nullable(),
    runId: z.string().nullable(),
    history: z.array(
      z.object({
        at: time,
        from: z.enum(EMAIL_STATES),
        event: z.string(),
        to: z.enum(EMAIL_STATES),
        reason: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Email' });
export type EmailView = z.infer<typeof emailView>;
