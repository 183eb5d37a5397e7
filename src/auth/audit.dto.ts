import { z } from 'zod';
import { pageOf, pageQuery } from '../common/http/page.js';
import type { AuditEntry } from './audit.types.js';

/** Strict: a misspelt filter must not list everything. */
export const auditQuery = pageQuery.extend({
  actorId: z.string().max(64).optional().describe('Only what this user did; `system` for the program itself'),
  target: z.string().max(200).optional().describe('Only what was done to this, e.g. `user:<id>`'),
});
export type AuditQuery = z.infer<typeof auditQuery>;

export const auditEntryView = z
  .object({
    id: z.string(),
    seq: z.int().describe('1, 2, 3 ... without gaps'),
    at: z.string().meta({ format: 'date-time' }),
    actorId: z.string(),
    actorName: z.string(),
    action: z.string().meta({ example: 'user.update' }),
    target: z.string().meta({ example: 'user:665f1c2e9b3e4a0012ab34cd' }),
    fields: z.array(z.string()).describe('Names of the fields that changed'),
    beforeHash: z.string().nullable().describe('sha256 of the state before, as JSON with sorted keys'),
    afterHash: z.string().nullable().describe('sha256 of the state after'),
    ip: z.string().nullable(),
    requestId: z.string().nullable(),
    prevHash: z.string().describe('`hash` of the entry before'),
    hash: z.string().describe('sha256 over this entry'),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntryView = z.infer<typeof auditEntryView>;

export const auditPage = pageOf(auditEntryView, 'AuditPage');
export type AuditPage = z.infer<typeof auditPage>;

export const auditVerdict = z
  .object({
    intact: z.boolean(),
    entries: z.int().describe('Entries that were checked and found good'),
    brokenAt: z.int().nullable().describe('The first `seq` that is missing or was changed; null when intact'),
    head: z.string().describe('Hash of the last good entry: kept elsewhere, it proves that none was cut off the end'),
  })
  .meta({ id: 'AuditVerdict' });

export const toAuditEntryView = (entry: AuditEntry): AuditEntryView => ({ ...entry, at: entry.at.toISOString() });
