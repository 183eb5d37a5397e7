import type { Principal } from '../common/http/access.decorators.js';

/** Who did it: the principal of the request, or `system` for what the program does by itself. */
export type AuditActor = Pick<Principal, 'id' | 'username'> | 'system';

/** What a module reports after a change. */
export interface AuditRecord {
  actor: AuditActor;
  /** `thing.verb`, e.g. `user.update`. */
  action: string;
  /** `thing:id`, or the thing where there is only one. Never an address or a subject. */
  target: string;
  /** State before and after. Only the names of the top-level fields that differ and a sha256 of each state are kept. */
  before?: unknown;
  after?: unknown;
  /** Default: those of the request under way. */
  ip?: string;
  requestId?: string;
}

/** One stored entry of the chain. */
export interface AuditEntry {
  id: string;
  /** 1, 2, 3 ... without gaps. */
  seq: number;
  at: Date;
  actorId: string;
  actorName: string;
  action: string;
  target: string;
  /** Top-level fields that differ between before and after. */
  fields: string[];
  beforeHash: string | null;
  afterHash: string | null;
  ip: string | null;
  requestId: string | null;
  /** `hash` of the entry before; 64 zeros for the first. */
  prevHash: string;
  /** sha256 over everything above but `id`. */
  hash: string;
}

/** What a walk over the whole chain found. */
export interface AuditVerdict {
  intact: boolean;
  /** Entries that were checked and found good. */
  entries: number;
  /** The first `seq` that is missing or does not fit; null when intact. */
  brokenAt: number | null;
  /** Hash of the last good entry: note it elsewhere, then removing entries at the end shows too. */
  head: string;
}
