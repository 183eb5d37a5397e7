import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model, QueryFilter } from 'mongoose';
import { invalidInput } from '../common/errors.js';
import { type Page, type PageQuery, toPage } from '../common/http/page.js';
import { isDuplicateKey } from '../database/errors.js';
import { AUDIT_MODEL, type AuditDoc } from './audit.schema.js';
import type { AuditEntry } from './audit.types.js';

export interface AuditFilter {
  actorId?: string;
  target?: string;
}

function toEntry(doc: AuditDoc): AuditEntry {
  const { _id: id, createdAt: _created, updatedAt: _updated, ...entry } = doc;
  return { id, ...entry };
}

/** Append only: there is no method that changes or removes an entry. */
@Injectable()
export class AuditRepository {
  constructor(@InjectModel(AUDIT_MODEL) private readonly model: Model<AuditDoc>) {}

  async last(): Promise<AuditEntry | null> {
    const doc = await this.model.findOne().sort({ seq: -1 }).lean<AuditDoc>().exec();
    return doc ? toEntry(doc) : null;
  }

  /** False when another writer has taken this `seq`. */
  async append(entry: Omit<AuditEntry, 'id'>): Promise<boolean> {
    try {
      await this.model.create(entry);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** Up to `limit` entries after `seq`, oldest first. */
  async after(seq: number, limit: number): Promise<AuditEntry[]> {
    const docs = await this.model
      .find({ seq: { $gt: seq } })
      .sort({ seq: 1 })
      .limit(limit)
      .lean<AuditDoc[]>()
      .exec();
    return docs.map(toEntry);
  }

  /** Newest first. Pages follow `seq`, because ids of two processes do not sort within a second. */
  async list({ limit, cursor }: PageQuery, wanted: AuditFilter): Promise<Page<AuditEntry>> {
    const filter: QueryFilter<AuditDoc> = { ...wanted };
    if (cursor) {
      const from = await this.model.findById(cursor, { seq: 1 }).lean<Pick<AuditDoc, 'seq'>>().exec();
      if (!from) throw invalidInput('cursor: there is no such entry');
      filter.seq = { $lt: from.seq };
    }
    const docs = await this.model
      .find(filter)
      .sort({ seq: -1 })
      .limit(limit + 1)
      .lean<AuditDoc[]>()
      .exec();
    return toPage(docs.map(toEntry), limit);
  }
}
