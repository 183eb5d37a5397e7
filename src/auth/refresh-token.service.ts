import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import { failpoint } from '../common/failpoint.js';
import { authFailures } from '../common/metrics.js';
import { AppConfig } from '../config/app-config.js';
import { AuditService } from './audit.service.js';
import { RefreshTokenRepository } from './refresh-token.repository.js';
import type { Session, SessionEnd } from './refresh-token.types.js';
import type { User } from './user.types.js';

/** `mwr_`, so that secret scanners find one that leaked, 128 bits of family key, 256 bits of secret. */
const TOKEN_PATTERN = /^mwr_([\w-]{22})[\w-]{43}$/;
const FAMILY_KEY_BYTES = 16;
const SECRET_BYTES = 32;

const DAY_MS = 24 * 60 * 60_000;
const IDLE_MS = 14 * DAY_MS;
const ABSOLUTE_MS = 30 * DAY_MS;
/** Two tabs, or a client that did not get the answer, may present the same token twice within this time. */
const GRACE_MS = 10_000;

export interface IssuedRefreshToken {
  session: Session;
  refreshToken: string;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Refresh tokens: opaque, stored as sha256, replaced at each use. A replaced token that comes back was copied: the whole
 * session ends (RFC 9700 section 4.14.2).
 */
@Injectable()
export class RefreshTokenService {
  /** Newest first. */
  private readonly successorKeys: Buffer[];

  constructor(
    private readonly sessions: RefreshTokenRepository,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    config: AppConfig,
  ) {
    const secrets = [config.secrets.jwtSecret, config.env.JWT_SECRET_PREVIOUS].filter(Boolean);
    this.successorKeys = secrets.map((secret) => createHmac('sha256', secret).update('refresh-successor').digest());
  }

  /** Begins a session for a user who has just proved who they are. */
  async start(user: Pick<User, 'id' | 'tokenVersion'>): Promise<IssuedRefreshToken> {
    const now = this.clock.now();
    const familyKey = randomBytes(FAMILY_KEY_BYTES).toString('base64url');
    const refreshToken = `mwr_${familyKey}${randomBytes(SECRET_BYTES).toString('base64url')}`;
    const session = await this.sessions.insert({
      userId: user.id,
      tokenVersion: user.tokenVersion,
      keyHash: sha256(familyKey),
      currentHash: sha256(refreshToken),
      startedAt: now,
      expiresAt: new Date(now.getTime() + IDLE_MS),
    });
    return { session, refreshToken };
  }

  /**
   * Exchanges a token for its successor. Within 10 s the same token gives the same successor again.
   * @throws AppError UNAUTHENTICATED; after a token that was replaced earlier, for the whole session
   */
  async rotate(presented: string): Promise<IssuedRefreshToken> {
    const familyKey = TOKEN_PATTERN.exec(presented)?.[1];
    if (!familyKey) throw refused('refresh_invalid');
    const session = await this.liveSession(familyKey);
    const presentedHash = sha256(presented);
    if (session.currentHash === presentedHash) {
      const next = this.successors(presented)[0]!;
      const rotated = await this.replace(session, presentedHash, next);
      if (rotated) return { session: rotated, refreshToken: next };
    }
    // Another request with the same token was first, now or earlier.
    return this.repeat(await this.liveSession(familyKey), presented, presentedHash);
  }

  /** True for the one call that ended the session. */
  end(sessionId: string, reason: SessionEnd): Promise<boolean> {
    return this.sessions.end(sessionId, reason, this.clock.now());
  }

  /** Whether the session of an access token still stands. */
  async isLive(sessionId: string): Promise<boolean> {
    const session = await this.sessions.findById(sessionId);
    return session !== null && this.stands(session);
  }

  private async replace(session: Session, presentedHash: string, next: string): Promise<Session | null> {
    const now = this.clock.now();
    const end = Math.min(now.getTime() + IDLE_MS, session.startedAt.getTime() + ABSOLUTE_MS);
    const rotated = await this.sessions.rotate(session.id, presentedHash, sha256(next), now, new Date(end));
    await failpoint('auth.after_refresh_rotation');
    return rotated;
  }

  private async repeat(session: Session, presented: string, presentedHash: string): Promise<IssuedRefreshToken> {
    const ageMs = this.clock.now().getTime() - (session.rotatedAt?.getTime() ?? 0);
    if (session.previousHash === presentedHash && ageMs <= GRACE_MS) {
      // The other request may have run before the secret was changed: look which key gave the successor that is stored.
      const next = this.successors(presented).find((token) => sha256(token) === session.currentHash);
      if (next) return { session, refreshToken: next };
    }
    if (await this.end(session.id, 'reuse')) {
      const target = `user:${session.userId}`;
      await this.audit.record({ actor: 'system', action: 'auth.refresh_reuse', target });
    }
    throw refused('refresh_reuse');
  }

  /**
   * The successor is computed from the token, so that it can be given again without being stored. Without our secret a
   * stolen token does not lead to the next one.
   */
  private successors(presented: string): string[] {
    const head = presented.slice(0, -43);
    return this.successorKeys.map((key) => head + createHmac('sha256', key).update(presented).digest('base64url'));
  }

  private async liveSession(familyKey: string): Promise<Session> {
    const session = await this.sessions.findByKeyHash(sha256(familyKey));
    if (!session || !this.stands(session)) throw refused('refresh_invalid');
    return session;
  }

  private stands(session: Session): boolean {
    return session.endedAt === null && session.expiresAt > this.clock.now();
  }
}

/** One text for all cases: it does not tell a thief that the theft was noticed. */
function refused(reason: 'refresh_invalid' | 'refresh_reuse'): AppError {
  authFailures.inc({ reason });
  return new AppError('UNAUTHENTICATED', 'The refresh token is not valid; log in again.');
}
