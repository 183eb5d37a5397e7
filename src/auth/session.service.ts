import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import type { Principal } from '../common/http/access.decorators.js';
import { authFailures } from '../common/metrics.js';
import { AccessTokenService } from './access-token.service.js';
import { RefreshTokenService } from './refresh-token.service.js';
import { UserRepository } from './user.repository.js';
import type { User } from './user.types.js';

/** The principal of a request that came with a token of ours. */
export interface SessionPrincipal extends Principal {
  sessionId: string;
}

/** How long a disabled user or an ended session may go unnoticed on another replica. */
const MAX_AGE_MS = 5_000;
const MAX_ENTRIES = 10_000;

interface Known {
  user: User | null;
  isLive: boolean;
  atMs: number;
}

/** Says who a token stands for: its signature alone is not enough, the user and the session must still be there. */
@Injectable()
export class SessionService {
  /** By session id, oldest first. */
  private readonly cache = new Map<string, Known>();

  constructor(
    private readonly tokens: AccessTokenService,
    private readonly refreshTokens: RefreshTokenService,
    private readonly users: UserRepository,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError UNAUTHENTICATED for a bad token, an ended session, a disabled, changed or deleted user */
  async authenticate(token: string): Promise<SessionPrincipal> {
    const { userId, sessionId, tokenVersion } = this.tokens.verify(token);
    const { user, isLive } = await this.look(userId, sessionId);
    if (!user || !isLive || user.disabled || user.tokenVersion !== tokenVersion) {
      authFailures.inc({ reason: 'session_ended' });
      throw new AppError('UNAUTHENTICATED', 'The session has ended; log in again.');
    }
    return { id: user.id, username: user.username, role: user.role, sessionId };
  }

  /** Forgets what this process knows of a user, so that a change made here holds here at once. */
  forgetUser(userId: string): void {
    for (const [sessionId, known] of this.cache) if (known.user?.id === userId) this.cache.delete(sessionId);
  }

  forgetSession(sessionId: string): void {
    this.cache.delete(sessionId);
  }

  private async look(userId: string, sessionId: string): Promise<Known> {
    const now = this.clock.monotonicMs();
    const cached = this.cache.get(sessionId);
    if (cached && now - cached.atMs < MAX_AGE_MS) return cached;
    const [user, isLive] = await Promise.all([this.users.findById(userId), this.refreshTokens.isLive(sessionId)]);
    const known = { user, isLive, atMs: now };
    this.cache.delete(sessionId); // to the end of the order
    this.cache.set(sessionId, known);
    if (this.cache.size > MAX_ENTRIES) this.cache.delete(this.cache.keys().next().value!);
    return known;
  }
}
