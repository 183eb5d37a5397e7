import { z } from 'zod';
import { pageOf, pageQuery } from '../../common/http/page.js';
import { ID_PATTERN } from '../../common/id.js';
import { EVIDENCE_KINDS, HELD_REASONS, OUTBOX_STATES, type OutboxSummary, SEND_PHASES } from './outbox.types.js';

const dateTime = z.string().meta({ format: 'date-time' });
const id = z.string().regex(ID_PATTERN);

export const listOutbox = pageQuery.extend({
  state: z.enum(OUTBOX_STATES).optional().describe('Only mails in this state; `held` waits for a person'),
  mailboxId: id.optional().describe('Only mails of this mailbox'),
  emailId: id.optional().describe('Only answers to this email'),
});
export type ListOutbox = z.infer<typeof listOutbox>;

export const resolveOutbox = z
  .strictObject({
    action: z.enum(['resend', 'close']).describe('resend: send the same bytes again; close: never send them'),
  })
  .meta({ id: 'ResolveOutbox' });
export type ResolveOutbox = z.infer<typeof resolveOutbox>;

const attemptView = z
  .object({
    no: z.int(),
    startedAt: dateTime,
    phase: z
      .enum(SEND_PHASES)
      .nullable()
      .describe('How far the connection came; null while it lasts or when its end is not known'),
    responseCode: z.int().nullable().describe('SMTP reply code; null without a reply'),
    error: z.string().nullable(),
  })
  .meta({ id: 'SendAttempt' });

export const outboxView = z
  .object({
    id: z.string(),
    mailboxId: z.string(),
    emailId: z.string(),
    replyId: z.string(),
    threadId: z.string().nullable(),
    messageId: z.string(),
    recipient: z.string(),
    mode: z.enum(['human', 'auto']).describe('auto: sent without a person'),
    state: z.enum(OUTBOX_STATES),
    heldReason: z.enum(HELD_REASONS).nullable().describe('Why a person has to resend or close it'),
    dueAt: dateTime
      .nullable()
      .describe('Next time that something happens; while `scheduled` the end of the undo window'),
    attempts: z.array(attemptView),
    tries: z.int().describe('Failed tries'),
    evidence: z
      .enum(EVIDENCE_KINDS)
      .nullable()
      .describe('What proved that it left, when the reply of the server was not seen'),
    receipt: z.string().nullable().describe("The server's 250, or the captured file below DATA_DIR"),
    lastError: z.string().nullable(),
    sentAt: dateTime.nullable(),
    sentCopy: z.enum(['pending', 'done', 'none', 'failed']).describe('The copy in the Sent folder'),
    history: z.array(z.object({ at: dateTime, event: z.string(), to: z.enum(OUTBOX_STATES) })),
    createdAt: dateTime,
  })
  .meta({ id: 'OutboxItem' });
export type OutboxView = z.infer<typeof outboxView>;

export const outboxPage = pageOf(outboxView, 'OutboxPage');
export type OutboxPage = z.infer<typeof outboxPage>;

const iso = (date: Date | null): string | null => date?.toISOString() ?? null;

export function toOutboxView(item: OutboxSummary): OutboxView {
  return {
    id: item.id,
    mailboxId: item.mailboxId,
    emailId: item.emailId,
    replyId: item.replyId,
    threadId: item.threadId,
    messageId: item.messageId,
    recipient: item.recipient,
    mode: item.mode,
    state: item.state,
    heldReason: item.state === 'held' ? item.heldReason : null,
    dueAt: iso(item.runAt),
    attempts: item.attempts.map(({ no, startedAt, phase, responseCode, error }) => ({
      no,
      startedAt: startedAt.toISOString(),
      phase,
      responseCode,
      error,
    })),
    tries: item.tries,
    evidence: item.evidence,
    receipt: item.receipt,
    lastError: item.lastError,
    sentAt: iso(item.sentAt),
    sentCopy: item.sentCopy,
    history: item.history.map(({ at, event, to }) => ({ at: at.toISOString(), event, to })),
    createdAt: item.createdAt.toISOString(),
  };
}
