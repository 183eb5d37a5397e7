import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { Passport, Strategy } from 'passport';
import { AppError } from '../common/errors.js';
import { type SessionPrincipal, SessionService } from './session.service.js';

/** RFC 6750 section 2.1; the form and query variants of that RFC are not taken: tokens would end up in logs. */
const BEARER = /^Bearer +([^\s]+)$/i;

type Done = (error: unknown, principal?: SessionPrincipal | null) => void;
type Verify = (token: string, done: Done) => void;

/** Takes the token from the Authorization header and asks `verify` who it stands for. */
class HttpBearerStrategy extends Strategy {
  constructor(private readonly verify: Verify) {
    super();
  }

  override authenticate(request: Request): void {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (!token) {
      this.error(new AppError('UNAUTHENTICATED', 'Log in and send the access token as a bearer token.'));
      return;
    }
    this.verify(token, (error, principal) => (principal ? this.success(principal) : this.error(error)));
  }
}

/** The passport strategy of every guarded route: a signed token whose user and session are still there. */
@Injectable()
export class BearerStrategy extends PassportStrategy(HttpBearerStrategy, 'bearer') {
  // `declare`: the base constructor fills it, a field definition would empty it again.
  declare private passport?: InstanceType<typeof Passport>;

  constructor(private readonly sessions: SessionService) {
    super();
  }

  /** Called by passport. @throws AppError UNAUTHENTICATED */
  validate(token: string): Promise<SessionPrincipal> {
    return this.sessions.authenticate(token);
  }

  /** Who sends this request. @throws AppError UNAUTHENTICATED */
  principalOf(request: Request): Promise<SessionPrincipal> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null, principal: SessionPrincipal | false | null): void =>
        principal ? resolve(principal) : reject(error ?? new AppError('UNAUTHENTICATED', 'Log in again.'));
      const authenticate = this.getPassportInstance().authenticate('bearer', { session: false }, settle) as (
        request: Request,
        response: unknown,
        next: (error: unknown) => void,
      ) => void;
      authenticate(request, {}, reject);
    });
  }

  /** One registry for each application: passport's default one is of the process, and two replicas may live in one. */
  getPassportInstance(): InstanceType<typeof Passport> {
    return (this.passport ??= new Passport());
  }
}
