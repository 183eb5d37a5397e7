import type { Role } from '../common/http/access.decorators.js';

/** A person or program that may log in. */
export interface User {
  id: string;
  /** Unique, lower case. */
  username: string;
  /** PHC string of argon2id; never leaves this module. */
  passwordHash: string;
  role: Role;
  /** Refused everywhere, at once for new tokens and within 5 s for issued ones. */
  disabled: boolean;
  /** Goes up when everything issued before must stop working; tokens carry the number they were issued under. */
  tokenVersion: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface NewUser {
  username: string;
  passwordHash: string;
  role: Role;
  disabled: boolean;
}

/** What may be changed; each such change ends all sessions of the user. */
export type UserChange = Partial<Pick<User, 'role' | 'disabled' | 'passwordHash'>>;

/** Lower case letters, digits and `. _ @ + -`: what people type as a login name, mail addresses included. */
export const USERNAME_PATTERN = /^[a-z0-9][a-z0-9._@+-]{0,63}$/;

/** Login names do not differ by case or surrounding blanks. */
export const normalizeUsername = (username: string): string => username.trim().toLowerCase();

/** Whether the user counts for "there is always one who can administer". */
export const isActiveAdmin = (user: Pick<User, 'role' | 'disabled'>): boolean =>
  user.role === 'admin' && !user.disabled;
