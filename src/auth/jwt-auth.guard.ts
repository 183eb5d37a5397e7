import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { AppError } from '../common/errors.js';
import { IS_PUBLIC, REQUIRED_ROLE } from '../common/http/access.decorators.js';
import { type SessionPrincipal, SessionService } from './session.service.js';

/** RFC 6750 section 2.1; the form and query variants of that RFC are not taken: tokens would end up in logs. */
const BEARER = /^Bearer +([^\s]+)$/i;

/** Global: lets nobody in without a valid token, and nobody at all to a route that has no rule (deny by default). */
@Injectable()
export class JwtAuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly sessions: SessionService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(IS_PUBLIC, places)) return true;
    if (!this.reflector.getAllAndOverride<string>(REQUIRED_ROLE, places)) {
      throw new AppError('FORBIDDEN', 'This route is closed: it has no access rule.');
    }
    const request = context.switchToHttp().getRequest<Request & { user?: SessionPrincipal }>();
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (!token) throw new AppError('UNAUTHENTICATED', 'Log in and send the access token as a bearer token.');
    request.user = await this.sessions.authenticate(token);
    return true;
  }
}
