import { z } from 'zod';
import { pageOf, pageQuery } from '../../common/http/page.js';
import type { EmailSummary } from '../../mail/message/email-query.repository.js';

const time = z.string().meta({ format: 'date-time' });

export const deadLetterView = z
  .object({
    id: z.string().describe('Id of the email'),
    mailboxId: z.string(),
    receivedAt: time,
    failedIn: z.string().describe('State whose step failed'),
    code: z.string().describe('Error class'),
    message: z.string(),
    failedAt: time.nullable(),
    subject: z.string().nullable().describe('null when it could not be parsed'),
  })
  .meta({ id: 'DeadLetter' });
export type DeadLetterView = z.infer<typeof deadLetterView>;
export const deadLetterPage = pageOf(deadLetterView, 'DeadLetterPage');

export const listDeadLetters = pageQuery;

export const replayBody = z
  .strictObject({
    from: z.enum(['failed_step', 'start']).default('failed_step').describe('Where to begin again'),
    reason: z.string().trim().max(500).default('').describe('Kept in the history'),
  })
  .meta({ id: 'ReplayRequest' });
export type ReplayBody = z.infer<typeof replayBody>;

export const bulkReplayBody = z
  .strictObject({
    code: z.string().max(40).optional().describe('Only dead letters of this error class'),
    limit: z.int().min(1).max(100).default(25).describe('At most this many, newest first'),
    reason: z.string().trim().max(500).default(''),
  })
  .meta({ id: 'BulkReplayRequest' });
export type BulkReplayBody = z.infer<typeof bulkReplayBody>;

export const bulkReplayResult = z.object({ replayed: z.number() }).meta({ id: 'BulkReplayResult' });
export type BulkReplayResult = z.infer<typeof bulkReplayResult>;

export const discardBody = z
  .strictObject({ reason: z.string().trim().min(1).max(500).describe('Why nobody has to answer it') })
  .meta({ id: 'DiscardRequest' });
export type DiscardBody = z.infer<typeof discardBody>;

export const deadLetterState = z
  .object({ id: z.string(), state: z.string().describe('State that the email is in now') })
  .meta({ id: 'DeadLetterState' });
export type DeadLetterState = z.infer<typeof deadLetterState>;

export function toDeadLetterView(email: EmailSummary): DeadLetterView {
  return {
    id: email.id,
    mailboxId: email.mailboxId,
    receivedAt: email.receivedAt.toISOString(),
    failedIn: email.lastError?.step ?? 'received',
    code: email.lastError?.code ?? 'INTERNAL',
    message: email.lastError?.message ?? '',
    failedAt: email.lastError?.at.toISOString() ?? null,
    subject: email.parsed?.subject ?? null,
  };
}
