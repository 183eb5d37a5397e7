/** Why a session was ended. */
export type SessionEnd = 'logout' | 'reuse' | 'user_changed';

/**
 * A session: the family of refresh tokens that one login began. Only the present token and the one before are known, and
 * those as sha256; an older one is recognized by the family key that all tokens of the family begin with.
 */
export interface Session {
  id: string;
  userId: string;
  /** `tokenVersion` of the user at login: a higher one ends the session. */
  tokenVersion: number;
  /** sha256 of the family key. */
  keyHash: string;
  currentHash: string;
  previousHash: string | null;
  rotatedAt: Date | null;
  startedAt: Date;
  /** 14 days after the last use, 30 days after the login at the latest. */
  expiresAt: Date;
  endedAt: Date | null;
  endReason: SessionEnd | null;
}
