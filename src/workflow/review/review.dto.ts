import { z } from 'zod';
import { pageOf, pageQuery } from '../../common/http/page.js';
import { ID_PATTERN } from '../../common/id.js';
import { REPLY_STATES } from '../../reply/reply.types.js';
import { REASON_CODES } from '../../reply/review.types.js';

const time = z.string().meta({ format: 'date-time' });

/** Longest text of a reply, in characters: an answer must not amplify (RFC 3834 section 5). */
const MAX_REPLY_CHARS = 50_000;
const replyText = z.string().trim().min(1).max(MAX_REPLY_CHARS);
const revision = z
  .int()
  .min(1)
  .optional()
  .describe('`revision` that you saw; 409 when somebody changed the reply since. Left out: the present one');

const citation = z.object({
  passageId: z.string(),
  title: z.string(),
  claim: z.string().describe('Words of the draft that the passage supports'),
});
const check = z.object({
  code: z.string(),
  severity: z.enum(['block', 'warn']),
  evidence: z.object({ start: z.number(), end: z.number(), text: z.string() }).nullable().describe('Where in the text'),
  hint: z.string(),
});

export const replyView = z
  .object({
    id: z.string(),
    emailId: z.string(),
    mailboxId: z.string(),
    threadId: z.string().nullable(),
    state: z.enum(REPLY_STATES),
    revision: z.number().describe('Goes up with each change; give it back when you approve, edit or reject'),
    text: z.string().describe('The newest version, as plain text'),
    html: z.string().describe('The same as HTML'),
    author: z.enum(['openai', 'local', 'human']),
    citations: z.array(citation).describe('Passages of knowledge articles that the text stands on'),
    checks: z.array(check).describe('What the draft checks found'),
    missingInformation: z.array(z.string()),
    versions: z.array(
      z.object({
        version: z.number(),
        author: z.enum(['openai', 'local', 'human']),
        userId: z.string().nullable(),
        model: z.string().nullable(),
        promptVersion: z.string().nullable(),
        instruction: z.string().nullable(),
        text: z.string(),
        at: time,
      }),
    ),
    email: z
      .object({
        subject: z.string(),
        from: z.string().nullable().describe('Address of the customer'),
        state: z.string(),
        category: z.string().nullable(),
        priority: z.string().nullable(),
        summary: z.string().nullable(),
        language: z.string().nullable(),
        receivedAt: time,
      })
      .nullable(),
    approvedBy: z.string().nullable(),
    approvedAt: time.nullable(),
    outboxId: z.string().nullable().describe('The mail that carries it, at /outbox/{id}'),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Reply' });
export type ReplyView = z.infer<typeof replyView>;
export const replyPage = pageOf(replyView, 'ReplyPage');

export const listReplies = pageQuery.extend({
  state: z.enum(REPLY_STATES).optional().describe('in_review is the queue of drafts that wait for a person'),
  mailboxId: z.string().regex(ID_PATTERN).optional(),
});
export type ListReplies = z.infer<typeof listReplies>;

export const approveBody = z
  .strictObject({
    revision,
    text: replyText.optional().describe('Edit and approve in one: the text that is sent'),
    reasonCodes: z.array(z.enum(REASON_CODES)).max(8).default([]).describe('Why you edited it'),
    comment: z.string().trim().max(2000).optional(),
  })
  .meta({ id: 'ApproveReply' });
export type ApproveBody = z.infer<typeof approveBody>;

export const editBody = z.strictObject({ revision, text: replyText }).meta({ id: 'EditReply' });
export type EditBody = z.infer<typeof editBody>;

export const rejectBody = z
  .strictObject({
    revision,
    reasonCodes: z.array(z.enum(REASON_CODES)).min(1).max(8).describe('What was wrong with the draft'),
    comment: z.string().trim().max(2000).optional(),
  })
  .meta({ id: 'RejectReply' });
export type RejectBody = z.infer<typeof rejectBody>;

export const regenerateBody = z
  .strictObject({
    revision,
    instruction: z.string().trim().max(2000).default('').describe('What the new draft should do differently'),
  })
  .meta({ id: 'RegenerateReply' });
export type RegenerateBody = z.infer<typeof regenerateBody>;

export const writeBody = z.strictObject({ text: replyText }).meta({ id: 'WriteReply' });
export type WriteBody = z.infer<typeof writeBody>;

export const reasonBody = z
  .strictObject({ reason: z.string().trim().max(500).default('').describe('Kept in the history') })
  .meta({ id: 'Reason' });
export type ReasonBody = z.infer<typeof reasonBody>;

export const emailState = z.object({ id: z.string(), state: z.string() }).meta({ id: 'EmailState' });
export type EmailStateView = z.infer<typeof emailState>;
