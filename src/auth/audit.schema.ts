import { Schema } from 'mongoose';
import { idField, schemaOptions, type Stored } from '../database/schema-options.js';
import type { AuditEntry } from './audit.types.js';

export const AUDIT_MODEL = 'AuditEntry';

export type AuditDoc = Stored & Omit<AuditEntry, 'id'>;

const text = { type: String, required: true, immutable: true } as const;
const textOrNull = { type: String, default: null, immutable: true } as const;

export const auditSchema = new Schema<AuditDoc>(
  {
    _id: idField,
    seq: { type: Number, required: true, immutable: true },
    at: { type: Date, required: true, immutable: true },
    actorId: text,
    actorName: text,
    action: text,
    target: text,
    fields: { type: [String], default: [], immutable: true },
    beforeHash: textOrNull,
    afterHash: textOrNull,
    ip: textOrNull,
    requestId: textOrNull,
    prevHash: text,
    hash: text,
  },
  schemaOptions('audit_log'),
);
// Two writers that read the same head want the same seq: one wins, the other reads again. So the chain never forks.
auditSchema.index({ seq: 1 }, { unique: true });
auditSchema.index({ actorId: 1, seq: -1 });
auditSchema.index({ target: 1, seq: -1 });
