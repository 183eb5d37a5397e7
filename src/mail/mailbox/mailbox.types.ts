export type Security = 'tls' | 'starttls' | 'none';
export type FetchFrom = 'now' | 'day' | 'week' | 'month' | 'all';

/** How an automatic answer may be given: off (classify only), shadow (draft silently), review (a person decides). */
export type Mode = 'off' | 'shadow' | 'review';

/** A secret as stored: AES-256-GCM, `v1:keyId:iv:ciphertext:tag` (base64url parts). Decrypted only for a connection. */
export type EncryptedSecret = string;

export interface ServerSettings {
  host: string;
  port: number;
  security: Security;
  user: string;
  /** Password login, or an OAuth 2 access token for XOAUTH2. */
  auth: 'password' | 'xoauth2';
  secret: EncryptedSecret | null;
  /** PEM of a private certificate authority; null for the public ones. */
  tlsCa: string | null;
}

export interface ImapSettings extends ServerSettings {
  folder: string;
  fetchFrom: FetchFrom;
  /** Folder for copies of sent replies; null picks the one marked \Sent (RFC 6154). */
  sentFolder: string | null;
}

/** Where the sync of one folder stands (RFC 9051: a UID is only valid with its UIDVALIDITY). */
export interface SyncCursor {
  /** Empty before the first connect. */
  uidValidity: string;
  lastUid: number;
  /** Mails received before this are not taken in ("from when" of the first connect). */
  since: Date | null;
}

export type SyncState = 'never' | 'ok' | 'backoff' | 'auth_failed';

export interface SyncStatus {
  state: SyncState;
  lastSuccessAt: Date | null;
  lastErrorAt: Date | null;
  /** One line without secrets; null when the last sync was fine. */
  lastError: string | null;
}

/** Policy of one mailbox; `modeByCategory` overrides `mode`. */
export interface MailboxPolicy {
  mode: Mode;
  modeByCategory: Record<string, Mode>;
  /** Subject or category words whose mails never get an automatic answer (in addition to the built-in list). */
  neverAuto: string[];
  undoWindowSeconds: number | null;
  tone: 'friendly' | 'neutral' | 'formal';
  /** Text below each reply; may be empty. */
  signature: string;
}

/** A support address: how it is read, how it answers, and what may be done. */
export interface Mailbox {
  id: string;
  /** Unique; the `mailbox` label of the metrics and the display name in From. */
  name: string;
  /** Lower case. */
  address: string;
  /** Further addresses that reach this mailbox; mails from them are our own. */
  aliases: string[];
  imap: ImapSettings | null;
  /** null: replies are captured as files in DATA_DIR/outbox and never leave the machine. */
  smtp: ServerSettings | null;
  /** authserv-ids whose Authentication-Results are believed (RFC 8601 section 7.10); empty believes none. */
  authservIds: string[];
  policy: MailboxPolicy;
  paused: boolean;
  /**
   * Why the product paused it by itself (refused login); null when a person did or it runs. A mailbox that paused itself is
   * tried again every five minutes and goes on by itself when the login works again.
   */
  pausedReason: string | null;
  cursor: SyncCursor | null;
  sync: SyncStatus;
  /** True when it comes from MAILBOX_* variables or is the built-in local one: settings are overwritten at start. */
  managed: 'environment' | 'builtin' | null;
  createdAt: Date;
  updatedAt: Date;
}
