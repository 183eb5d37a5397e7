import { Schema, type SchemaDefinition } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../../database/schema-options.js';
import type { Mailbox, Mode } from './mailbox.types.js';

export const MAILBOX_MODEL = 'Mailbox';

/** What the collection holds beside `Mailbox`. */
export type MailboxDoc = Stored &
  Omit<Mailbox, 'id' | 'createdAt' | 'updatedAt'> & {
    /** Somebody asked for a sync now; the replica that holds the connection compares it with what it has seen. */
    syncRequestedAt: Date | null;
    /** MAILBOX_MODE as last applied: a later change of the variable wins over the API once. */
    environmentMode: Mode | null;
  };

const nested = (fields: SchemaDefinition): Schema =>
  new Schema(fields, { _id: false, strict: 'throw', minimize: false });

const serverFields = {
  host: { type: String, required: true },
  port: { type: Number, required: true },
  security: { type: String, enum: ['tls', 'starttls', 'none'], required: true },
  user: { type: String, required: true },
  auth: { type: String, enum: ['password', 'xoauth2'], required: true },
  secret: { type: String, default: null },
  tlsCa: { type: String, default: null },
} as const;

export const mailboxSchema = new Schema<MailboxDoc>(
  {
    _id: idField,
    name: { type: String, required: true },
    address: { type: String, required: true },
    aliases: { type: [String], default: [] },
    imap: {
      type: nested({
        ...serverFields,
        folder: { type: String, required: true },
        fetchFrom: { type: String, enum: ['now', 'day', 'week', 'month', 'all'], required: true },
        sentFolder: { type: String, default: null },
      }),
      default: null,
    },
    smtp: { type: nested(serverFields), default: null },
    authservIds: { type: [String], default: [] },
    policy: {
      type: nested({
        mode: { type: String, enum: ['off', 'shadow', 'review'], required: true },
        modeByCategory: { type: Schema.Types.Mixed, default: {} },
        neverAuto: { type: [String], default: [] },
        undoWindowSeconds: { type: Number, default: null },
        tone: { type: String, enum: ['friendly', 'neutral', 'formal'], required: true },
        signature: { type: String, default: '' },
      }),
      required: true,
    },
    paused: { type: Boolean, default: false },
    pausedReason: { type: String, default: null },
    cursor: {
      type: nested({
        uidValidity: { type: String },
        lastUid: { type: Number, required: true },
        since: { type: Date, default: null },
      }),
      default: null,
    },
    sync: {
      type: nested({
        state: { type: String, enum: ['never', 'ok', 'backoff', 'auth_failed'], required: true },
        lastSuccessAt: { type: Date, default: null },
        lastErrorAt: { type: Date, default: null },
        lastError: { type: String, default: null },
      }),
      required: true,
    },
    managed: { type: String, enum: ['environment', 'builtin', null], default: null },
    syncRequestedAt: { type: Date, default: null },
    environmentMode: { type: String, default: null },
  },
  schemaOptions('mailboxes'),
);
mailboxSchema.index({ name: 1 }, { unique: true });
mailboxSchema.index({ address: 1 }, { unique: true });
mailboxSchema.index({ aliases: 1 });
