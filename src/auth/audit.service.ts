import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import type { Page, PageQuery } from '../common/http/page.js';
import { changedFields, entryHash, fits, GENESIS_HASH, hashState } from './audit-chain.js';
import { type AuditFilter, AuditRepository } from './audit.repository.js';
import type { AuditEntry, AuditRecord, AuditVerdict } from './audit.types.js';
import { requestOrigin } from './request-origin.js';

/** Writers of this process queue up, so that a try is lost only to another replica. */
const MAX_TRIES = 50;
const MAX_PAUSE_MS = 25;
const VERIFY_BATCH = 500;

/**
 * Who changed what, in a chain of hashes (each entry holds the hash of the one before), so that a changed, removed or
 * inserted entry shows. States are kept as hashes only: no bodies, no secrets.
 */
@Injectable()
export class AuditService {
  private lastWrite: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly repository: AuditRepository,
    private readonly clock: Clock,
  ) {}

  /**
   * Appends one entry; call it after the change is stored.
   * @throws AppError UNAVAILABLE when other replicas were always faster
   */
  record(record: AuditRecord): Promise<void> {
    const content = toContent(record);
    const write = this.lastWrite.then(() => this.append(content));
    this.lastWrite = write.catch(() => undefined); // the caller gets the error; the next writer must not
    return write;
  }

  list(page: PageQuery, filter: AuditFilter): Promise<Page<AuditEntry>> {
    return this.repository.list(page, filter);
  }

  /** Walks the whole chain from its beginning. */
  async verify(): Promise<AuditVerdict> {
    let previous: AuditEntry | null = null;
    for (;;) {
      const batch = await this.repository.after(previous?.seq ?? 0, VERIFY_BATCH);
      for (const entry of batch) {
        if (!fits(previous, entry)) return verdict(previous, false);
        previous = entry;
      }
      if (batch.length < VERIFY_BATCH) return verdict(previous, true);
    }
  }

  private async append(content: Content): Promise<void> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const last = await this.repository.last();
      const entry = {
        ...content,
        at: this.clock.now(),
        seq: (last?.seq ?? 0) + 1,
        prevHash: last?.hash ?? GENESIS_HASH,
      };
      if (await this.repository.append({ ...entry, hash: entryHash(entry) })) return;
      await this.clock.sleep(randomInt(MAX_PAUSE_MS));
    }
    throw new AppError('UNAVAILABLE', 'The audit log is busy; try again.', { retryable: true });
  }
}

type Content = Omit<AuditEntry, 'id' | 'seq' | 'at' | 'prevHash' | 'hash'>;

function toContent({ actor, action, target, before, after, ip, requestId }: AuditRecord): Content {
  const { id, username } = actor === 'system' ? { id: 'system', username: 'system' } : actor;
  const origin = requestOrigin();
  return {
    actorId: id,
    actorName: username,
    action,
    target,
    fields: changedFields(before, after),
    beforeHash: hashState(before),
    afterHash: hashState(after),
    ip: ip ?? origin.ip,
    requestId: requestId ?? origin.requestId,
  };
}

const verdict = (lastGood: AuditEntry | null, intact: boolean): AuditVerdict => ({
  intact,
  entries: lastGood?.seq ?? 0,
  brokenAt: intact ? null : (lastGood?.seq ?? 0) + 1,
  head: lastGood?.hash ?? GENESIS_HASH,
});
