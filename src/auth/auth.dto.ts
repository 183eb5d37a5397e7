import { z } from 'zod';
import { ROLES } from '../common/http/access.decorators.js';
import type { IssuedTokens } from './auth.service.js';

/** Names as in OAuth2 (RFC 6749 section 4.3.2), which also says that unknown parameters are ignored. */
export const loginRequest = z
  .object({
    grant_type: z.literal('password').optional().describe('As OAuth2 clients send it; may be left out'),
    username: z.string().min(1).max(256).meta({ example: 'admin' }),
    password: z.string().min(1).max(1024).meta({ format: 'password' }),
  })
  .meta({ id: 'LoginRequest' });
export type LoginRequest = z.infer<typeof loginRequest>;

export const refreshRequest = z
  .object({
    grant_type: z.literal('refresh_token').optional().describe('As OAuth2 clients send it; may be left out'),
    refresh_token: z.string().min(1).max(200).describe('The one that the last answer gave; each works once'),
  })
  .meta({ id: 'RefreshRequest' });
export type RefreshRequest = z.infer<typeof refreshRequest>;

export const tokenAnswer = z
  .object({
    access_token: z.string().describe('Send it as `Authorization: Bearer <access_token>`'),
    token_type: z.literal('bearer'),
    expires_in: z.int().describe('Life of the access token in seconds'),
    refresh_token: z.string().describe('Exchange it at /auth/refresh; good for 14 days unused, 30 days at most'),
  })
  .meta({ id: 'TokenAnswer' });
export type TokenAnswer = z.infer<typeof tokenAnswer>;

export const toTokenAnswer = (tokens: IssuedTokens): TokenAnswer => ({
  access_token: tokens.accessToken,
  token_type: 'bearer',
  expires_in: tokens.expiresInSeconds,
  refresh_token: tokens.refreshToken,
});

export const logoutRequest = z
  .strictObject({
    everywhere: z.boolean().default(false).describe('End all sessions of the user, not just this one'),
  })
  .prefault({})
  .meta({ id: 'LogoutRequest' });
export type LogoutRequest = z.infer<typeof logoutRequest>;

export const changePasswordRequest = z
  .strictObject({
    currentPassword: z.string().min(1).max(1024).meta({ format: 'password' }),
    newPassword: z.string().max(1024).describe('12 to 128 characters').meta({ format: 'password' }),
  })
  .meta({ id: 'ChangePasswordRequest' });
export type ChangePasswordRequest = z.infer<typeof changePasswordRequest>;

export const meView = z.object({ id: z.string(), username: z.string(), role: z.enum(ROLES) }).meta({ id: 'Me' });
export type MeView = z.infer<typeof meView>;
