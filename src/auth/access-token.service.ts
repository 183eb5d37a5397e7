import { createHash, createSecretKey, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService, TokenExpiredError } from '@nestjs/jwt';
import { z } from 'zod';
import { Clock } from '../common/clock.js';
import { AppError } from '../common/errors.js';
import { ID_PATTERN } from '../common/id.js';
import { authFailures } from '../common/metrics.js';
import { AppConfig } from '../config/app-config.js';

export const TOKEN_ISSUER = 'mailwright';
export const TOKEN_AUDIENCE = 'mailwright-api';
/** RFC 9068 section 2.1: an access token says that it is one, so that no other token is taken for it. */
export const TOKEN_TYPE = 'at+jwt';
const ALGORITHM = 'HS256';
/** Clocks of replicas may differ by this much. */
const CLOCK_TOLERANCE_SECONDS = 5;
/** Ours have about 400 characters. */
const MAX_TOKEN_LENGTH = 2_000;

/** Of the header nothing is believed but which of our keys to try; `crit` names rules we do not know (RFC 7515, 4.1.11). */
const headerSchema = z.object({
  alg: z.literal(ALGORITHM),
  typ: z.literal(TOKEN_TYPE),
  kid: z.string(),
  crit: z.undefined().optional(),
});

const claimsSchema = z.object({
  sub: z.string().regex(ID_PATTERN),
  sid: z.string().regex(ID_PATTERN),
  ver: z.int().min(0),
  iat: z.int(),
  exp: z.int(),
});

/** What an access token says. */
export interface AccessClaims {
  userId: string;
  sessionId: string;
  /** `tokenVersion` of the user when it was issued. */
  tokenVersion: number;
}

export interface IssuedAccessToken {
  token: string;
  expiresInSeconds: number;
}

/** Which key signed a token: the first 8 hex digits of its sha256. */
export const keyId = (secret: string): string => createHash('sha256').update(secret).digest('hex').slice(0, 8);

/** The JOSE header as JSON, or an error for what is no JWT at all. */
function headerOf(token: string): unknown {
  if (token.length > MAX_TOKEN_LENGTH) throw new Error('token too long');
  const [head = ''] = token.split('.', 1);
  return JSON.parse(Buffer.from(head, 'base64url').toString());
}

function signer(secret: string): JwtService {
  return new JwtService({
    // Given a string, jsonwebtoken first tries it as a public key: 40 times the time of a KeyObject.
    secret: createSecretKey(Buffer.from(secret)),
    signOptions: {
      algorithm: ALGORITHM,
      header: { alg: ALGORITHM, typ: TOKEN_TYPE, kid: keyId(secret) },
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
    },
    verifyOptions: {
      algorithms: [ALGORITHM],
      issuer: TOKEN_ISSUER,
      audience: TOKEN_AUDIENCE,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    },
  });
}

/** Signs and checks access tokens: JWTs (RFC 7519, RFC 9068) with HS256 and nothing else. */
@Injectable()
export class AccessTokenService {
  private readonly current: JwtService;
  /** By `kid`: the current secret, and the one before while its tokens live. */
  private readonly signers = new Map<string, JwtService>();
  private readonly lifeSeconds: number;

  constructor(
    config: AppConfig,
    private readonly clock: Clock,
  ) {
    const previous = config.env.JWT_SECRET_PREVIOUS;
    if (previous) this.signers.set(keyId(previous), signer(previous));
    this.current = signer(config.secrets.jwtSecret);
    this.signers.set(keyId(config.secrets.jwtSecret), this.current);
    this.lifeSeconds = config.env.ACCESS_TOKEN_EXPIRE_MINUTES * 60;
  }

  issue({ userId, sessionId, tokenVersion }: AccessClaims): IssuedAccessToken {
    const iat = this.nowSeconds();
    const payload = { sub: userId, sid: sessionId, ver: tokenVersion, iat, exp: iat + this.lifeSeconds };
    return { token: this.current.sign(payload, { jwtid: randomUUID() }), expiresInSeconds: this.lifeSeconds };
  }

  /**
   * The claims of a valid token.
   * @throws AppError UNAUTHENTICATED for everything else; the message does not tell which check failed, but for expiry
   */
  verify(token: string): AccessClaims {
    try {
      const { kid } = headerSchema.parse(headerOf(token));
      const verifier = this.signers.get(kid);
      if (!verifier) throw new Error('unknown key');
      const payload: unknown = verifier.verify(token, { clockTimestamp: this.nowSeconds() });
      const { sub, sid, ver } = claimsSchema.parse(payload);
      return { userId: sub, sessionId: sid, tokenVersion: ver };
    } catch (error) {
      const isExpired = error instanceof TokenExpiredError;
      authFailures.inc({ reason: isExpired ? 'token_expired' : 'token_invalid' });
      const message = isExpired ? 'The access token has expired.' : 'The access token is not valid.';
      throw new AppError('UNAUTHENTICATED', message, { cause: error });
    }
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.now().getTime() / 1000);
  }
}
