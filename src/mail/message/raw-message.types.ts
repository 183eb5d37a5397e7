/** Where a raw message came from. */
export const RAW_SOURCES = ['imap', 'smtp', 'upload', 'drop', 'sample'] as const;
export type RawSource = (typeof RAW_SOURCES)[number];

/** One received mail as it arrived, without its bytes. */
export interface RawMessage {
  id: string;
  mailboxId: string;
  source: RawSource;
  /** Place on the IMAP server; all three null for other sources. */
  folder: string | null;
  uidValidity: string | null;
  uid: number | null;
  /** Identity of the content within the mailbox, see content-key.ts. */
  contentKey: string;
  /** Bytes of the stored mail. */
  size: number;
  /** The mail was larger than the limit: only its headers are here. */
  oversize: boolean;
  receivedAt: Date;
  /** The email made from it; null only between two writes (or after a crash between them, until the sweeper comes). */
  emailId: string | null;
  createdAt: Date;
}

/** What a source hands over. */
export interface NewRawMessage {
  mailboxId: string;
  source: RawSource;
  /** With `uidValidity` and `uid`: place on the IMAP server. */
  folder?: string;
  uidValidity?: string;
  uid?: number;
  bytes: Buffer;
  /** When the server took it (INTERNALDATE), not the Date header. */
  receivedAt: Date;
  /** `bytes` are the headers only, since the mail was too large. */
  oversize?: boolean;
}
