import { Injectable } from '@nestjs/common';
import { AppError, conflict, invalidInput } from '../common/errors.js';
import { authFailures } from '../common/metrics.js';
import { AccessTokenService } from './access-token.service.js';
import { AuditService } from './audit.service.js';
import { accountCounter, loginCounters, LoginThrottle, passwordChangeCounter } from './login-throttle.service.js';
import { PasswordHasher } from './password-hasher.js';
import { passwordProblem } from './password-rules.js';
import { type IssuedRefreshToken, RefreshTokenService } from './refresh-token.service.js';
import { type SessionPrincipal, SessionService } from './session.service.js';
import { UserRepository } from './user.repository.js';
import { normalizeUsername, type User } from './user.types.js';

export interface IssuedTokens {
  accessToken: string;
  expiresInSeconds: number;
  refreshToken: string;
}

/** Login, refresh, logout and change of the own password. */
@Injectable()
export class AuthService {
  constructor(
    private readonly users: UserRepository,
    private readonly hasher: PasswordHasher,
    private readonly throttle: LoginThrottle,
    private readonly accessTokens: AccessTokenService,
    private readonly refreshTokens: RefreshTokenService,
    private readonly sessions: SessionService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Begins a session. Unknown name, wrong password and disabled user give the same answer after the same work.
   * @throws AppError UNAUTHENTICATED, TOO_MANY_REQUESTS after repeated failures, UNAVAILABLE when too many log in at once
   */
  async login(typedName: string, password: string, ip: string): Promise<IssuedTokens> {
    const username = normalizeUsername(typedName);
    const counters = loginCounters(username, ip);
    const user = await this.users.findByUsername(username);
    const passwordHash = user && !user.disabled ? user.passwordHash : null;
    const matches = await this.hasher.verify(passwordHash, password, this.throttle.guard(counters));
    if (!user || !matches) {
      authFailures.inc({ reason: 'bad_credentials' });
      throw new AppError('UNAUTHENTICATED', 'The user name or the password is wrong.');
    }
    await this.throttle.succeeded(accountCounter(username));
    await this.strengthenHash(user, password);
    await this.audit.record({ actor: user, action: 'auth.login', target: `user:${user.id}` });
    return this.issue(user, await this.refreshTokens.start(user));
  }

  /** @throws AppError UNAUTHENTICATED when the token, its session or its user does not stand any more */
  async refresh(presented: string): Promise<IssuedTokens> {
    const issued = await this.refreshTokens.rotate(presented);
    const { id: sessionId, userId, tokenVersion } = issued.session;
    const user = await this.users.findById(userId);
    if (!user || user.disabled || user.tokenVersion !== tokenVersion) {
      await this.refreshTokens.end(sessionId, 'user_changed');
      authFailures.inc({ reason: 'session_ended' });
      throw new AppError('UNAUTHENTICATED', 'The session has ended; log in again.');
    }
    return this.issue(user, issued);
  }

  /** Ends this session, or all sessions of the user. */
  async logout(principal: SessionPrincipal, everywhere: boolean): Promise<void> {
    await this.refreshTokens.end(principal.sessionId, 'logout');
    this.sessions.forgetSession(principal.sessionId);
    if (everywhere) await this.endAllSessions(principal.id);
    const action = everywhere ? 'auth.logout_everywhere' : 'auth.logout';
    await this.audit.record({ actor: principal, action, target: `user:${principal.id}` });
  }

  /**
   * Replaces the own password, ends all sessions of the user and begins a new one.
   * @throws AppError INVALID_INPUT when the present password is wrong or the new one breaks a rule, TOO_MANY_REQUESTS
   */
  async changePassword(principal: SessionPrincipal, current: string, next: string): Promise<IssuedTokens> {
    const user = await this.users.findById(principal.id);
    const counter = passwordChangeCounter(principal.id);
    const guard = this.throttle.guard([counter]);
    const matches = await this.hasher.verify(user?.passwordHash ?? null, current, guard);
    if (!user || !matches) {
      authFailures.inc({ reason: 'bad_credentials' });
      throw invalidInput('currentPassword: it is wrong');
    }
    await this.throttle.succeeded(counter);
    const problem = next === current ? 'It must differ from the present one.' : passwordProblem(next, user.username);
    if (problem) throw invalidInput(`newPassword: ${problem}`);
    const changed = await this.users.update(user, { passwordHash: await this.hasher.hash(next) });
    if (!changed) throw conflict('The user was changed by somebody else meanwhile; log in again.');
    this.sessions.forgetUser(user.id);
    await this.audit.record({ actor: principal, action: 'user.change_password', target: `user:${user.id}` });
    return this.issue(changed, await this.refreshTokens.start(changed));
  }

  private async endAllSessions(userId: string): Promise<void> {
    await this.users.endSessions(userId);
    this.sessions.forgetUser(userId);
  }

  /** The only moment at which the password is at hand to hash it with today's parameters. */
  private async strengthenHash(user: User, password: string): Promise<void> {
    if (!this.hasher.needsRehash(user.passwordHash)) return;
    await this.users.replaceHash(user.id, user.passwordHash, await this.hasher.hash(password));
  }

  private issue(user: User, { session, refreshToken }: IssuedRefreshToken): IssuedTokens {
    const { token, expiresInSeconds } = this.accessTokens.issue({
      userId: user.id,
      sessionId: session.id,
      tokenVersion: user.tokenVersion,
    });
    return { accessToken: token, expiresInSeconds, refreshToken };
  }
}
