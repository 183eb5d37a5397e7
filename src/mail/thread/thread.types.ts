export const THREAD_STATUSES = ['open', 'waiting', 'solved'] as const;
/** open: we owe something; waiting: the customer does; solved: nobody does. */
export type ThreadStatus = (typeof THREAD_STATUSES)[number];

/** The conversation that emails and replies belong to. */
export interface Thread {
  id: string;
  mailboxId: string;
  /** Without "Re:" and the like. */
  subject: string;
  status: ThreadStatus;
  /** User id of the person who takes care; null when nobody does. */
  assignee: string | null;
  /** Canonical addresses that may take part: who wrote and whom they wrote to, not our own. At most 50. */
  participants: string[];
  /** The email that began it; unique. */
  rootEmailId: string;
  /** The thread that this one refers to without its sender being part of it: shown to people, not to models. */
  linkedThreadId: string | null;
  /** Message-IDs of its mails, inbound and outbound; the last 500. */
  messageIds: string[];
  /** Those that we sent; the last 200. */
  sentMessageIds: string[];
  /** Inbound mails. */
  emailCount: number;
  /** Replies sent. */
  sentCount: number;
  lastMessageAt: Date;
  /** A delivery report said that a reply of ours did not arrive; null when none did. */
  deliveryFailedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}
