import { z } from 'zod';
import { pageOf, pageQuery } from '../../common/http/page.js';
import { ID_PATTERN } from '../../common/id.js';
import { emailView } from '../message/email.dto.js';
import { toEmailView } from '../message/email.view.js';
import type { Email } from '../message/email.types.js';
import { type Thread, THREAD_STATUSES } from './thread.types.js';

const id = z.string().regex(ID_PATTERN);
const time = z.string().meta({ format: 'date-time' });
const status = z
  .enum(THREAD_STATUSES)
  .describe('open: we owe something; waiting: the customer does; solved: nobody does');

/** Strict: a misspelt filter must not list everything. */
export const threadsQuery = pageQuery.extend({
  status: status.optional(),
  mailboxId: id.optional(),
  assignee: id.optional().describe('User id'),
});
export type ThreadsQuery = z.infer<typeof threadsQuery>;

export const updateThread = z
  .strictObject({
    status: status.optional(),
    assignee: id.nullable().optional().describe('User id; null for nobody'),
  })
  .refine((change) => Object.keys(change).length > 0, 'name at least one field')
  .meta({ id: 'UpdateThread' });
export type UpdateThread = z.infer<typeof updateThread>;

export const threadView = z
  .object({
    id: z.string(),
    mailboxId: z.string(),
    subject: z.string().describe('Without "Re:" and the like'),
    status,
    assignee: z.string().nullable(),
    participants: z.array(z.string()).describe('Addresses that take part, not our own'),
    linkedThreadId: z
      .string()
      .nullable()
      .describe('Thread that it refers to although its sender is not part of that one'),
    emailCount: z.int().describe('Mails received'),
    sentCount: z.int().describe('Replies sent'),
    lastMessageAt: time,
    deliveryFailedAt: time.nullable().describe('When a reply was reported as not delivered'),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Thread' });
export type ThreadView = z.infer<typeof threadView>;

export const threadPage = pageOf(threadView, 'ThreadPage');
export type ThreadPage = z.infer<typeof threadPage>;

export const threadDetailView = threadView
  .extend({ emails: z.array(emailView).describe('Oldest first; the latest 100') })
  .meta({ id: 'ThreadDetail' });
export type ThreadDetailView = z.infer<typeof threadDetailView>;

export const toThreadView = (thread: Thread): ThreadView => ({
  id: thread.id,
  mailboxId: thread.mailboxId,
  subject: thread.subject,
  status: thread.status,
  assignee: thread.assignee,
  participants: thread.participants,
  linkedThreadId: thread.linkedThreadId,
  emailCount: thread.emailCount,
  sentCount: thread.sentCount,
  lastMessageAt: thread.lastMessageAt.toISOString(),
  deliveryFailedAt: thread.deliveryFailedAt?.toISOString() ?? null,
  createdAt: thread.createdAt.toISOString(),
  updatedAt: thread.updatedAt.toISOString(),
});

export const toThreadDetailView = (thread: Thread, emails: readonly Email[]): ThreadDetailView => ({
  ...toThreadView(thread),
  emails: emails.map(toEmailView),
});
